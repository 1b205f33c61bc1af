"""The shipped profiles, against the contracts of the styles that they are for."""

import json
from pathlib import Path

import pytest

from inboost_connector.lib import customers, facts, mapping
from inboost_connector.lib.client import Request
from inboost_connector.lib.operations import OF_ANSWER, OF_REQUEST, OPERATIONS

FOLDER = Path(__file__).parents[2] / "inboost_connector/data/profiles"
PROFILES = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
ENDPOINTS = [
    (name, operation)
    for name, profile in PROFILES.items()
    for operation in profile["endpoints"]
]


def test_each_profile_says_something_of_each_operation():
    assert len(PROFILES) == 5
    for profile in PROFILES.values():
        assert list(profile["endpoints"]) == list(OPERATIONS)


@pytest.mark.parametrize("name, operation", ENDPOINTS)
def test_every_expression_is_right_and_misspells_nothing(name, operation):
    endpoint = PROFILES[name]["endpoints"][operation]
    style = PROFILES[name]["backend"].get("phone_style", "digits")
    sample = facts.sample_input(operation, style)
    for field in OF_ANSWER:
        if endpoint.get(field):
            mapping.compile_expression(endpoint[field])
    for field in OF_REQUEST:
        if endpoint.get(field):
            assert mapping.unknown_names(endpoint[field], sample) == []
            assert mapping.apply(endpoint[field], sample, "Europe/Kyiv")
    assert set(mapping.template_names(endpoint.get("address", ""))) <= sample.keys()


@pytest.mark.parametrize("name, operation", ENDPOINTS)
def test_a_form_has_one_level_and_a_get_no_body(name, operation):
    endpoint = PROFILES[name]["endpoints"][operation]
    if not endpoint.get("body"):
        return
    body = mapping.apply(endpoint["body"], facts.sample_input(operation, "e164"))
    method = endpoint.get("method", "POST")
    form = endpoint.get("body_format", "json")
    assert Request(
        method, "https://x.example", body=body, body_format=form
    ).encode_body()


@pytest.mark.parametrize("name", PROFILES)
def test_a_row_is_read_as_a_customer(name):
    row_map = PROFILES[name]["endpoints"]["customers_list"]["row_map"]
    made = mapping.search(row_map, {})
    assert made.keys() <= customers.Customer.__annotations__.keys()
    assert "phone" in made


@pytest.mark.parametrize("name", PROFILES)
def test_no_profile_holds_a_secret_or_an_address_of_a_server(name):
    text = json.dumps(PROFILES[name])
    assert "http" not in text.replace("http_", "")
    assert not {"secret", "auth_user", "name"} & PROFILES[name]["backend"].keys()
