"""The wheel, installed next to Odoo in an environment made from Odoo's own pins."""

import sys
import zipfile
from email.parser import Parser

import cluster
import pytest
from packages import OCA, REQUIREMENTS, constraints_of
from workspace import CACHE, ODOO_CONF, ODOO_HOME_FILE, PYTHON, ROOT, STATE

from tests.support.commands import run

ADDONS = "odoo/addons/"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """What git has of this checkout, and what is not committed yet."""
    folder = tmp_path_factory.mktemp("source")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in run(*listed, cwd=ROOT).splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    # There need not be one of either today.
    for name in ("migrations/19.0.9.9.9/post-migration.py", "models/room/__init__.py"):
        planted = folder / "inboost_connector" / name
        planted.parent.mkdir(parents=True)
        planted.write_text("")
    return folder


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(PYTHON, "-m", "build", "--no-isolation", "--wheel", "-o", folder, source)
    [path] = folder.glob("*.whl")
    return path


def test_wheel_has_all_files_of_the_addons_and_nothing_else(source, wheel):
    names = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    files = {
        f"{ADDONS}{path.relative_to(source)}"
        for addon in source.glob("*/__manifest__.py")
        for path in addon.parent.rglob("*")
        if path.is_file()
    }
    assert names == files


def test_wheel_requires_what_the_addons_do(source, wheel):
    archive = zipfile.ZipFile(wheel)
    [metadata] = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
    required = (
        Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist")
    )
    lines = (source / "requirements.txt").read_text().splitlines()
    assert {line for line in lines if line[:1] not in ("", "#")} < set(required)
    assert "odoo==19.0.*" in required


def test_odoo_installs_it_from_there(wheel, tmp_path):
    environment = tmp_path / "venv"
    run(sys.executable, "-m", "venv", environment)
    python = environment / "bin/python"
    home = ODOO_HOME_FILE.read_text().strip()
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    if home:
        (tmp_path / "venv" / site.strip()).joinpath("odoo.pth").write_text(home + "\n")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--cache-dir", CACHE / "pip"]
    files = [part for path in REQUIREMENTS["pins"] for part in ("-r", ROOT / path)]
    run(*pip, *constraints_of("pins"), *files)
    run(*pip, "--no-deps", "-r", ROOT / OCA)
    run(*pip, "--no-deps", wheel)
    conf = tmp_path / "odoo.conf"
    text = ODOO_CONF.read_text().replace(f"{ROOT},", "").replace(f"{ROOT}\n", "\n")
    conf.write_text(text)
    [base] = cluster.query(
        "postgres",
        "SELECT datname FROM pg_database WHERE datname ~ '^base_' LIMIT 1",
    ).splitlines()
    cluster.copy(base, "wheel")
    try:
        output = run(
            *(python, "-m", "odoo", "-c", conf, "-d", "wheel", "--no-http"),
            *("-i", "inboost_connector", "--stop-after-init"),
            cwd=STATE,
        )
        assert "Failed to load" not in output
        state = cluster.query(
            "wheel",
            "SELECT state FROM ir_module_module WHERE name = 'inboost_connector'",
        )
        assert state == "installed"
        where = run(
            python,
            "-c",
            "import odoo.addons.inboost_connector as a; print(a.__file__)",
            cwd=STATE,
        )
        assert str(environment) in where
    finally:
        cluster.drop("wheel")
