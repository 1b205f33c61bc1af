"""Edges of what an answer means; tests/lib/test_edges.py has those of other rules."""

from datetime import datetime, timezone

import pytest
from freezegun import freeze_time

from inboost_connector.lib.client import Exchange, Request
from inboost_connector.lib.outcome import (
    AnswerRules,
    Verdict,
    classify,
    read_received,
    retry_after,
)
from inboost_connector.lib.problems import Problem

RULES = AnswerRules()
REQUEST = Request("POST", "https://x.example")


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_404_is_a_no_only_where_the_endpoint_says_so(status):
    exchange = Exchange(Request("GET", "https://x.example"), status=status, data={})
    said = AnswerRules(not_found="content")
    silent = AnswerRules(not_found="address_until_proven", proven=True)
    assert read_received(exchange, said, "received") is (
        False if status == 404 else None
    )
    assert read_received(exchange, silent, "received") is None


@pytest.mark.parametrize(
    "value, seconds",
    [
        ("Fri, 02 Jan 2026 12:00:30 GMT", 30),
        # Without a zone it is UTC.
        ("Fri, 02 Jan 2026 12:00:30", 30),
        ("Fri, 02 Jan 2026 14:00:30 +0200", 30),
        ("Fri, 02 Jan 2026 11:00:00 GMT", 0),
        ("7", 7),
    ],
)
def test_a_server_may_say_when_in_seconds_or_by_a_date(value, seconds):
    now = datetime(2026, 1, 2, 12, 0, tzinfo=timezone.utc)
    assert retry_after({"Retry-After": value}, now) == seconds
    if "GMT" in value:
        with freeze_time("2026-01-02 12:00:00"):
            assert retry_after({"Retry-After": value}) == seconds


def test_an_exchange_without_an_answer_has_a_reason():
    lost = classify(Exchange(Request("POST", "https://x.example"), sent=True), RULES)
    assert (lost.code, lost.args) == ("connection_lost", {"error": ""})


def answered(status, data=None):
    return Exchange(REQUEST, status=status, data=data, sent=True)


@pytest.mark.parametrize(
    "status, verdict, code",
    [
        (299, Verdict.DONE, "accepted"),
        (300, Verdict.FAILED, "redirect"),
        (399, Verdict.FAILED, "redirect"),
        (400, Verdict.FAILED, "http_status"),
    ],
)
def test_where_one_kind_of_status_ends_and_the_next_begins(status, verdict, code):
    found = classify(answered(status), RULES)
    assert (found.verdict, found.code) == (verdict, code)


def test_a_reason_is_one_of_those_that_have_words():
    refused = classify(answered(401), AnswerRules(authorised=True))
    assert refused.code == "credentials"
    repeat = classify(answered(409), AnswerRules(conflict="repeat"))
    assert repeat.code == "repeat"


def test_what_arrived_has_no_words_to_keep():
    data = {"message": "thank you"}
    assert classify(answered(200, data), RULES).text == ""
    assert classify(answered(422, data), RULES).text == "thank you"


def test_a_path_that_does_not_fit_is_named_with_the_reason():
    data = {"a": "x"}
    found = classify(answered(422, data), AnswerRules(text_path="sum(a)"))
    [(name, problem)] = found.misfits.items()
    assert name == "text_path"
    assert "sum" in str(problem)


def test_what_cannot_be_read_of_an_answer_says_neither_yes_nor_no():
    found = answered(200, {"a": "x"})
    assert read_received(found, RULES, "sum(a)") is None
    assert read_received(found, RULES, "a") is None


def test_what_was_found_here_is_said_in_words_for_people():
    problem = Problem("too_long", {"most": 3})
    exchange = Exchange(REQUEST, trouble="our_error", error="raw", problem=problem)
    assert classify(exchange, RULES).args == {"error": problem.as_json()}
