"""Odoo's own suites with our addons installed, against a baseline without them.

What runs is what Odoo runs in an installed database: tests tagged ``post_install``, by
Odoo's own runner, each suite in a fresh copy of a freshly installed database. Tours run
in Chromium, about half an hour of them. Those of point_of_sale alone are left out: they
take hours, and some of them fail without us.

With ``--record`` the suites run without us and tests/core_baseline.json is written.
"""

import argparse
import json
import os
import re
import subprocess
from collections import Counter

import cluster
from house import (
    LOGS,
    MODULES,
    ODOO_CONF,
    PYTHON,
    ROOT,
    STATE,
    Trouble,
    free_port,
    main,
    say,
)

BASELINE = ROOT / "tests" / "core_baseline.json"
SUITES = ["loyalty", "sale_loyalty", "point_of_sale", "pos_loyalty"]
#: Where Odoo finds no browser, it skips a tour when it comes to it.
WITHOUT_TOURS = {"point_of_sale"}
#: Odoo writes a line when a test begins, and one when it fails or is skipped.
LINE = re.compile(
    r"odoo\.addons\.(?P<module>\w+)\.tests\.\w+: "
    r"(?P<what>Starting|FAIL:|ERROR:|skipped) "
    r"(?:Subtest )?(?P<test>\w+\.\w+)"
)
#: What stands for a class when its preparation failed: none of its tests begins.
CLASS = re.compile(
    r"(?P<what>ERROR:|skipped) setUpClass "
    r"\(odoo\.addons\.(?P<module>\w+)\.tests\.\w+\.(?P<test>\w+)\)"
)
WORSE = {"pass": 0, "skip": 1, "fail": 2}


def outcomes(text):
    """:return: dict of "module:Class.method" -> pass, skip or fail"""
    found = {}
    for pattern in (LINE, CLASS):
        for match in pattern.finditer(text):
            name = f"{match['module']}:{match['test']}"
            what = {"Starting": "pass", "skipped": "skip"}.get(match["what"], "fail")
            # A test that failed stays so, whatever is said of it afterwards.
            found[name] = max(found.get(name, "pass"), what, key=WORSE.get)
    return found


def compare(before, after):
    """:return: lines about what is worse with us than without"""
    lines = []
    for name, was in sorted(before.items()):
        now = after.get(name)
        if now is None:
            lines.append(f"{name}: {was} without us, did not run with us")
        elif WORSE[now] > WORSE[was]:
            lines.append(f"{name}: {was} without us, {now} with us")
    # A test that only fails with us need not be known to the baseline.
    for name in sorted(set(after) - set(before)):
        if after[name] == "fail":
            lines.append(f"{name}: unknown without us, fail with us")
    return lines


def run_suite(suite, template):
    database = f"core_{suite}"
    cluster.copy(template, database)
    path = PYTHON.parent if suite in WITHOUT_TOURS else os.environ["PATH"]
    log = LOGS / f"core_{suite}.log"
    try:
        with log.open("w") as stream:
            subprocess.run(
                [
                    *(str(PYTHON), "-m", "odoo", "-c", str(ODOO_CONF), "-d", database),
                    *("--test-tags", f"/{suite}", "--stop-after-init"),
                    *("--http-port", str(free_port())),
                ],
                stdout=stream,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=STATE,
                env={**os.environ, "PATH": str(path)},
                # Odoo exits with 1 when a test failed: the comparison judges that.
                check=False,
            )
    finally:
        cluster.drop(database)
    return check_ran(suite, log.read_text(errors="replace"), log)


def check_ran(suite, text, log):
    """:return: the outcomes in a log, which must hold more than skipped tests"""
    found = outcomes(text)
    counts = Counter(found.values())
    if not counts["pass"]:
        raise Trouble(f"{suite}: no test ran; see {log}")
    say(f"{suite}: {', '.join(f'{n} {what}' for what, n in sorted(counts.items()))}")
    return found


def run(record, suites):
    cluster.start()
    try:
        template = (
            cluster.base(MODULES) if record else cluster.template("test", MODULES)
        )
        found = {}
        for suite in suites:
            found.update(run_suite(suite, template))
    finally:
        cluster.stop()
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    chosen = {k: v for k, v in known.items() if k.split(":")[0] in suites}
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
    for line in worse:
        print(f"WORSE {line}")
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
