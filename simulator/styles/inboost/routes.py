"""InBoost's own routes. What of them is attested is said in openapi.yaml."""

import re
from http import HTTPStatus
from pathlib import Path

from ...call import Answer, Refusal
from ...listing import read_page
from ...style import EVENTS, Style, fact, number, same, word
from . import shapes
from .filters import condition

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
ZONELESS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+")
KINDS = {"refund": "purchase_refund", **{name: name for name in EVENTS}}
PORTAL_USER = {
    "id": "5f0c5c5e-6a0e-4d8a-9d0b-0f5a3c1e7b11",
    "userName": "InBoost stand-in",
    "email": "portal@example.com",
    "lang": "UA",
}


def refuse(refusal):
    """A problem document, as ASP.NET writes them (RFC 9457)."""
    try:
        title = HTTPStatus(refusal.status).phrase
    except ValueError:
        title = "Unknown"
    content = {"title": title, "status": refusal.status}
    if refusal.detail:
        content["detail"] = refusal.detail
    if refusal.errors:
        content["errors"] = refusal.errors
    kind = "application/problem+json"
    return Answer.json(content, refusal.status, refusal.headers, kind)


def authorise(call, simulator):
    given = call.headers.get("authorization", "")
    if simulator.secret and not same(given, f"Bearer {simulator.secret}"):
        raise Refusal(401, headers={"WWW-Authenticate": "Bearer"})


def facts(call):
    data, operation = call.data, call.operation
    if call.route.webhook:
        event = word(data, "event")
        operation = KINDS.get(event) or event or operation
    found = fact(
        operation,
        phone=word(data, "userPhoneNumber", "UserPhoneNumber", "userPhone"),
        event_id=word(data, "eventId") or call.headers.get("idempotency-key") or None,
        order=word(data, "orderNumber", "orderId"),
        amount=number(data, "amount", "total"),
        code=word(data, "code", "orderId"),
    )
    return [found]


style = Style(
    name="inboost",
    title="InBoost, as far as it is known",
    contract=Path(__file__).with_name("openapi.yaml"),
    facts=facts,
    refuse=refuse,
    authorise=authorise,
    wrong_shape=422,
    wrong_type=415,
    has_cursor=True,
)


@style.route("GET", "/api/Users/GetPortalUser", "connection_test")
def connection_test(call, simulator):
    return Answer.json(PORTAL_USER)


@style.route("POST", "/wapi/Clients", "customers_list", body=shapes.ListQuery)
def customers_list(call, simulator, query):
    settings = simulator.settings
    parts = [condition(wanted) for wanted in query.Filters]
    where = " AND ".join(sql for sql, _ in parts) or "1"
    values = [value for _, some in parts for value in some]
    place = {
        "page": {"start": (query.Page - 1) * query.PageSize},
        "offset": {"start": query.Offset},
        "cursor": {"cursor": query.Cursor or ""},
    }[settings.style]
    size = query.Limit if settings.style == "offset" else query.PageSize
    page = read_page(simulator, size, where=where, values=values, **place)
    if settings.shape == "bare":
        return Answer.json(page.rows)
    answer = {"totalCount": page.total, settings.shape: page.rows}
    if settings.style == "cursor" and settings.listing == "cursor_elsewhere":
        answer["paging"] = {"cursors": {"after": page.cursor}}
    elif settings.style == "cursor":
        answer["nextCursor"] = page.cursor
    return Answer.json(answer)


@style.route(
    "POST", "/api/booking_settings/getUser", "customer_find", body=shapes.FindQuery
)
def customer_find(call, simulator, query):
    client = simulator.clients.find(query.userPhone)
    if client is None and simulator.settings.unknown_client == "404":
        raise Refusal(404, "no such client")
    return Answer.json(client or {})


@style.route(
    "POST", "/api/MyClients/AddNewClient", "customer_upsert", body=shapes.NewClient
)
def customer_upsert(call, simulator, client):
    if simulator.clients.find(client.userPhoneNumber) is not None:
        raise Refusal(409, "userPhoneNumber is taken")
    given = {name: v for name, v in as_sent(client).items() if v is not None}
    simulator.clients.put([given])
    return Answer.json(simulator.clients.find(client.userPhoneNumber))


@style.route("POST", "/api/Bonuses/SetBalance", "balance_set", body=shapes.Balance)
def balance_set(call, simulator, balance):
    check_moment(simulator, balance.date)
    repeat = simulator.repeated(call)
    if not repeat:
        simulator.store.set_balance(
            balance.userPhoneNumber, balance.amount, balance.date, balance.eventId
        )
    return Answer.json({"eventId": balance.eventId, "repeat": repeat})


@style.route(
    "POST", "/api/Purchases/AddPurchase", "purchase_details", body=shapes.Purchase
)
def purchase_details(call, simulator, purchase):
    check_moment(simulator, purchase.date)
    answer = {"eventId": purchase.eventId, "repeat": simulator.repeated(call)}
    if not answer["repeat"]:
        answer["id"] = simulator.store.add_purchase(
            purchase.userPhoneNumber, purchase.eventId, as_sent(purchase)
        )
    return Answer.json(answer)


@style.route("POST", "/api/webhok/{token}/?", "webhook", body=shapes.Hook, webhook=True)
def webhook(call, simulator, hook):
    if not TOKEN.fullmatch(call.params["token"]):
        raise Refusal(404, "no flow listens here")
    for name in ("date", "time"):
        check_moment(simulator, word(call.data, name))
    return Answer.json({"accepted": True, "repeat": simulator.repeated(call)})


def as_sent(shape):
    """The fields that were sent, and no others."""
    return shape.model_dump(exclude_unset=True)


def check_moment(simulator, moment):
    """
    :raise Refusal: for a time that cannot be understood alone, where that is asked
    """
    if simulator.strict_times and moment and ZONELESS.fullmatch(moment):
        why = f"{moment} has neither an offset nor a Z"
        raise Refusal(400, why, {"date": [why]})
