import re

import pytest

from inboost_connector.lib import customers, facts, mapping
from inboost_connector.lib.operations import OPERATIONS

#: What the models add to a fact.
ENVELOPE = {**facts.SAMPLE_ENVELOPE, "phone_style": "digits"}
EXPRESSIONS = (
    "body", "rows", "total", "next", "row", "failure_path", "repeat_path", "text_path",
)  # fmt: skip
BODIES = [name for name, default in OPERATIONS.items() if default.body]
FIND = OPERATIONS["customer_find"]
CLIENT = {"userPhoneNumber": "380671234567", "userName": "Olena", "userId": "u1"}


def body(name, zone="Europe/Kyiv", **changes):
    data = {**facts.SAMPLES[name], **ENVELOPE, **changes}
    return mapping.apply(OPERATIONS[name].body, data, zone)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_shipped_expression_is_right(name):
    for field in EXPRESSIONS:
        if expression := getattr(OPERATIONS[name], field):
            mapping.compile_expression(expression)


@pytest.mark.parametrize("name", BODIES)
def test_every_default_maps_its_sample_and_misspells_nothing(name):
    assert body(name)
    sample = {**facts.SAMPLES[name], **ENVELOPE}
    assert mapping.unknown_names(OPERATIONS[name].body, sample) == []


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("zone", ["Europe/Kyiv", "America/New_York", None])
def test_every_time_that_is_sent_can_be_understood_alone(name, zone):
    times = re.findall(r"\d{4}-\d\d-\d\dT[^'\"]*", str(body(name, zone)))
    assert all(re.search(r":\d\d(Z|[+-]\d\d:\d\d)$", time) for time in times), times


def test_a_sale_after_midnight_is_of_that_day_in_the_companys_zone():
    sent = body("purchase", time="2026-01-31T22:30:00Z")
    assert sent["date"] == "2026-02-01T00:30:00+02:00"


def test_what_must_not_arrive_twice_is_sent_at_most_once():
    once = {
        name
        for name, default in OPERATIONS.items()
        if default.guarantee == "at_most_once"
    }
    assert once == {
        "purchase",
        "purchase_refund",
        "purchase_details",
        "bonus_accrual",
        "bonus_redemption",
        "bonuses_expiring",
    }


@pytest.mark.parametrize(
    "answer, refused",
    [
        ({"success": False, "errors": [{"code": "CLIENT_NOT_FOUND"}]}, True),
        ({"success": False}, True),
        ({"error": "no such client"}, True),
        ({"error": {"code": 5}}, True),
        ({"errors": {"phone": ["unknown"]}}, True),
        ({"success": True, "errors": []}, False),
        ({"error": 0, "errors": None}, False),
        ({"error": "", "errors": {}}, False),
        ({"error": False}, False),
        ({"errors": 0}, False),
        ({"id": 7}, False),
        ([{"success": False}], False),
        ("ok", False),
        (None, False),
    ],
)
def test_a_refusal_with_200_is_recognised(answer, refused):
    for default in OPERATIONS.values():
        assert bool(mapping.apply(default.failure_path, answer)) is refused


@pytest.mark.parametrize(
    "answer",
    [
        CLIENT,
        {"data": CLIENT, "success": True},
        {"data": [CLIENT]},
        {"totalCount": 1, "entites": [CLIENT]},
        [CLIENT],
    ],
)
def test_one_customer_is_read_in_every_envelope(answer):
    found = mapping.search(FIND.rows, answer)
    row = found[0] if isinstance(found, list) else found
    customer = customers.read(row, FIND.row, "UA").customer
    assert customer["inboost_id"] == "u1"
    assert customer["phone"] == "+380671234567"


@pytest.mark.parametrize("answer", [None, {}, [], {"data": []}, {"entites": []}])
def test_nobody_is_nobody(answer):
    assert not mapping.search(FIND.rows, answer)


def test_defaults_of_answers():
    for default in OPERATIONS.values():
        assert default.not_found == "address_until_proven"
        assert default.conflict == "busy"
        assert default.web_page == "refused"
