"""The time as the database keeps it."""

from datetime import datetime, timezone

from inboost_connector.lib.clock import utcnow


def test_it_is_utc_and_says_no_zone():
    before = datetime.now(timezone.utc)
    now = utcnow()
    assert now.tzinfo is None
    assert before <= now.replace(tzinfo=timezone.utc) <= datetime.now(timezone.utc)


def test_it_has_fractions_of_a_second():
    assert any(utcnow().microsecond for _n in range(5))
