"""The comparison of Odoo's own suites sees what is worse, missing or not run."""

from core_suites import check_ran, compare, outcomes
from house import Trouble
from pytest import raises

BEGIN = "2026-01-01 10:00:00,000 1 INFO db odoo.addons.loyalty.tests.test_loyalty: "
LOG = (
    f"{BEGIN}Starting TestLoyalty.test_good ... \n"
    f"{BEGIN}Starting TestLoyalty.test_bad ... \n"
    f"{BEGIN}FAIL: TestLoyalty.test_bad\n"
    f"{BEGIN}Starting TestLoyalty.test_wrong ... \n"
    f"{BEGIN}ERROR: Subtest TestLoyalty.test_wrong (x=1)\n"
    f"{BEGIN}Starting TestLoyalty.test_tour ... \n"
    f"{BEGIN}skipped TestLoyalty.test_tour : no browser\n"
    "2026-01-01 10:00:00,000 1 INFO db odoo.tests.suite: "
    "ERROR: setUpClass (odoo.addons.loyalty.tests.test_other.TestOther)\n"
)
FOUND = {
    "loyalty:TestLoyalty.test_good": "pass",
    "loyalty:TestLoyalty.test_bad": "fail",
    "loyalty:TestLoyalty.test_wrong": "fail",
    "loyalty:TestLoyalty.test_tour": "skip",
    "loyalty:TestOther": "fail",
}


def test_outcomes_are_read_from_the_log():
    assert outcomes(LOG) == FOUND


def test_equal_is_not_worse():
    assert compare(FOUND, FOUND) == []


def test_worse_missing_and_new_failures_are_told():
    before = {"a:T.one": "pass", "a:T.two": "pass", "a:T.three": "fail"}
    after = {"a:T.one": "fail", "a:T.three": "pass", "a:T.four": "fail"}
    assert compare(before, after) == [
        "a:T.one: pass without us, fail with us",
        "a:T.two: pass without us, did not run with us",
        "a:T.four: unknown without us, fail with us",
    ]


def test_skipped_is_worse_than_passed():
    assert compare({"a:T.one": "pass"}, {"a:T.one": "skip"})


def test_suite_that_ran_nothing_is_trouble():
    with raises(Trouble, match="no test ran"):
        check_ran("loyalty", "nothing of interest", "the.log")
