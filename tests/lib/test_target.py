"""The request that a target makes of a fact."""

import pytest

from inboost_connector.lib import signing
from inboost_connector.lib.mapping import MappingError

from . import engine

PHONE = "+380671234567"


def target(**values):
    url = "https://x.example/customers/{phone}/balance"
    return engine.target(**{"url": url, "phone_style": "digits", **values})


def test_expressions_of_the_address_are_filled_and_encoded():
    request = target().prepare_request({}, phone=PHONE)
    assert request.url == "https://x.example/customers/%2B380671234567/balance"
    assert request.body is None


@pytest.mark.parametrize(
    "url, expected",
    [
        ("https://x.example/c", "https://x.example/c?page=2&q=%D1%87%D0%B0%D0%B9%20%26"),
        ("https://x.example/c?a=1", "https://x.example/c?a=1&page=2&q=%D1%87%D0%B0%D0%B9%20%26"),
    ],
)  # fmt: skip
def test_query_parameters_are_added_without_nulls(url, expected):
    one = target(url=url, query="{page: page, since: since, q: 'чай &'}")
    assert one.prepare_request({"page": 2, "since": None}).url == expected


def test_no_parameters_leave_the_address_as_it_is():
    one = target(url="https://x.example/c", query="{since: since}")
    assert one.prepare_request({"since": None}).url == "https://x.example/c"


def test_further_headers_and_a_form():
    one = target(
        headers="{\"X-Event\": event_id}", body="{a: phone(phone, phone_style)}",
        body_format="form",
    )  # fmt: skip
    request = one.prepare_request({}, phone=PHONE, event_id="e-1")
    assert request.headers == {"X-Event": "e-1"}
    assert request.encode_body() == b"a=380671234567"


@pytest.mark.parametrize(
    "values, words",
    [
        ({}, "address: phone is nothing"),
        ({"url": "https://x.example/", "query": "[1]"}, "query: write an object"),
        (
            {"url": "https://x.example/", "headers": "{a: `[1]`}"},
            "headers: a is a list",
        ),
        ({"url": "https://x.example/", "body": "round('a', `1`)"}, "body: round"),
        (
            {
                "url": "https://x.example/",
                "body": "[`1`]",
                "body_format": "form",
                "signing": ("whsec_" + "a" * 44,),
            },
            "body: a form is an object",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(values, words):
    with pytest.raises(MappingError, match="^" + words):
        target(**values).prepare_request({"phone": None})


def test_each_part_of_a_request_knows_the_portals_time_zone():
    hour = "date(t, 'HH')"
    one = target(
        url=f"https://x.example/{{{hour}}}",
        query=f"{{h: {hour}}}",
        headers=f'{{"X-Hour": {hour}}}',
        body=hour,
        zone="Europe/Kyiv",
    )
    request = one.prepare_request({"t": "2026-01-02T12:00:00Z"})
    assert request.url == "https://x.example/14?h=14"
    assert (request.headers, request.body) == ({"X-Hour": "14"}, "14")


def test_a_request_waits_and_reads_no_more_than_its_endpoint_says():
    request = target(timeout=7.5, max_answer=123).prepare_request({}, phone=PHONE)
    assert (request.timeout, request.max_answer) == (7.5, 123)


def test_a_request_without_a_body_is_signed_too():
    secret = "whsec_" + "A" * 43 + "="
    request = target(signing=(secret,)).prepare_request({}, phone=PHONE, event_id="e-1")
    assert signing.is_signed(secret, request.headers, b"")
