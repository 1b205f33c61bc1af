"""The comparison of Odoo's own suites sees what is worse, missing or not run."""

from core_suites import check_ran, compare, outcomes
from pytest import raises
from workspace import Trouble

PLACE = "odoo.addons.loyalty.tests.test_loyalty.TestLoyalty"
REPORT = f"""<testsuites><testsuite>
<testcase classname="{PLACE}" name="test_good" />
<testcase classname="{PLACE}" name="test_bad"><failure>no</failure></testcase>
<testcase classname="{PLACE}" name="test_parts"><failure>x=1</failure></testcase>
<testcase classname="{PLACE}" name="test_parts" />
<testcase classname="{PLACE}" name="test_tour"><skipped>no browser</skipped></testcase>
<testcase classname="{PLACE}" name="test_unprepared"><error>class</error></testcase>
</testsuite></testsuites>"""
FOUND = {
    "loyalty:TestLoyalty.test_good": "pass",
    "loyalty:TestLoyalty.test_bad": "fail",
    "loyalty:TestLoyalty.test_parts": "fail",
    "loyalty:TestLoyalty.test_tour": "skip",
    "loyalty:TestLoyalty.test_unprepared": "fail",
}


def test_outcomes_are_read_from_the_report():
    assert outcomes(REPORT, "loyalty") == FOUND


def test_equal_is_not_worse():
    assert compare(FOUND, FOUND) == {}


def test_worse_missing_and_new_failures_are_told():
    before = {"a:T.one": "pass", "a:T.two": "pass", "a:T.three": "fail"}
    after = {"a:T.one": "fail", "a:T.three": "pass", "a:T.four": "fail"}
    assert compare(before, after) == {
        "a:T.one": "pass without us, fail with us",
        "a:T.two": "pass without us, did not run with us",
        "a:T.four": "unknown without us, fail with us",
    }


def test_skipped_is_worse_than_passed():
    assert compare({"a:T.one": "pass"}, {"a:T.one": "skip"})


def test_suite_that_ran_nothing_is_trouble():
    with raises(Trouble, match="no test ran"):
        check_ran("loyalty", "", "the.log")
