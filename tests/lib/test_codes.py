import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import codes

PORTAL = "https://shop.inboost.ai"


def test_the_same_fact_has_the_same_id_for_ever():
    """If this fails, every purchase that was ever sent goes again under a new id."""
    assert codes.event_uuid(PORTAL, "purchase", "pos:1") == (
        "3d61b2d1-a227-53a7-b482-c96fcabb41f0"
    )


@pytest.mark.parametrize(
    "spelling",
    [
        "https://shop.inboost.ai/",
        "HTTPS://Shop.InBoost.AI",
        " https://shop.inboost.ai:443// ",
        "http://shop.inboost.ai",
        "shop.inboost.ai",
        "https://shop.inboost.ai.",
    ],
)
def test_another_spelling_of_the_portal_is_the_same_portal(spelling):
    same = codes.event_uuid(PORTAL, "purchase", "pos:1")
    assert codes.event_uuid(spelling, "purchase", "pos:1") == same


@pytest.mark.parametrize(
    "other",
    [
        "https://shop2.inboost.ai",
        "https://shop.inboost.ai:8443",
        "https://shop.inboost.ai/Api",
    ],
)
def test_another_portal_has_other_ids(other):
    first = codes.event_uuid(PORTAL, "purchase", "pos:1")
    assert codes.event_uuid(other, "purchase", "pos:1") != first


@given(*[st.tuples(*[st.text(max_size=8)] * 2)] * 2)
def test_operation_and_key_never_run_into_each_other(one, other):
    ids = [codes.event_uuid(PORTAL, *fact) for fact in (one, other)]
    assert (ids[0] == ids[1]) == (one == other)
    assert uuid.UUID(ids[0]).version == 5


@given(st.text(max_size=40))
def test_codes_are_readable(key):
    prefix, *groups = codes.bonus_code("bonus_redemption", key).split("-")
    assert prefix == "RED"
    assert [len(group) for group in groups] == [4, 4, 4]
    assert set("".join(groups)) <= set(codes.ALPHABET)


def test_a_code_never_changes():
    assert codes.bonus_code("bonus_accrual", "move:1") == "ACC-4P4R-MEHT-VR18"
