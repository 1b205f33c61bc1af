"""pytest plugin: a skipped test, or a run without tests, fails."""

SKIPPED = []


def pytest_runtest_logreport(report):
    if report.skipped:
        SKIPPED.append(report.nodeid)


def pytest_collectreport(report):
    if report.skipped:
        SKIPPED.append(report.nodeid)


def pytest_sessionfinish(session):
    if SKIPPED or not session.testscollected:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    for name in SKIPPED:
        terminalreporter.write_line(f"skipped, which counts as failed: {name}")
