"""A test is found by its name, whichever kind it is."""

import pytest
import suites
from suites import e2e, find, lib, unit
from workspace import ROOT, Trouble


def test_test_is_found_by_its_name():
    assert find("test_test_is_found_by_its_name") == {
        e2e: ["tests/tools/test_suites.py"]
    }


def test_tests_are_found_by_their_file():
    assert find("test_troubles") == {e2e: ["tests/tools/test_troubles.py"]}


def test_tests_are_found_whatever_the_case():
    assert find("TEST_TROUBLES") == find("test_troubles")


def test_tests_in_a_storeys_folder_are_found():
    assert find("test_customer_links") == {
        unit: ["inboost_connector/tests/customers/test_customer_links.py"]
    }


def test_nothing_is_found_by_a_word_of_a_text():
    assert find("whichever kind it") == {}


@pytest.mark.parametrize(
    "path, suite",
    {
        "tests/lib/test_phone.py": lib,
        "tests/e2e/test_kill.py": e2e,
        "inboost_connector_sale/tests/test_orders.py": unit,
    }.items(),
)
def test_suite_is_known_by_the_folder(path, suite):
    assert suites.suite_of(ROOT / path) is suite


def test_unknown_name_is_trouble():
    with pytest.raises(Trouble, match="no_such_test"):
        suites.run_some("no_such_test")
