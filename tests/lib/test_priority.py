"""What goes before what."""

from inboost_connector.lib import priority
from inboost_connector.lib.operations import OPERATIONS


def test_live_goes_before_history():
    assert priority.LIVE < priority.HISTORY


def test_each_is_an_operation_about_one_customer():
    for name in priority.NEWEST_ONLY | priority.MARKETING:
        assert OPERATIONS[name].personal, name


def test_no_campaign_starts_for_a_state():
    assert not priority.NEWEST_ONLY & priority.MARKETING
