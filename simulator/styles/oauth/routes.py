"""OAuth 2, ``Link`` headers, PATCH and DELETE, forms as webhooks, a limit of pace."""

import base64
import binascii
import re
import secrets
import time
from pathlib import Path
from urllib.parse import unquote_plus, urlencode

from ...call import Answer, Refusal
from ...listing import read_page
from ...style import FORM, Style, fact, number, same, word
from ...times import as_utc
from . import shapes

PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
EVENTS = {"refund": "purchase_refund"}


def refuse(refusal):
    content = {"error": refusal.code or f"http_{refusal.status}"}
    if refusal.detail:
        content["error_description"] = refusal.detail
    if refusal.errors:
        content["fields"] = refusal.errors
    return Answer.json(content, refusal.status, refusal.headers)


def authorise(call, simulator):
    if not simulator.secret:
        return
    token = call.headers.get("authorization", "").removeprefix("Bearer ")
    if simulator.tokens.get(token, 0) <= time.monotonic():
        raise Refusal(
            401,
            "the access token is unknown or has run out",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            code="invalid_token",
        )


def minor(value):
    """Minor units, a number or a text, as money; None when it is neither."""
    try:
        return int(value) / 100
    except (TypeError, ValueError):
        return None


def facts(call):
    data, operation = call.data, call.operation
    if call.route.webhook:
        told = word(data, "event")
        operation = EVENTS.get(told, told) or operation
    amount = number(data, "total_minor", "points_minor")
    if amount is None:
        amount = word(data, "amount_minor")
    found = fact(
        operation,
        phone=word(data, "phone") or call.params.get("phone"),
        event_id=word(data, "event_id"),
        order=word(data, "order_number", "number", "order_id", "id"),
        amount=minor(amount),
        code=word(data, "code", "order_id", "id"),
    )
    return [found]


style = Style(
    name="oauth",
    title="OAuth 2, Link headers, PATCH and DELETE, forms, a limit of pace",
    contract=Path(__file__).with_name("openapi.yaml"),
    facts=facts,
    refuse=refuse,
    authorise=authorise,
    pace=10,
    has_cursor=True,
)


@style.route(
    "POST",
    "/oauth/token",
    "token",
    body=shapes.TokenForm,
    content_type=FORM,
    public=True,
    secret=True,
)
def token(call, simulator, form):
    if form.grant_type != "client_credentials":
        raise Refusal(
            400, "client_credentials is expected", code="unsupported_grant_type"
        )
    user, secret = basic_pair(call) or (form.client_id or "", form.client_secret or "")
    right = same(user, simulator.user) and same(secret, simulator.secret or secret)
    if not right:
        raise Refusal(
            401,
            "client_id or client_secret is wrong",
            headers={"WWW-Authenticate": 'Basic realm="token"'},
            code="invalid_client",
        )
    given = secrets.token_urlsafe(24)
    now = time.monotonic()
    # What has run out is forgotten, or a long run would gather tokens.
    for old in [old for old, end in simulator.tokens.items() if end <= now]:
        del simulator.tokens[old]
    simulator.tokens[given] = now + simulator.token_seconds
    answer = {"access_token": given, "token_type": "Bearer"}
    answer["expires_in"] = int(simulator.token_seconds)
    return Answer.json(answer, headers={"Cache-Control": "no-store"})


def basic_pair(call):
    """Client id and secret of a Basic header (RFC 6749, 2.3.1), or None."""
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return None
    try:
        user, _, secret = base64.b64decode(value).decode().partition(":")
    except (ValueError, binascii.Error):
        return None
    return unquote_plus(user), unquote_plus(secret)


def shown(client):
    """A client's row in the words of this style; broken ones stay broken."""
    if not isinstance(client, dict):
        return client
    phone = client.get("userPhoneNumber")
    if isinstance(phone, str) and phone.isdecimal():
        phone = f"+{phone}"
    return {
        "id": client.get("id"),
        "phone": phone,
        "name": {"given": client.get("userName"), "family": client.get("lastName")},
        "email": client.get("email"),
        "dob": client.get("birth"),
        "language": client.get("lang"),
        "attributes": {
            "source": client.get("source"),
            "specialty": client.get("profession"),
        },
        "updated_at": client.get("changed"),
    }


def phone_of(call):
    """
    :raise Refusal: when what stands in the path is no phone
    """
    phone = call.params["phone"]
    if not PHONE.fullmatch(phone):
        raise Refusal(400, f"{phone} is not a phone in E.164, with its +")
    return phone.lstrip("+")


def check_known(phone, simulator):
    """
    :raise Refusal: 404, where an unknown customer is refused
    """
    refused = simulator.settings.unknown_client == "404"
    if refused and simulator.clients.find(phone) is None:
        raise Refusal(404, f"no customer has +{phone}", code="unknown_customer")


@style.route("GET", "/me", "connection_test")
def connection_test(call, simulator):
    return Answer.json({"client_id": simulator.user})


@style.route("GET", "/customers", "customers_list", query=shapes.ListQuery)
def customers_list(call, simulator, query):
    where, values = "1", ()
    if query.updated_after:
        where, values = "changed >= ?", (as_utc(query.updated_after),)
    page = read_page(
        simulator, query.page_size, cursor=query.after or "", where=where, values=values
    )
    rows = [shown(row) for row in page.rows]
    headers = {"X-Total-Count": str(page.total)}
    if page.cursor:
        again = {**query.model_dump(exclude_unset=True), "after": page.cursor}
        host = call.headers.get("host", "localhost")
        following = f"http://{host}/customers?{urlencode(again)}"
        if simulator.settings.listing == "cursor_elsewhere":
            return Answer.json({"rows": rows, "next": following}, headers=headers)
        headers["Link"] = f'<{following}>; rel="next"'
    return Answer.json(rows, headers=headers)


@style.route("GET", "/customers/{phone}", "customer_find")
def customer_find(call, simulator):
    client = simulator.clients.find(phone_of(call))
    if client is None:
        raise Refusal(404, "no customer has this phone", code="unknown_customer")
    return Answer.json(shown(client))


@style.route("PATCH", "/customers/{phone}", "customer_upsert", body=shapes.Customer)
def customer_upsert(call, simulator, customer):
    phone = phone_of(call)
    sent = customer.model_dump(exclude_unset=True)
    name, more = sent.get("name") or {}, sent.get("attributes") or {}
    row = {
        "userName": name.get("given"),
        "lastName": name.get("family"),
        "email": sent.get("email"),
        "birth": sent.get("dob"),
        "lang": sent.get("language"),
        "source": more.get("source"),
        "profession": more.get("specialty"),
    }
    given = {name: value for name, value in row.items() if value is not None}
    simulator.clients.put([{**given, "userPhoneNumber": phone}])
    return Answer.json(shown(simulator.clients.find(phone)))


@style.route("DELETE", "/customers/{phone}", "customer_erase")
def customer_erase(call, simulator):
    if not simulator.clients.delete("phone", phone_of(call)):
        raise Refusal(404, "no customer has this phone", code="unknown_customer")
    return Answer(204)


@style.route("PATCH", "/customers/{phone}/balance", "balance_set", body=shapes.Balance)
def balance_set(call, simulator, balance):
    phone = phone_of(call)
    check_known(phone, simulator)
    if not simulator.repeated(call):
        points = balance.points_minor / 100
        simulator.store.set_balance(phone, points, balance.updated_at, balance.event_id)
    return Answer(204)


@style.route("POST", "/orders", "purchase_details", body=shapes.Order)
def purchase_details(call, simulator, order):
    phone = order.phone.lstrip("+")
    check_known(phone, simulator)
    if simulator.repeated(call):
        return Answer.json({"id": order.id}, 200)
    sent = order.model_dump(exclude_unset=True)
    sent["order_id"] = sent.pop("id")
    simulator.store.add_purchase(phone, order.event_id, sent)
    return Answer.json({"id": order.id}, 201)


@style.route("GET", "/events/{event_id}", "event_received")
def event_received(call, simulator):
    event_id = call.params["event_id"]
    if not re.fullmatch(r"[A-Za-z0-9-]{1,100}", event_id):
        raise Refusal(400, f"{event_id} is not an event id")
    times = simulator.store.times_seen(event_id=event_id)
    return Answer.json({"received": times > 0, "times": times})


@style.route("GET", "/events", "event_received", query=shapes.EventQuery)
def order_received(call, simulator, query):
    times = simulator.store.times_seen(key=f"purchase_details:{query.order_id}")
    return Answer.json({"received": times > 0, "times": times})


@style.route(
    "POST",
    "/hooks/{token}",
    "webhook",
    body=shapes.Hook,
    content_type=FORM,
    webhook=True,
)
def webhook(call, simulator, hook):
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", call.params["token"]):
        raise Refusal(404, "no flow listens here", code="unknown_hook")
    if hook.phone:
        check_known(hook.phone.lstrip("+"), simulator)
    simulator.repeated(call)
    return Answer.json({"accepted": True})
