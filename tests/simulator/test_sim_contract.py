"""The contract and the app say the same."""

from pathlib import Path

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, settings

from tests.simulator.conftest import SECRET, Running

CONTRACT = Path(__file__).resolve().parents[2] / "simulator/styles/inboost/openapi.yaml"
contract = schemathesis.openapi.from_path(CONTRACT)


@pytest.fixture(scope="module")
def filled(running):
    running.control("POST", "reset")
    running.control(
        "POST", "clients", [{"userPhoneNumber": f"38067{n:07}"} for n in range(30)]
    )
    return running


@contract.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_app_conforms_to_contract(case, filled):
    case.call_and_validate(
        base_url=filled.url,
        headers={"Authorization": f"Bearer {filled.secret}"},
        timeout=20,
    )


@pytest.mark.parametrize("style", ["page", "offset", "cursor"])
@pytest.mark.parametrize("shape", ["entites", "data", "bare"])
def test_each_shape_of_the_list_is_in_the_contract(filled, style, shape):
    if (style, shape) == ("cursor", "bare"):
        return
    filled.control("PUT", "paging", {"style": style, "shape": shape})
    answer = filled.send("wapi/Clients", {"PageSize": 5, "Limit": 5})
    filled.control("PUT", "paging", {})
    operation = contract["/wapi/Clients"]["POST"]
    operation.validate_response(answer)


def test_every_operation_says_how_well_it_is_known():
    document = yaml.safe_load(CONTRACT.read_text("utf-8"))
    operations = [
        operation for path in document["paths"].values() for operation in path.values()
    ]
    assert len(operations) == 7
    for operation in operations:
        assert operation["x-inboost-state"] in ("attested", "weak", "assumed")
        assert operation["x-inboost-why"].endswith(".")


def test_examples_of_the_contract_are_taken(filled):
    filled.control("POST", "reset")
    document = yaml.safe_load(CONTRACT.read_text("utf-8"))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            example = content.get("application/json", {}).get("example")
            address = path.strip("/").replace("{token}", "abc") + "/" * path.endswith(
                "/"
            )
            answer = filled.send(address, example, method.upper())
            assert answer.status_code == 200, (path, answer.text)


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic {}", "{}"])
def test_api_wants_the_secret_and_webhooks_do_not(filled, header):
    headers = {"Authorization": header.format(filled.secret)} if header else {}
    api = requests.get(
        f"{filled.url}/api/Users/GetPortalUser", headers=headers, timeout=10
    )
    assert api.status_code == 401
    assert api.headers["Content-Type"] == "application/problem+json"
    hook = requests.post(
        f"{filled.url}/api/webhok/t/", json={}, headers=headers, timeout=10
    )
    assert hook.status_code == 200


def test_contract_is_served(filled):
    served = requests.get(f"{filled.url}/openapi.yaml", timeout=10)
    assert served.content == CONTRACT.read_bytes()


GOOD = {
    "eventId": "e",
    "userPhoneNumber": "380671234567",
    "orderId": "o",
    "date": "2026-01-31T10:15",
    "total": 5,
    "lines": [],
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"userPhoneNumber": "1" * 16},
        {"userPhoneNumber": "+380671234567"},
        {"currency": "UAHA"},
        {"total": "5"},
        {"total": True},
        {"shop": None},
        {"date": "2026-01-31 10:15"},
        {"lines": [{"name": "x", "quantity": 1, "price": 1}]},
    ],
)
def test_wrong_content_is_refused_and_told_by_field(filled, wrong):
    assert filled.send("api/Purchases/AddPurchase", GOOD).status_code == 200
    answer = filled.send("api/Purchases/AddPurchase", {**GOOD, **wrong})
    assert answer.status_code == 422
    assert next(iter(answer.json()["errors"])).startswith(next(iter(wrong)))


def test_refusals_have_their_own_status(filled):
    path = "api/Bonuses/SetBalance"
    json_type = {"Content-Type": "application/json"}

    def post(body, **headers):
        return requests.post(
            f"{filled.url}/{path}",
            data=body,
            headers={"Authorization": f"Bearer {filled.secret}", **headers},
            timeout=10,
        ).status_code

    assert post("{", **json_type) == 400
    assert post('{"amount": NaN}', **json_type) == 400
    assert post("[]", **json_type) == 422
    assert post("{}", **{"Content-Type": "text/plain"}) == 415
    assert filled.send("api/Nothing").status_code == 404
    refused = filled.send(path)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    client = {"userPhoneNumber": "380501112233"}
    assert filled.send("api/MyClients/AddNewClient", client).status_code == 200
    assert filled.send("api/MyClients/AddNewClient", client).status_code == 409


ZONELESS = ("2026-01-31T10:15", "2026-01-31T10:15:00", "2026-01-31T10:15:00.5")
CLEAR = ("2026-01-31T10:15:00Z", "2026-01-31T10:15+02:00", "2026-01-31T10:15:00.123Z")


@pytest.mark.parametrize("moment", ZONELESS + CLEAR)
def test_time_that_cannot_be_understood_alone(filled, strict, moment):
    purchase = {**GOOD, "date": moment}
    sale = {"event": "purchase", "eventId": "h", "date": moment}
    for running, zoneless in ((filled, 200), (strict, 400)):
        expected = zoneless if moment in ZONELESS else 200
        answer = running.send("api/Purchases/AddPurchase", purchase)
        assert answer.status_code == expected
        assert running.send("api/webhok/t/", sale).status_code == expected
        if expected == 400:
            assert "neither an offset nor a Z" in answer.json()["detail"]
    day = {"event": "bonuses_expiring", "date": "2026-02-07", "phones": []}
    assert strict.send("api/webhok/t/", day).status_code == 200


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    options = ("--secret", SECRET, "--strict-times")
    one = Running(tmp_path_factory.mktemp("strict") / "sim.sqlite3", *options)
    yield one
    one.stop()


def test_documented_additions_of_a_purchase_are_taken(filled):
    line = {"productId": 7, "uuid": "l", "name": "x", "quantity": 1, "price": 5}
    more = {
        "promotions": [{"name": "Minus 5", "points": 1, "amount": 5}],
        "giftCards": 10,
        "gift_cards": [{"code": "044", "amount": 10}],
        "cashRounding": 0.03,
        "cash_rounding": 0.03,
        "consent": {"sms": True, "time": "2026-01-31T10:15:00Z"},
        "lines": [{**line, "total": 5, "isReward": False}],
    }
    assert filled.send("api/Purchases/AddPurchase", {**GOOD, **more}).status_code == 200
    undocumented = filled.send("api/Purchases/AddPurchase", {**GOOD, "spend": 1})
    assert undocumented.status_code == 422
    assert "spend" in undocumented.json()["errors"]
