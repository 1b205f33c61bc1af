"""What is kept of an exchange."""

import json

from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib.client import Exchange, Request
from inboost_connector.lib.log_row import (
    MAX_PAGE_TEXT,
    MAX_TEXT,
    LogRules,
    describe,
    mask_outcome,
    mask_text,
)
from inboost_connector.lib.outcome import Outcome, Verdict

SECRET = "s3cret-key"
URL = "https://shop.example.com/api/webhok/token-of-the-hook/"


def exchange(body=None, answer="", status=200, url=URL, headers=None, **values):
    request = Request("POST", url, headers=headers or {}, body=body, event_id="e-1")
    return Exchange(request, status, {}, answer, duration=0.5, **values)


def test_what_is_kept():
    row = describe(exchange({"name": "чай"}, '{"ok": 1}'), LogRules(webhook=False))
    assert row["event_uuid"] == "e-1"
    assert (row["method"], row["status"], row["duration"]) == ("POST", 200, 0.5)
    assert json.loads(row["request_body"]) == {"name": "чай"}
    assert "чай" in row["request_body"], "as people read it"
    assert (row["answer"], row["error"]) == ('{"ok": 1}', None)


@given(
    where=st.sampled_from(["body", "answer", "error", "header", "url"]),
    before=st.text(max_size=10),
)
def test_secrets_are_nowhere(where, before):
    text = f"{before}{SECRET}"
    row = describe(
        exchange(
            body={"note": text} if where == "body" else None,
            answer=text if where == "answer" else "",
            headers={"X-Key": text} if where == "header" else {},
            url=f"https://shop.example.com/{SECRET}" if where == "url" else URL,
            error=text if where == "error" else None,
        ),
        LogRules(secrets=(SECRET,), secret_headers=("X-Key",), webhook=False),
    )
    assert SECRET not in json.dumps(row, ensure_ascii=False)


def test_the_address_of_a_webhook_is_a_secret():
    some = exchange(answer="no hook token-of-the-hook", error="token-of-the-hook?")
    row = describe(some, LogRules(webhook=True))
    assert "token-of-the-hook" not in json.dumps(row)


def test_an_access_token_is_masked_in_an_outcome_too():
    request = Request("POST", URL, headers={"Authorization": "Bearer abcdefabcdef"})
    outcome = Outcome(
        Verdict.FAILED,
        "http_status",
        {"a": "abcdefabcdef!"},
        text="no abcdefabcdef",
        misfits={"Refusal": "abcdefabcdef?"},
    )
    masked = mask_outcome(outcome, request, LogRules())
    assert (masked.args, masked.text) == ({"a": "***!"}, "no ***")
    assert masked.misfits == {"Refusal": "***?"}


def test_personal_data_is_masked_where_wanted():
    body = {"userPhoneNumber": "+380671234567", "total": 5}
    row = describe(exchange(body, answer="+380671234567"), LogRules(mask_personal=True))
    assert "1234567" not in row["request_body"] + row["answer"]
    assert json.loads(row["request_body"])["total"] == 5


def test_long_texts_are_cut_and_pages_of_customers_shorter():
    long = "x" * 100_000
    row = describe(exchange({"x": long}, long), LogRules())
    assert len(row["request_body"]) == len(row["answer"]) == MAX_TEXT
    row = describe(exchange(None, long, data=[]), LogRules(page=True))
    assert len(row["answer"]) == MAX_PAGE_TEXT


@given(answer=st.text(), error=st.text(), body=st.text())
def test_postgresql_takes_every_text(answer, error, body):
    row = describe(exchange({"x": body}, answer, error=error), LogRules())
    for name in ("answer", "request_body", "error"):
        (row[name] or "").encode()
        assert "\x00" not in (row[name] or "")


def test_no_answer_has_no_status():
    assert describe(exchange(status=None), LogRules())["status"] == 0


def test_a_reason_is_masked_as_the_log_is():
    rules = LogRules(secrets=(SECRET,), mask_personal=True)
    masked = mask_text(f"{SECRET} +380671234567 \x00", rules)
    assert SECRET not in masked and "1234567" not in masked and "\x00" not in masked


def test_names_are_masked_in_sentences_too():
    sent = {"firstname": "Олена", "lastname": "Ткач", "note": "чай"}
    said = "Client ОЛЕНА Ткач drinks чай"
    rules = LogRules(mask_personal=True)
    row = describe(exchange(sent, said, error=said), rules)
    for text in (row["answer"], row["error"]):
        assert "ОЛЕНА" not in text and "Ткач" not in text
        assert "drinks чай" in text
    found = Outcome(Verdict.FAILED, "refused", {"text": said}, text=said)
    found = mask_outcome(found, exchange(sent).request, rules)
    for text in (found.text, found.args["text"]):
        assert "ОЛЕНА" not in text and "Ткач" not in text
    shown = mask_outcome(found, exchange(sent).request, LogRules())
    assert shown == found, "masked by a setting only"


def test_names_of_an_answer_are_masked_in_its_own_sentences():
    said = {"client": {"lastname": "Ткач"}, "message": "Ткач is blocked"}
    rules = LogRules(mask_personal=True, people=True)
    row = describe(exchange({}, json.dumps(said), data=said), rules)
    assert "Ткач" not in row["answer"] and "is blocked" in row["answer"]
