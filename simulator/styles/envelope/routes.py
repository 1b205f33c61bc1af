"""Everything in an envelope, snake_case, money as text; purchases in batches."""

import base64
import json
from pathlib import Path

from ...call import Answer, Refusal
from ...listing import read_page
from ...style import Style, fact, same, word
from ...times import as_utc
from . import shapes

EVENTS = {"refund": "purchase_refund"}
NAMES = {
    "id": "contact_id",
    "userPhoneNumber": "phone_number",
    "userName": "first_name",
    "lastName": "last_name",
    "email": "email_address",
    "birth": "birth_date",
    "source": "acquisition_source",
    "profession": "occupation",
    "lang": "locale",
    "changed": "changed_at",
}
OURS = {name: ours for ours, name in NAMES.items()}
LOCALES = {"UA": "uk", "RU": "ru", "EN": "en"}
LANGUAGES = {locale: lang for lang, locale in LOCALES.items()}


def refuse(refusal):
    title = refusal.code or f"http_{refusal.status}"
    errors = [
        {"code": title, "field": field, "detail": text}
        for field, texts in (refusal.errors or {"": [refusal.detail or title]}).items()
        for text in texts
    ]
    content = {"data": None, "meta": {}, "errors": errors}
    return Answer.json(content, refusal.status, refusal.headers)


def authorise(call, simulator):
    if not simulator.secret:
        return
    pair = f"{simulator.user}:{simulator.secret}".encode()
    expected = "Basic " + base64.b64encode(pair).decode()
    if not same(call.headers.get("authorization", ""), expected):
        raise Refusal(
            401,
            "user or key is wrong",
            headers={"WWW-Authenticate": 'Basic realm="loyalty"'},
            code="unauthorized",
        )


def amount(text):
    """Money as a number, for the count; None when it is none."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def facts(call):
    body = call.data if isinstance(call.data, dict) else {}
    data = body.get("data")
    if call.operation == "purchase_details" and isinstance(data, list):
        return [batched(row) for row in data]
    operation = call.operation
    if operation == "event":
        told = word(data, "event_type")
        operation = EVENTS.get(told, told) or operation
    found = fact(
        operation,
        phone=word(data, "phone_number"),
        event_id=word(body.get("meta"), "event_id"),
        order=word(data, "order_number", "order_id"),
        amount=amount(word(data, "amount", "bonus_balance")),
        code=word(data, "event_code", "order_id"),
    )
    return [found]


def batched(row):
    found = fact(
        "purchase_details",
        phone=word(row, "phone_number"),
        event_id=word(row, "event_id"),
        order=word(row, "order_number", "order_id"),
        amount=amount(word(row, "total_amount")),
        code=word(row, "order_id"),
    )
    return {**found, "body": json.dumps(row, ensure_ascii=False)}


style = Style(
    name="envelope",
    title="Envelopes, snake_case, a cursor in the body, Basic, batches",
    contract=Path(__file__).with_name("openapi.yaml"),
    facts=facts,
    refuse=refuse,
    authorise=authorise,
    has_cursor=True,
)


def wrapped(data, status=200, **meta):
    return Answer.json({"data": data, "meta": meta}, status)


def shown(client):
    """A client's row in the words of this style; broken ones stay broken."""
    if not isinstance(client, dict):
        return client
    row = {NAMES.get(name, name): value for name, value in client.items()}
    if isinstance(row.get("locale"), str):
        row["locale"] = LOCALES.get(row["locale"], row["locale"])
    return row


def check_known(phone, simulator):
    """
    :raise Refusal: 404, where an unknown customer is refused
    """
    refused = simulator.settings.unknown_client == "404"
    if refused and simulator.clients.find(phone) is None:
        raise Refusal(404, f"no contact has {phone}", code="contact_not_found")


@style.route("GET", "/loyalty/v2/account", "connection_test")
def connection_test(call, simulator):
    return wrapped({"account_name": "Stand-in"})


@style.route(
    "POST", "/loyalty/v2/contacts/search", "customers_list", body=shapes.SearchBody
)
def customers_list(call, simulator, body):
    where, values = "1", ()
    if body.data.changed_since:
        where, values = "changed >= ?", (as_utc(body.data.changed_since),)
    page = read_page(
        simulator,
        body.data.limit,
        cursor=body.data.cursor or "",
        where=where,
        values=values,
    )
    rows = [shown(row) for row in page.rows]
    if simulator.settings.listing == "cursor_elsewhere":
        after = {"cursors": {"after": page.cursor}}
        return wrapped(rows, total_count=page.total, paging=after)
    return wrapped(rows, total_count=page.total, next_cursor=page.cursor)


@style.route(
    "POST", "/loyalty/v2/contacts/lookup", "customer_find", body=shapes.LookupBody
)
def customer_find(call, simulator, body):
    check_known(body.data.phone_number, simulator)
    client = simulator.clients.find(body.data.phone_number)
    return wrapped(client and shown(client))


@style.route("POST", "/loyalty/v2/contacts", "customer_upsert", body=shapes.ContactBody)
def customer_upsert(call, simulator, body):
    sent = body.data.model_dump(exclude_unset=True)
    row = {OURS[name]: value for name, value in sent.items()}
    if row.get("lang"):
        row["lang"] = LANGUAGES[row["lang"]]
    simulator.clients.put([row])
    return wrapped(shown(simulator.clients.find(body.data.phone_number)), 201)


@style.route("POST", "/loyalty/v2/balances", "balance_set", body=shapes.BalanceBody)
def balance_set(call, simulator, body):
    data = body.data
    check_known(data.phone_number, simulator)
    if not simulator.repeated(call):
        simulator.store.set_balance(
            data.phone_number,
            float(data.bonus_balance),
            data.changed_at,
            body.meta.event_id,
        )
    return Answer(202)


@style.route("POST", "/loyalty/v2/events", "event", body=shapes.EventBody)
def event(call, simulator, body):
    if isinstance(body.data, shapes.CustomerEvent):
        check_known(body.data.phone_number, simulator)
    simulator.repeated(call)
    return Answer(202)


@style.route(
    "POST", "/loyalty/v2/purchases/batch", "purchase_details", body=shapes.BatchBody
)
def purchase_details(call, simulator, body):
    results = [take_row(row, simulator) for row in body.data]
    taken = [result["status"] != "rejected" for result in results]
    answer = wrapped(results, accepted=sum(taken), rejected=taken.count(False))
    answer.rows_taken = taken
    return answer


def take_row(row, simulator):
    """The result of one purchase of a batch."""
    result = {"event_id": word(row, "event_id"), "status": "rejected"}
    try:
        purchase = style.validate(shapes.Purchase, row)
        check_known(purchase.phone_number, simulator)
    except Refusal as refusal:
        code = refusal.code or "invalid"
        detail = (
            f"{refusal.detail}: {refusal.errors}" if refusal.errors else refusal.detail
        )
        return {**result, "error": {"code": code, "detail": detail}}
    first = simulator.store.first_time(purchase.event_id)
    if not first and simulator.settings.repeats != "accept":
        return {**result, "status": "duplicate"}
    simulator.store.add_purchase(
        purchase.phone_number,
        purchase.event_id,
        purchase.model_dump(exclude_unset=True),
    )
    return {**result, "status": "accepted"}
