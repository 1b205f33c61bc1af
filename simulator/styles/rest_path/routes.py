"""REST with the phone in the path; what goes wrong is said inside a 200.

As some platforms do: the status is about the transport, ``ok`` about the matter.
"""

from pathlib import Path

from ...call import Answer, Refusal
from ...listing import read_page
from ...style import Style, fact, number, same, word
from ...times import as_utc
from . import shapes

CODES = {404: "not_found", 405: "method_not_allowed", 400: "bad_request"}
EVENTS = {
    "purchase": "purchase",
    "refund": "purchase_refund",
    "accrual": "bonus_accrual",
    "redemption": "bonus_redemption",
}
NAMES = {
    "id": "id",
    "userPhoneNumber": "phone",
    "userName": "first_name",
    "lastName": "last_name",
    "email": "email",
    "birth": "birthday",
    "source": "source",
    "profession": "specialty",
    "lang": "language",
    "changed": "updated_at",
}
OURS = {name: ours for ours, name in NAMES.items()}


def refuse(refusal):
    code = refusal.code or CODES.get(refusal.status, f"http_{refusal.status}")
    error = {"code": code, "message": refusal.detail or code.replace("_", " ")}
    if refusal.errors:
        error["fields"] = refusal.errors
    answer = {"ok": False, "error": error}
    return Answer.json(answer, refusal.status, refusal.headers)


def authorise(call, simulator):
    given = call.headers.get("x-api-key", "")
    if simulator.secret and not same(given, simulator.secret):
        raise Refusal(200, "X-Api-Key is missing or wrong", code="invalid_auth")


def facts(call):
    data, operation = call.data, call.operation
    if operation == "event":
        operation = EVENTS.get(word(data, "type"), operation)
    order = word(data, "order_id")
    found = fact(
        operation,
        phone=call.params.get("phone"),
        event_id=word(data, "id"),
        order=word(data, "order_number") or order,
        amount=number(data, "amount", "points", "total"),
        code=word(data, "code") or order,
    )
    return [found]


style = Style(
    name="rest-path",
    title="REST with the phone in the path, failures inside 200",
    contract=Path(__file__).with_name("openapi.yaml"),
    facts=facts,
    refuse=refuse,
    authorise=authorise,
)


def fine(result=None, repeat=None):
    answer = {"ok": True, "result": result}
    return Answer.json(answer if repeat is None else {**answer, "duplicate": repeat})


def shown(client):
    """A client's row in the words of this style; broken ones stay broken."""
    if not isinstance(client, dict):
        return client
    row = {NAMES.get(name, name): value for name, value in client.items()}
    phone = row.get("phone")
    if isinstance(phone, str) and phone.isdecimal():
        row["phone"] = f"+{phone}"
    return row


def phone_of(call):
    phone = call.params["phone"]
    if not shapes.PHONE.fullmatch(phone):
        raise Refusal(400, f"{phone} in the path is not a phone in E.164, with its +")
    return phone.lstrip("+")


def known(call, simulator):
    """
    :return: the digits of the phone in the path
    :raise Refusal: when it is none, or where an unknown customer is refused
    """
    digits = phone_of(call)
    refused = simulator.settings.unknown_client == "404"
    if refused and simulator.clients.find(digits) is None:
        raise Refusal(200, f"there is no customer +{digits}", code="customer_not_found")
    return digits


@style.route("GET", "/v1/ping", "connection_test")
def connection_test(call, simulator):
    return fine({"account": "Stand-in"})


@style.route("GET", "/v1/customers", "customers_list", query=shapes.ListQuery)
def customers_list(call, simulator, query):
    where, values = "1", ()
    if query.changed_since:
        where, values = "changed >= ?", (as_utc(query.changed_since),)
    page = read_page(
        simulator, query.limit, start=query.offset, where=where, values=values
    )
    items = [shown(row) for row in page.rows]
    return Answer.json({"ok": True, "total": page.total, "items": items})


@style.route("GET", "/v1/customers/{phone}", "customer_find")
def customer_find(call, simulator):
    phone = known(call, simulator)
    client = simulator.clients.find(phone)
    if client is None:
        raise Refusal(200, f"there is no customer +{phone}", code="customer_not_found")
    return fine(shown(client))


@style.route("PUT", "/v1/customers/{phone}", "customer_upsert", body=shapes.Customer)
def customer_upsert(call, simulator, customer):
    # Putting a customer is how it becomes known.
    phone = phone_of(call)
    sent = customer.model_dump(exclude_unset=True)
    row = {OURS[name]: value for name, value in sent.items()}
    simulator.clients.put([{**row, "userPhoneNumber": phone}])
    return fine(shown(simulator.clients.find(phone)))


@style.route("PUT", "/v1/customers/{phone}/balance", "balance_set", body=shapes.Balance)
def balance_set(call, simulator, balance):
    phone, repeat = known(call, simulator), simulator.repeated(call)
    if not repeat:
        simulator.store.set_balance(phone, balance.points, balance.at, balance.id)
    return fine(repeat=repeat)


@style.route(
    "POST", "/v1/customers/{phone}/purchases", "purchase_details", body=shapes.Purchase
)
def purchase_details(call, simulator, purchase):
    phone, repeat = known(call, simulator), simulator.repeated(call)
    if not repeat:
        sent = purchase.model_dump(exclude_unset=True)
        simulator.store.add_purchase(phone, purchase.id, {"phone": phone, **sent})
    return fine(repeat=repeat)


@style.route("POST", "/v1/customers/{phone}/events", "event", body=shapes.Event)
def event(call, simulator, event):
    known(call, simulator)
    return fine(repeat=simulator.repeated(call))


@style.route("POST", "/v1/notices/expiring", "bonuses_expiring", body=shapes.Expiring)
def bonuses_expiring(call, simulator, notice):
    return fine({"customers": len(notice.phones)}, simulator.repeated(call))
