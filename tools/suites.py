"""Run our tests. A test that was skipped though it should have run is a failure."""

import argparse
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import cluster
from workspace import LOGS, MODULES, ODOO_CONF, ROOT, VENVS, Trouble, main, say

#: Tests with a target of their own: they need a quiet machine for long, or were not
#: seen green as they are now.
APART = [
    "tests/chaos/test_chaos.py",
    "tests/chaos/test_odoos_own.py",
    "tests/chaos/test_plain_queue_job.py",
    "tests/e2e/test_every_screen.py",
    "tests/e2e/test_kill.py",
    "tests/e2e/test_limits.py",
    "tests/house/test_long_commands.py",
]
#: These measure, for hours.
LONG = ["tests/chaos/test_pressure.py", "tests/chaos/test_soak.py"]


def lib(environment, *options, **kwargs):
    """The rules in plain Python: no Odoo, no database."""
    options = options or ["tests/lib"]
    return pytest(environment, "-p", "no:odoo", *options, **kwargs)


def unit(environment, *options, **kwargs):
    """The addons' own tests, in a database of their own."""
    database = f"unit_{environment}"
    cluster.copy(cluster.template("test", MODULES), database)
    options = options or sorted(map(str, ROOT.glob("inboost_connector*/tests")))
    return pytest(environment, f"--odoo-database={database}", *options, **kwargs)


def e2e(environment, *options):
    """Real servers, the simulator over HTTP, Chromium."""
    cluster.template("test", MODULES)
    outside = ["-p", "no:odoo", "--ignore=tests/lib"]
    if not options:
        outside += [f"--ignore={path}" for path in APART + LONG]
    return pytest(environment, *outside, *(options or ["tests"]))


def apart(environment):
    """What ``make test`` leaves out."""
    return e2e(environment, *APART)


#: What can be asked for, and the environment that it runs in.
SUITES = {
    "lib": [(lib, "newest")],
    "unit": [(unit, "newest")],
    "pins": [(lib, "pins"), (unit, "pins")],
    "e2e": [(e2e, "newest")],
    "apart": [(apart, "newest")],
}


def pytest(environment, *arguments, output=None):
    """
    :param output: a stream for what it prints; None for the screen
    :return: the exit code
    """
    say(f"pytest {' '.join(arguments)} ({environment})")
    variables = {
        **os.environ,
        "ODOO_RC": str(ODOO_CONF),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tools'}",
    }
    return subprocess.run(
        [
            *(str(VENVS[environment] / "bin/python"), "-m", "pytest"),
            *("-p", "tests.no_skips", "--durations=10", *arguments),
        ],
        cwd=ROOT,
        env=variables,
        stdout=output,
        check=False,
    ).returncode


def run(names):
    """:return: whether one failed"""
    say(f"logs are in {LOGS}")
    failed = []
    with nullcontext() if names == ["lib"] else cluster.running(safe=False):
        if {"lib", "unit", "pins"} <= set(names):
            failed += run_side_by_side(["lib", "unit"], ["pins"])
            names = [name for name in names if name not in ("lib", "unit", "pins")]
        failed += run_each(names)
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return bool(failed)


def run_each(names, **kwargs):
    """:return: list of those that failed"""
    return [
        f"{suite.__name__} ({environment})"
        for name in names
        for suite, environment in SUITES[name]
        if suite(environment, **kwargs)
    ]


def run_side_by_side(names, others):
    """Each keeps one core busy. What the others print is shown when all are over."""
    # Not made by both.
    cluster.template("test", MODULES)
    path = LOGS / f"{'-'.join(others)}.out"
    with path.open("w") as output, ThreadPoolExecutor() as pool:
        beside = pool.submit(run_each, others, output=output)
        failed = run_each(names)
        failed += beside.result()
    print(path.read_text())
    return failed


def run_some(name):
    """Run the tests whose name, class or file has ``name`` in it, whichever suites they
    are of.

    :return: whether one failed
    """
    found = find(name)
    if not found:
        raise Trouble(f"no test, class or file of tests has {name!r} in its name")
    with nullcontext() if set(found) == {lib} else cluster.running(safe=False):
        failed = [suite("newest", "-k", name, *found[suite]) for suite in found]
    return any(failed)


def find(name):
    """:return: {suite: paths of its files that have such a test}"""
    defined = re.compile(rf"^\s*(def|class) \w*{re.escape(name)}", re.M | re.I)
    paths = [
        *ROOT.glob("tests/**/test_*.py"),
        *ROOT.glob("inboost*/tests/**/test_*.py"),
    ]
    found = {}
    for path in sorted(paths):
        if name.lower() in path.stem or defined.search(path.read_text()):
            found.setdefault(suite_of(path), []).append(str(path.relative_to(ROOT)))
    return found


def suite_of(path):
    if path.is_relative_to(ROOT / "tests/lib"):
        return lib
    return e2e if path.is_relative_to(ROOT / "tests") else unit


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []])
    parser.add_argument("-k", metavar="NAME", help="only tests with this in their name")
    arguments = parser.parse_args()
    if arguments.k:
        main(run_some, arguments.k)
    main(run, arguments.suites or [*SUITES])
