"""The environments are what their requirements and locks say."""

import json
import re
import subprocess
import sys

import pytest
from packages import REQUIREMENTS, lock_of
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from workspace import ROOT, VENVS

THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def requirements(path, python=THIS_PYTHON):
    """:return: list of a file's requirements that hold for a version of Python"""
    lines = (ROOT / path).read_text().splitlines()
    found = [Requirement(line) for line in lines if line[:1] not in ("", "#")]
    holds = {"python_version": python}
    return [r for r in found if r.marker is None or r.marker.evaluate(holds)]


def run(environment, script):
    done = subprocess.run(
        [VENVS[environment] / "bin/python", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def installed(environment):
    """:return: {name: version}"""
    found = run(
        environment,
        "import json, importlib.metadata as m\n"
        "print(json.dumps({d.name: d.version for d in m.distributions()}))",
    )
    return {canonicalize_name(name): version for name, version in found.items()}


def test_pins_are_what_is_installed():
    versions = installed("pins")
    for path in ("tools/requirements-odoo-pins.txt", "tools/requirements-lowest.txt"):
        for wanted in requirements(path):
            version = versions.get(canonicalize_name(wanted.name))
            assert version and version in wanted.specifier, wanted


def test_lowest_is_the_lower_bound():
    """Of what Odoo does not pin we have the lowest ourselves."""
    bounds = {r.name: r.specifier for r in requirements("requirements.txt")}
    lowest = requirements("tools/requirements-lowest.txt")
    assert lowest
    for wanted in lowest:
        [pin] = wanted.specifier
        [bound] = bounds[wanted.name]
        assert Version(pin.version) == Version(bound.version)


@pytest.mark.parametrize("environment", VENVS)
def test_lock_has_all_that_is_required(environment):
    [python] = set(re.findall(r"'(3\.\d+)'", lock_of(environment).read_text()))
    lock = requirements(lock_of(environment), python)
    locked = {canonicalize_name(one.name): one for one in lock}
    for path in REQUIREMENTS[environment]:
        for wanted in requirements(path, python):
            [version] = locked[canonicalize_name(wanted.name)].specifier
            assert version.version in wanted.specifier, wanted


@pytest.mark.parametrize("environment", VENVS)
@pytest.mark.parametrize("code", [50, 67, 75, 77])
def test_phones_of_ukraine_are_known(environment, code):
    valid = run(
        environment,
        "import json, phonenumbers as p\n"
        f"print(json.dumps(p.is_valid_number(p.parse('+380{code}1234567'))))",
    )
    assert valid


def test_odoo_refuses_older_phonenumbers_in_one_line():
    """Debian 12's, for one."""
    [line] = run(
        "newest",
        "import json, importlib.metadata as m\n"
        "from odoo.modules.module import Manifest, MissingDependency\n"
        "from odoo.tools import config\n"
        f"config.parse_config(['--addons-path', {str(ROOT)!r}])\n"
        "version = m.version\n"
        "m.version = lambda n: '8.12.57' if n == 'phonenumbers' else version(n)\n"
        "try:\n"
        "    Manifest.for_addon('inboost_connector').check_manifest_dependencies()\n"
        "except MissingDependency as error:\n"
        "    print(json.dumps(str(error).splitlines()))",
    )
    assert "phonenumbers>=8.13.33 (installed: 8.12.57)" in line
