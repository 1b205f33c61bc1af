"""Odoo's own suites with our addons installed, against a baseline without them.

Each suite runs in a fresh copy of a freshly installed database, by pytest-odoo: Odoo's
own runner would run the tests tagged ``at_install`` before our code is loaded. Tours
run in Chromium, about half an hour of them. Those of point_of_sale alone are left out:
they take hours, and some of them fail without us.

With ``--record`` the suites run without us and tests/core_baseline.json is written.
"""

import argparse
import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import cluster
from workspace import (
    LOGS,
    MODULES,
    ODOO_CONF,
    PYTHON,
    ROOT,
    Trouble,
    main,
    output,
    say,
)

BASELINE = ROOT / "tests" / "core_baseline.json"
SUITES = ["loyalty", "sale_loyalty", "point_of_sale", "pos_loyalty"]
#: What everybody does who has nothing to do with us: invoices, orders, contacts.
SUITES += ["account", "sale", "contacts", "base"]
#: Of the framework's own tests, those about contacts.
ONLY = {"base": "test_res_partner*.py"}
#: Where Odoo finds no browser, it skips a tour when it comes to it.
WITHOUT_TOURS = {"point_of_sale"}
WORSE = {"pass": 0, "skip": 1, "fail": 2}
#: Prints where Odoo looks for addons.
ADDONS_PATH = """
import odoo.addons, odoo.tools
odoo.tools.config.parse_config(["-c", "{conf}"])
for root in odoo.addons.__path__:
    print(root)
"""


def outcomes(report, suite):
    """:param report: JUnit's XML as text
    :return: dict of "suite:Class.method" -> pass, skip or fail"""
    found = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        name = f"{suite}:{case.get('classname').rpartition('.')[2]}.{case.get('name')}"
        what = "pass"
        if case.find("failure") is not None or case.find("error") is not None:
            what = "fail"
        elif case.find("skipped") is not None:
            what = "skip"
        # A test with parts comes several times, and the worst of them counts.
        found[name] = max(found.get(name, "pass"), what, key=WORSE.get)
    return found


def compare(before, after):
    """:return: {name of a test that is worse with us than without: how}"""
    worse = {}
    for name, was in sorted(before.items()):
        now = after.get(name)
        if now is None:
            worse[name] = f"{was} without us, did not run with us"
        elif WORSE[now] > WORSE[was]:
            worse[name] = f"{was} without us, {now} with us"
    # A test that only fails with us need not be known to the baseline.
    for name in sorted(set(after) - set(before)):
        if after[name] == "fail":
            worse[name] = "unknown without us, fail with us"
    return worse


def again(worse, found, template):
    """Run what is worse by itself, once: a step of a tour has ten seconds, which a busy
    machine may need for other things. Both outcomes are shown."""
    for suite in sorted({name.partition(":")[0] for name in worse}):
        names = [n for n in worse if n.startswith(f"{suite}:") and n in found]
        if not names:
            continue
        say(f"{suite} again, by themselves: {', '.join(names)}")
        tests = [name.rpartition(".")[2] for name in names]
        second = run_suite(suite, template, tests)
        found.update({n: second[n] for n in names if n in second})


def tests_of(suite):
    """Where the tests of a suite are. Debian's package spreads an addon over two roots.

    :return: list of a folder, or of files in it
    """
    roots = output(PYTHON, "-c", ADDONS_PATH.format(conf=ODOO_CONF)).splitlines()
    for root in roots:
        folder = Path(root, suite, "tests")
        if folder.is_dir():
            return sorted(folder.glob(ONLY[suite])) if suite in ONLY else [folder]
    raise Trouble(f"this Odoo came without the tests of {suite}")


def run_suite(suite, template, only=()):
    """:param only: names of tests, when not all are to run
    :return: the outcomes"""
    database = f"core_{suite}"
    cluster.copy(template, database)
    log, report = LOGS / f"{database}.log", LOGS / f"{database}.xml"
    report.unlink(missing_ok=True)
    path = PYTHON.parent if suite in WITHOUT_TOURS else os.environ["PATH"]
    try:
        with log.open("w") as stream:
            subprocess.run(
                [
                    *(str(PYTHON), "-m", "pytest", "-c", str(ROOT / "pyproject.toml")),
                    *("-p", "no:cacheprovider", f"--junitxml={report}"),
                    *(f"--odoo-database={database}", "--odoo-http"),
                    *(("-k", " or ".join(only)) if only else ()),
                    *map(str, tests_of(suite)),
                ],
                stdout=stream,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env={**os.environ, "ODOO_RC": str(ODOO_CONF), "PATH": str(path)},
                # A test that failed is judged by the comparison.
                check=False,
            )
    finally:
        cluster.drop(database)
    return check_ran(suite, report.read_text() if report.exists() else "", log)


def check_ran(suite, report, log):
    """:return: the outcomes in a report, which must hold more than skipped tests"""
    found = outcomes(report, suite) if report else {}
    counts = Counter(found.values())
    if not counts["pass"] + counts["fail"]:
        raise Trouble(f"{suite}: no test ran; see {log}")
    say(f"{suite}: {', '.join(f'{n} {what}' for what, n in sorted(counts.items()))}")
    return found


def run(record, suites):
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    chosen = {k: v for k, v in known.items() if k.split(":")[0] in suites}
    with cluster.running():
        template = (
            cluster.base(MODULES) if record else cluster.template("test", MODULES)
        )
        found = {}
        for suite in suites:
            found.update(run_suite(suite, template))
        if not record:
            again(compare(chosen, found), found, template)
    if record:
        others = {k: v for k, v in known.items() if k not in chosen}
        text = json.dumps({**others, **found}, indent=1, sort_keys=True)
        BASELINE.write_text(text + "\n")
        say(f"recorded {len(found)} tests in {BASELINE.relative_to(ROOT)}")
        return 0
    missing = set(suites) - {name.split(":")[0] for name in chosen}
    if missing:
        raise Trouble(
            f"there is no baseline of {', '.join(sorted(missing))}; run: "
            "python3 tools/core_suites.py --record"
        )
    worse = compare(chosen, found)
    for name, line in worse.items():
        print(f"WORSE {name}: {line}")
    print(f"{len(found)} tests compared with the baseline, {len(worse)} worse")
    return bool(worse)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--record", action="store_true", help="run without us and write the baseline"
    )
    parser.add_argument("suites", nargs="*", default=SUITES, help=", ".join(SUITES))
    arguments = parser.parse_args()
    main(run, arguments.record, arguments.suites)
