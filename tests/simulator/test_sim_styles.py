"""Each style in its own words, and the same count behind all of them."""

import time

import pytest
import requests

from tests.simulator.conftest import OTHER_STYLES, SECRET, Running

PHONE, AT = "380671234567", "2026-01-31T10:15:00+02:00"
PLUS = "%2B" + PHONE


def rest_path(kind, event_id):
    customer = f"/v1/customers/{PLUS}"
    if kind == "balance_set":
        body = {"id": event_id, "points": 180.5, "at": AT}
        return "PUT", f"{customer}/balance", {"json": body}
    if kind == "purchase_details":
        body = {"id": event_id, "order_id": "o1", "order_number": "Shop/1", "at": AT}
        body |= {"currency": "UAH", "total": 180.5, "lines": []}
        return "POST", f"{customer}/purchases", {"json": body}
    if kind == "bonuses_expiring":
        body = {"id": event_id, "day": "2026-02-07", "phones": [f"+{PHONE}"]}
        return "POST", "/v1/notices/expiring", {"json": body}
    names = {"purchase_refund": "refund", "purchase": "purchase"}
    body = {"type": names.get(kind, kind.removeprefix("bonus_")), "id": event_id}
    body |= {"at": AT, "amount": 180.5, "order_id": "o1", "order_number": "Shop/1"}
    return "POST", f"{customer}/events", {"json": body}


def envelope(kind, event_id):
    meta, order = {"event_id": event_id}, {"order_id": "o1", "order_number": "Shop/1"}
    if kind == "balance_set":
        data = {"phone_number": PHONE, "bonus_balance": "180.50", "changed_at": AT}
        return "POST", "/loyalty/v2/balances", {"json": {"data": data, "meta": meta}}
    if kind == "purchase_details":
        row = {"event_id": event_id, "phone_number": PHONE, **order, "items": []}
        row |= {"purchased_at": AT, "currency_code": "UAH", "total_amount": "180.50"}
        return "POST", "/loyalty/v2/purchases/batch", {"json": {"data": [row]}}
    if kind == "bonuses_expiring":
        data = {"expires_on": "2026-02-07", "phone_numbers": [PHONE]}
    else:
        data = {"phone_number": PHONE, "occurred_at": AT, "amount": "180.50", **order}
    data["event_type"] = kind.replace("purchase_refund", "refund")
    return "POST", "/loyalty/v2/events", {"json": {"data": data, "meta": meta}}


def oauth(kind, event_id):
    if kind == "balance_set":
        body = {"event_id": event_id, "points_minor": 18050, "updated_at": AT}
        return "PATCH", f"/customers/{PLUS}/balance", {"json": body}
    if kind == "purchase_details":
        body = {"event_id": event_id, "id": "o1", "number": "Shop/1", "lines": []}
        body |= {"phone": f"+{PHONE}", "placed_at": AT, "currency": "UAH"}
        return "POST", "/orders", {"json": {**body, "total_minor": 18050}}
    form = {"event": kind.replace("purchase_refund", "refund"), "event_id": event_id}
    if kind == "bonuses_expiring":
        form |= {"day": "2026-02-07", "phones": f"+{PHONE}"}
    else:
        form |= {"phone": f"+{PHONE}", "amount_minor": "18050", "at": AT}
        form |= {"order_id": "o1", "order_number": "Shop/1"}
    return "POST", "/hooks/abc", {"data": form}


WORDS = {"rest-path": rest_path, "envelope": envelope, "oauth": oauth}
KINDS = [
    "balance_set",
    "purchase_details",
    "purchase",
    "purchase_refund",
    "bonus_accrual",
    "bonus_redemption",
    "bonuses_expiring",
]


@pytest.fixture(params=OTHER_STYLES)
def spoken(request, speaking):
    """A running stand-in of each style, empty."""
    running = speaking(request.param)
    running.control("POST", "reset")
    running.control("PUT", "settings", {"pace": None})
    return running


def call(running, method, path, headers=None, **body):
    return requests.request(
        method,
        running.url + path,
        headers=running.headers() if headers is None else headers,
        timeout=10,
        **body,
    )


def tell(running, kind, event_id):
    method, path, body = WORDS[running.style](kind, event_id)
    return call(running, method, path, **body)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_counted_alike(spoken, kind):
    assert tell(spoken, kind, "e1").status_code < 300
    (row,) = spoken.control("GET", f"events?operation={kind}")
    seen = (row["event_id"], row["phone"], row["amount"], row["order"])
    expected = {
        "balance_set": ("e1", PHONE, 180.5, None),
        "bonuses_expiring": ("e1", None, None, None),
    }
    assert seen == expected.get(kind, ("e1", PHONE, 180.5, "Shop/1"))
    assert tell(spoken, kind, "e1").status_code < 300
    counts = spoken.counts()
    assert counts["by_event_id"] == {"e1": 2}
    assert counts["by_operation"][kind] == 2


def test_webhooks_balances_and_purchases_are_listed(spoken):
    for number, kind in enumerate(KINDS):
        tell(spoken, kind, f"e{number}")
    hooks = [row["operation"] for row in spoken.control("GET", "webhooks")]
    assert hooks == KINDS[2:]
    (balance,) = spoken.control("GET", "balances")
    assert (balance["phone"], balance["amount"]) == (PHONE, 180.5)
    (purchase,) = spoken.control("GET", "purchases")
    assert purchase["order_id"] == "o1"


def test_faults_strike_by_operation_and_phone(spoken):
    spoken.fault("balance_set", answer="unknown_customer", phone=PHONE)
    assert tell(spoken, "balance_set", "e1").status_code == 404
    spoken.fault("bonus_accrual", status=502, processed=True)
    assert tell(spoken, "bonus_accrual", "e2").status_code == 502
    assert tell(spoken, "bonus_redemption", "e3").status_code < 300
    assert spoken.counts()["by_event_id"] == {"e2": 1, "e3": 1}


def test_unknown_customers_can_be_refused(spoken):
    spoken.control("PUT", "settings", {"unknown_client": "404"})
    answer = tell(spoken, "balance_set", "e1")
    assert answer.status_code == (200 if spoken.style == "rest-path" else 404)
    assert "customer" in answer.text or "contact" in answer.text
    assert spoken.counts()["arrivals"] == 0
    spoken.control("POST", "clients", [{"userPhoneNumber": PHONE}])
    assert tell(spoken, "balance_set", "e1").status_code < 300
    assert spoken.counts()["arrivals"] == 1


def test_what_does_not_fit_is_a_400_that_says_what(spoken):
    method, path, body = WORDS[spoken.style]("balance_set", "e1")
    content = body["json"].get("data", body["json"])
    moment = next(name for name in content if name.endswith("at"))
    for name, value in ((moment, "2026-01-31T10:15:00"), ("nonsense", 1)):
        wrong = {**content, name: value}
        sent = {**body["json"], "data": wrong} if "data" in body["json"] else wrong
        answer = call(spoken, method, path, json=sent)
        assert answer.status_code == 400
        assert name in answer.text
    assert call(spoken, method, path, data="{").status_code == 400
    assert call(spoken, method, f"{path}?odd=1", **body).status_code == 400
    assert call(spoken, "GET", "/nothing").status_code == 404
    refused = call(spoken, "OPTIONS", path)
    assert (refused.status_code, refused.headers["Allow"]) == (405, method)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer x"}])
def test_wrong_credentials_are_refused(spoken, header):
    path = spoken.control("GET", "about")["addresses"]["connection_test"].split()[1]
    assert call(spoken, "GET", path).status_code == 200
    answer = call(spoken, "GET", path, headers=header)
    if spoken.style == "rest-path":
        assert answer.status_code == 200
        assert answer.json()["error"]["code"] == "invalid_auth"
    else:
        assert answer.status_code == 401
        assert "WWW-Authenticate" in answer.headers
    assert spoken.control("GET", "events")[-1]["processed"] is False


def test_secrets_are_not_kept(spoken):
    tell(spoken, "purchase_details", "e1")
    stored = b"".join(
        path.read_bytes() for path in spoken.db.parent.glob(spoken.db.name + "*")
    )
    assert b"Shop/1" in stored
    assert SECRET.encode() not in stored


def test_batch_has_a_result_for_each_row(speaking):
    running = speaking("envelope")
    running.control("POST", "reset")
    _, path, body = envelope("purchase_details", "e1")
    (good,) = body["json"]["data"]
    rows = [good, {**good, "event_id": "e2", "total_amount": "5"}]
    rows += [{**good, "event_id": f"b{n}", "order_id": f"o{n}"} for n in range(998)]
    answer = call(running, "POST", path, json={"data": rows}).json()
    told = [result["status"] for result in answer["data"]]
    assert told == ["accepted", "rejected"] + ["accepted"] * 998
    assert "total_amount" in answer["data"][1]["error"]["detail"]
    assert answer["meta"] == {"accepted": 999, "rejected": 1}
    counts = running.counts()
    assert (counts["distinct"], counts["refused"]) == (999, 1)
    assert len(running.control("GET", "purchases")) == 999
    (row,) = running.control("GET", "events?event_id=b997")
    assert row["body"]["order_id"] == "o997"
    running.control("PUT", "settings", {"repeats": "flag"})
    again = call(running, "POST", path, json={"data": [good]}).json()
    assert again["data"][0]["status"] == "duplicate"
    too_many = [*rows, {**good, "event_id": "one too many"}]
    assert call(running, "POST", path, json={"data": too_many}).status_code == 400


def test_asked_whether_an_event_was_received(speaking):
    running = speaking("oauth")
    running.control("POST", "reset")
    running.control("PUT", "settings", {"pace": None})
    assert not call(running, "GET", "/events/e1").json()["received"]
    running.fault("purchase_details", close="after")
    with pytest.raises(requests.ConnectionError):
        tell(running, "purchase_details", "e1")
    yes = {"received": True, "times": 1}
    assert call(running, "GET", "/events/e1").json() == yes
    assert call(running, "GET", "/events?order_id=o1").json() == yes
    assert not call(running, "GET", "/events?order_id=o2").json()["received"]


def test_customer_is_changed_and_erased(speaking):
    running = speaking("oauth")
    running.control("POST", "reset")
    path = f"/customers/{PLUS}"
    body = {"name": {"given": "Олена"}, "dob": "1990-05-17"}
    assert call(running, "PATCH", path, json=body).json()["dob"] == "1990-05-17"
    assert call(running, "GET", path).json()["name"]["given"] == "Олена"
    assert call(running, "DELETE", path).status_code == 204
    assert call(running, "GET", path).status_code == 404


def test_pace_is_limited_without_retry_after(speaking):
    running = speaking("oauth")
    running.control("POST", "reset")
    assert running.control("GET", "settings")["pace"] == 10
    running.control("PUT", "settings", {"pace": 3})
    answers = [tell(running, "bonus_accrual", f"e{n}") for n in range(6)]
    statuses = [answer.status_code for answer in answers]
    # Six quick requests fit in one second, or at most touch the next.
    assert statuses[:4] == [200, 200, 200, 429]
    assert "Retry-After" not in answers[3].headers
    assert running.counts()["arrivals"] == statuses.count(200)


def test_token_runs_out(tmp_path):
    options = ("--secret", SECRET, "--token-seconds", "1", "--user", "me")
    running = Running(tmp_path / "db", *options, style="oauth")
    try:
        form = {"grant_type": "client_credentials"}
        wrong = {**form, "client_id": "me", "client_secret": "x"}
        refused = call(running, "POST", "/oauth/token", headers={}, data=wrong)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
        answer = requests.post(
            f"{running.url}/oauth/token", data=form, auth=("me", SECRET), timeout=10
        ).json()
        assert answer["expires_in"] == 1
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        end = time.monotonic() + 20
        while call(running, "GET", "/me", headers=bearer).status_code != 401:
            assert time.monotonic() < end, "the token never runs out"
            time.sleep(0.2)
    finally:
        running.stop()
