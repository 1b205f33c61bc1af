"""The outcome table, row by row, and what holds for any answer at all."""

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import outcome
from inboost_connector.lib.client import Exchange, Request
from inboost_connector.lib.outcome import (
    AnswerRules,
    Verdict,
    classify,
    read_received,
)

HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = "<!DOCTYPE html><title>Sign in</title>"
REQUEST = Request("POST", "https://shop.example.com/x", body={})


def answered(status=200, data=None, headers=None, answer=None):
    if answer is None:
        answer = "" if data is None else json.dumps(data)
    return Exchange(REQUEST, status, headers or {}, answer, data, sent=True)


def judged(exchange, **rules):
    return classify(exchange, AnswerRules(**rules))


# -- the table ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "status, verdict, code",
    [
        (200, Verdict.DONE, "accepted"),
        (201, Verdict.DONE, "accepted"),
        (204, Verdict.DONE, "accepted"),
        (299, Verdict.DONE, "accepted"),
        (100, Verdict.UNKNOWN, "http_status"),
        (301, Verdict.FAILED, "redirect"),
        (304, Verdict.FAILED, "redirect"),
        (400, Verdict.FAILED, "http_status"),
        (401, Verdict.FAILED, "http_status"),
        (403, Verdict.FAILED, "http_status"),
        (404, Verdict.ADDRESS, "no_such_address"),
        (405, Verdict.FAILED, "http_status"),
        (408, Verdict.UNKNOWN, "http_status"),
        (409, Verdict.RETRY, "busy"),
        (410, Verdict.ADDRESS, "no_such_address"),
        (413, Verdict.FAILED, "http_status"),
        (422, Verdict.FAILED, "http_status"),
        (425, Verdict.RETRY, "busy"),
        (429, Verdict.RETRY, "too_many_requests"),
        (451, Verdict.FAILED, "http_status"),
        (500, Verdict.UNKNOWN, "http_status"),
        (501, Verdict.UNKNOWN, "http_status"),
        (502, Verdict.UNKNOWN, "http_status"),
        (503, Verdict.RETRY, "busy"),
        (504, Verdict.UNKNOWN, "http_status"),
        (520, Verdict.UNKNOWN, "http_status"),
        (999, Verdict.UNKNOWN, "http_status"),
    ],
)
def test_a_bare_status(status, verdict, code):
    found = judged(answered(status))
    assert (found.verdict, found.code) == (verdict, code)
    assert found.args == {"status": status}


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_for_the_connection_test_to_judge(status):
    assert judged(answered(status), authorised=True).verdict is Verdict.CREDENTIALS


def test_a_firewall_page_is_for_the_connection_test_to_judge_too():
    page = answered(403, headers=HTML, answer=PAGE)
    assert judged(page, authorised=True).verdict is Verdict.CREDENTIALS
    assert judged(page).verdict is Verdict.FAILED


def test_the_connection_test_decides_between_credentials_and_content():
    decided = {verdict: outcome.after_credentials(verdict) for verdict in Verdict}
    assert decided == {
        Verdict.DONE: Verdict.FAILED,
        Verdict.DUPLICATE: Verdict.FAILED,
        Verdict.CREDENTIALS: Verdict.CREDENTIALS,
        Verdict.RETRY: Verdict.RETRY,
        Verdict.ADDRESS: Verdict.RETRY,
        Verdict.FAILED: Verdict.RETRY,
        Verdict.UNKNOWN: Verdict.RETRY,
    }


@pytest.mark.parametrize("status", [404, 410])
def test_not_found_is_the_content_once_the_endpoint_was_proven(status):
    unknown = answered(status, {"code": "document_not_found"})
    for rules in ({"proven": True}, {"not_found": "content"}):
        found = judged(unknown, **rules)
        assert (found.verdict, found.code) == (Verdict.FAILED, "not_found")
        assert found.text == "document_not_found"


@pytest.mark.parametrize("rules", [{"proven": True}, {"not_found": "content"}])
def test_a_web_page_says_that_the_address_is_wrong(rules):
    assert judged(answered(404, headers=HTML), **rules).verdict is Verdict.ADDRESS


def test_a_conflict_is_busy_or_a_repeat_as_the_endpoint_says():
    assert judged(answered(409), conflict="repeat").verdict is Verdict.DUPLICATE
    assert judged(answered(409), conflict="busy").verdict is Verdict.RETRY


@pytest.mark.parametrize(
    "page",
    [
        answered(200, headers=HTML, answer="Sign in"),
        answered(200, headers={"content-type": "Application/XHTML+XML"}),
        answered(200, answer=PAGE),
        answered(200, answer="\ufeff \r\n<html>"),
    ],
)
def test_a_web_page_is_no_success_unless_the_endpoint_says_so(page):
    found = judged(page)
    assert (found.verdict, found.code, found.text) == (Verdict.FAILED, "web_page", "")
    assert judged(page, web_page="accepted").verdict is Verdict.DONE


def test_a_repeat_is_known_by_its_path_whatever_the_status():
    for status in (200, 400, 409):
        known = answered(status, {"success": False, "errors": [{"code": "DUPLICATE"}]})
        found = judged(known, repeat_path="errors[?code=='DUPLICATE']")
        assert (found.verdict, found.code) == (Verdict.DUPLICATE, "repeat")


@pytest.mark.parametrize(
    "data",
    [
        {"success": False},
        {"success": False, "errors": [{"code": "CLIENT_NOT_FOUND"}]},
        {"error": "no such client"},
        {"error": {"code": 5}},
        {"errors": ["no"]},
        {"errors": {"phone": ["bad"]}},
        {"error": True},
    ],
)
def test_the_shipped_failure_path_recognises_a_refusal(data):
    found = judged(answered(200, data))
    assert (found.verdict, found.code) == (Verdict.FAILED, "refused")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"success": True},
        {"success": None},
        {"error": None, "errors": []},
        {"error": "", "errors": {}},
        {"error": False, "errors": False},
        {"error": 0, "errors": 0},
        [],
        [{"error": "of a row"}],
        "error",
        7,
        None,
    ],
)
def test_the_shipped_failure_path_lets_a_success_be(data):
    found = judged(answered(200, data))
    assert (found.verdict, found.misfits) == (Verdict.DONE, {})


def test_a_failure_path_of_ones_own():
    rules = {"failure_path": "status != 'ok'"}
    assert judged(answered(200, {"status": "no"}), **rules).verdict is Verdict.FAILED
    assert judged(answered(200, {"status": "ok"}), **rules).verdict is Verdict.DONE
    refused = answered(200, {"success": False})
    assert judged(refused, failure_path="").verdict is Verdict.DONE


def test_a_path_that_does_not_fit_is_said_and_harms_nobody():
    for name in ("failure_path", "repeat_path"):
        for path in ("contains(`1`, a)", "sum(a)", "{broken", "nope(a)"):
            found = judged(answered(200, {"a": "x"}), **{name: path})
            assert found.verdict is Verdict.DONE
            assert found.misfits[name]


# -- without an answer -------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble, sent, verdict",
    [
        ("name_error", False, Verdict.RETRY),
        ("no_connection", False, Verdict.RETRY),
        ("tls_error", False, Verdict.RETRY),
        ("timeout", False, Verdict.RETRY),
        ("address_refused", False, Verdict.RETRY),
        ("our_error", False, Verdict.FAILED),
        ("our_error", True, Verdict.UNKNOWN),
        ("timeout", True, Verdict.UNKNOWN),
        ("connection_lost", True, Verdict.UNKNOWN),
        ("unreadable", True, Verdict.UNKNOWN),
    ],
)
def test_without_an_answer(trouble, sent, verdict):
    exchange = Exchange(REQUEST, sent=sent, trouble=trouble, error="in words")
    found = judged(exchange)
    assert (found.verdict, found.code) == (verdict, trouble)
    assert found.args == {"error": "in words"}


def test_an_answer_cut_short_is_judged_by_its_status():
    cut = Exchange(REQUEST, 200, {}, '{"succ', sent=True, truncated=True)
    assert judged(cut).verdict is Verdict.DONE


def test_what_an_unknown_outcome_becomes_is_the_guarantees_to_say():
    assert outcome.after_unknown("at_most_once") is Verdict.UNKNOWN
    assert outcome.after_unknown("at_least_once") is Verdict.RETRY


# -- the answer's own words --------------------------------------------------------


@pytest.mark.parametrize(
    "data, text",
    [
        ({"message": "no\n such  client"}, "no such client"),
        ({"error": {"message": "bad phone", "code": 7}}, "bad phone"),
        ({"errors": [{"code": "CLIENT_NOT_FOUND"}]}, "CLIENT_NOT_FOUND"),
        ({"errors": ["bad phone"]}, "bad phone"),
        ({"error": "invalid", "error_description": "why"}, "why"),
        ({"title": "Bad", "status": 400}, "Bad"),
        ({"detail": "because"}, "because"),
        ({"code": 17}, "17"),
        ({"message": {"a": 1}, "error": "real"}, "real"),
        ({"message": "<b>no</b> <i>client</i>"}, "no client"),
        ({"message": "\ud83d\x00 half"}, "? half"),
        ({"success": False}, ""),
        ("just text", "just text"),
    ],
)
def test_words_are_found_in_the_usual_places(data, text):
    assert judged(answered(400, data)).text == text


def test_words_are_found_by_the_endpoints_own_path():
    data = {"message": "general", "rows": [{"why": "a"}, {"why": "b"}]}
    assert judged(answered(400, data), text_path="rows[].why").text == "a; b"
    assert judged(answered(400, data), text_path="nothing").text == ""


def test_an_answer_in_plain_text_is_its_own_words_and_a_page_is_not():
    assert judged(answered(400, answer="no such client")).text == "no such client"
    assert judged(answered(400, answer=PAGE)).text == ""
    assert judged(answered(400, headers=HTML, answer="Blocked")).text == ""


def test_words_are_cut():
    assert judged(answered(400, {"message": "<" * 99_999})).text
    assert len(judged(answered(400, {"message": "a" * 9999})).text) == outcome.MAX_TEXT


# -- waiting -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, seconds",
    [
        ("7", 7),
        ("-1", None),
        ("9" * 1000, 3600),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("soon", None),
    ],
)
def test_retry_after(value, seconds):
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert outcome.retry_after({"Retry-After": value}, now) == seconds


@given(st.text(max_size=40))
def test_retry_after_is_bounded(value):
    seconds = outcome.retry_after({"retry-after": value})
    assert seconds is None or 0 <= seconds <= outcome.MAX_RETRY_AFTER


def test_only_a_retry_waits():
    wait = {"Retry-After": "3"}
    assert judged(answered(429, headers=wait)).wait == 3
    assert judged(answered(200, headers=wait)).wait is None
    assert judged(answered(500, headers=wait)).wait is None


# -- anything at all ---------------------------------------------------------------

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["success", "error", "errors", "message", "code"])
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
ANY_PATH = (
    st.text(max_size=30)
    | st.text("@[]().*|&!<>='`{}:,ab0 ", max_size=20)
    | st.builds(
        "{}({})".format,
        st.sampled_from(["sum", "keys", "contains", "sort_by", "to_number", "join"]),
        st.sampled_from(["@", "a", "a, b", "@, &a", "', ', @", ""]),
    )
)
ANY_RULES = st.builds(
    AnswerRules,
    failure_path=ANY_PATH | st.just(outcome.FAILURE_PATH),
    repeat_path=ANY_PATH,
    text_path=ANY_PATH,
    not_found=st.sampled_from(["content", "address_until_proven"]),
    conflict=st.sampled_from(["busy", "repeat"]),
    web_page=st.sampled_from(["refused", "accepted"]),
    authorised=st.booleans(),
    proven=st.booleans(),
)
ANY_HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "Content-Type"]) | st.text(max_size=9),
    st.text(max_size=20),
    max_size=3,
)


def check_outcome(found):
    assert isinstance(found.verdict, Verdict)
    assert found.code in outcome.CODES
    json.dumps([found.args, found.misfits])
    assert len(found.text) <= outcome.MAX_TEXT
    found.text.encode()
    assert "\x00" not in found.text
    assert found.wait is None or 0 <= found.wait <= outcome.MAX_RETRY_AFTER


@given(st.integers(0, 9999), ANY_HEADERS, st.binary(max_size=60), ANY_RULES)
def test_any_bytes_have_a_verdict(status, headers, raw, rules):
    try:
        data = json.loads(raw)
    except ValueError:
        data = None
    answer = raw.decode("utf-8", "replace").replace("\x00", "")
    check_outcome(classify(answered(status, data, headers, answer), rules))


@given(st.integers(0, 9999), ANY_JSON, ANY_RULES)
def test_any_json_has_a_verdict_by_any_path(status, data, rules):
    check_outcome(classify(answered(status, data), rules))


@pytest.mark.parametrize(
    "status, data, expected",
    [
        (200, {"received": True}, True),
        (200, {"received": False}, False),
        # Another shape of answer is not a "no": the event would go twice.
        (200, {"data": {"received": True}}, None),
        (200, {"received": "yes"}, None),
        (200, {"received": None}, None),
        (200, [], None),
        (404, {"code": "unknown"}, None),
        (401, {"received": False}, None),
        (500, {"received": False}, None),
    ],
)
def test_only_a_clear_answer_says_whether_an_event_was_received(status, data, expected):
    exchange = Exchange(Request("GET", "https://x.example"), status=status, data=data)
    assert read_received(exchange, AnswerRules(), "received") is expected


def test_an_endpoint_may_say_that_a_404_is_a_no():
    exchange = Exchange(Request("GET", "https://x.example"), status=404, data={})
    rules = AnswerRules(not_found="content")
    assert read_received(exchange, rules, "received") is False


@pytest.mark.parametrize(
    "data, verdict",
    [
        ({"code": "document_not_found"}, Verdict.FAILED),
        ({"error": {"code": "CLIENT_NOT_FOUND"}}, Verdict.FAILED),
        ({"errors": [{"code": "userNotFound"}]}, Verdict.FAILED),
        ({"code": "not_found"}, Verdict.ADDRESS),
        ({"code": "rest_no_route"}, Verdict.ADDRESS),
        ({"code": "route_not_found"}, Verdict.ADDRESS),
        ({"code": "RESOURCE_NOT_FOUND"}, Verdict.ADDRESS),
        ({"code": 404, "message": "Not Found"}, Verdict.ADDRESS),
        ({"message": "The route api/x could not be found."}, Verdict.ADDRESS),
        ({}, Verdict.ADDRESS),
        (["x"], Verdict.ADDRESS),
    ],
)
def test_404_that_names_what_is_unknown_is_no_wrong_address(data, verdict):
    assert judged(answered(404, data)).verdict is verdict
    assert judged(answered(404, data), proven=True).verdict is Verdict.FAILED
