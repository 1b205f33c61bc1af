"""Signatures of Standard Webhooks: what we sign, others verify, and the reverse."""

import base64
import json

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from inboost_connector.lib import sending, signing

from . import engine

ONE, TWO, THREE = (
    "whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3)
)


@given(st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_what_is_signed_is_verified_by_each_secret_and_no_other(text):
    body = json.dumps(text).encode()
    headers = signing.sign([ONE, TWO], body, "event-1")
    assert headers["webhook-id"] == "event-1"
    for secret in (ONE, TWO):
        Webhook(secret).verify(body, headers, json_parse=False)
        assert signing.is_signed(secret, headers, body)
    with pytest.raises(WebhookVerificationError):
        Webhook(THREE).verify(body, headers, json_parse=False)
    assert not signing.is_signed(THREE, headers, body)
    assert not signing.is_signed(ONE, headers, body + b" ")
    assert not signing.is_signed(ONE, {**headers, "webhook-id": "event-2"}, body)


def test_an_id_is_made_where_there_is_none():
    first, second = (signing.sign([ONE], b"")["webhook-id"] for _n in "12")
    assert first != second


@pytest.mark.parametrize("seconds, good", [(299, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes(seconds, good):
    with freeze_time("2026-01-02 12:00:00") as clock:
        headers = signing.sign([ONE], b"{}", "event-1")
        clock.tick(seconds)
        assert signing.is_signed(ONE, headers, b"{}") is good


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]),
        st.text(max_size=20) | st.sampled_from(["NaN", "1e400", "v1,", "v1,%", "v1,é"]),
    ),
    st.binary(max_size=20),
)
def test_whatever_is_no_signature_is_refused_quietly(headers, body):
    right = signing.sign([ONE], b"{}", "event-1")
    assert not signing.is_signed(ONE, {**right, **headers}, body + b"x")


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_AAAA", "whsec_not base64!", "ключ", "whsec_" + "A" * 400],
)
def test_what_cannot_be_a_secret_is_refused(secret):
    with pytest.raises(ValueError, match="whsec_"):
        signing.check_secret(secret)


def test_secrets_are_taken_with_and_without_their_prefix():
    signing.check_secret(ONE)
    signing.check_secret(ONE.removeprefix("whsec_"))


# -- what we send ----------------------------------------------------------------------


def test_a_signed_request_carries_the_signature_of_the_very_bytes_that_leave():
    target = engine.target(body="{text: text}", signing=(ONE, TWO))
    task = engine.task(where=target, fact={"text": "чай «№ 1»"})
    client = engine.Answers(engine.answering(200, "{}", {}))
    sending.perform(client, task)
    [request] = client.requests
    assert request.headers["webhook-id"] == task.event_id
    Webhook(TWO).verify(request.encode_body(), request.headers)


def test_every_try_has_the_same_id_and_a_signature_of_its_own_time():
    target = engine.target(body="{a: `1`}", signing=(ONE,))
    seen = []
    for moment in ("2026-01-02 12:00:00", "2026-01-02 13:00:00"):
        with freeze_time(moment):
            seen.append(target.prepare_request({}, event_id="e-1").headers)
    first, second = seen
    assert first["webhook-id"] == second["webhook-id"] == "e-1"
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert first["webhook-signature"] != second["webhook-signature"]


def test_nothing_is_signed_without_a_secret():
    headers = engine.target(body="{a: `1`}").prepare_request({}).headers
    assert not [name for name in headers if name.startswith("webhook-")]


def test_a_secret_does_not_show_in_what_is_printed():
    assert ONE not in repr(engine.target(signing=(ONE,)))
