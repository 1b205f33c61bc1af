"""The operations of InBoost as shipped: one table. Addresses, verbs and bodies are
defaults that an administrator can change; each says how well it is known.

``attested``: seen in independent sources; ``weak``: in one; ``assumed``: in none."""

from dataclasses import dataclass

PHONE = "phone(phone, phone_style)"
#: A time that can be understood alone: the company's, with its offset from UTC.
MOMENT = "'yyyy-MM-ddTHH:mm:ssXXX'"

CLIENT = (
    f"{{userPhoneNumber: {PHONE}, userName: firstname, lastName: lastname, "
    "email: email, birth: birthdate, profession: specialty, lang: lang}"
)
#: What many servers answer with 200 to a request that they refused. To JMESPath 0 is
#: true, and some have ``error: 0`` when all is well.
FAILURE = "success == `false` || (error && error != `0`) || (errors && errors != `0`)"
#: From a row to the keys of lib.customers.Customer.
ROW = (
    "{inboost_id: id, phone: userPhoneNumber, firstname: userName, "
    "lastname: lastName, email: email, birthdate: birth, source: source, "
    "specialty: profession, lang: lang}"
)
#: The answer about one customer has another name for its id.
FOUND = ROW.replace("inboost_id: id,", "inboost_id: id || userId,")
#: One body for every style of paging: what a style does not use is null and left out.
LIST = (
    "{Lang: 'UA', Filters: since && [{property: 'Changed', opr: `4`, "
    f"filterValue: date(since, {MOMENT}, 'UTC')}}] || `[]`, Page: page, "
    "PageSize: page_size, Offset: offset, Limit: limit, Cursor: cursor}"
)
PURCHASE = (
    f"{{event: '%s', eventId: event_id, UserPhoneNumber: {PHONE}, "
    f"orderNumber: number, orderId: uuid, date: date(time, {MOMENT}), "
    "total: total, currency: currency, shop: shop, refundOf: refund_of.number}"
)
DETAILS = (
    f"{{eventId: event_id, userPhoneNumber: {PHONE}, orderNumber: number, "
    f"orderId: uuid, date: date(time, {MOMENT}), shop: shop, currency: currency, "
    "total: total, discount: discount, tax: tax, cashRounding: rounding, "
    "bonusesSpent: bonuses_spent, promotions: promotions, giftCards: gift_cards, "
    "ewallets: ewallets, "
    "isRefund: is_refund, refundOf: refund_of.number, "
    "lines: lines[].{productId: product_id, sku: sku, barcode: barcode, "
    "name: name, category: category, quantity: quantity, price: unit_price, "
    "discount: discount, tax: tax, total: total}, "
    "payments: payments[].{method: method, amount: amount}}"
)
BONUS = (
    f"{{event: '%s', eventId: event_id, code: code, UserPhoneNumber: {PHONE}, "
    "amount: amount, balance: balance, program: program, reason: reason, "
    "orderId: order.uuid, "
    f"date: date(time, {MOMENT})}}"
)


#: Fields of an endpoint that hold an expression over the fact, and over the answer.
OF_REQUEST = ("query", "headers", "body")
OF_ANSWER = (
    "answers_path",
    "rows_path",
    "total_path",
    "next_path",
    "row_map",
    "repeat_path",
    "failure_path",
    "text_path",
    "received_path",
)
EXPRESSIONS = (*OF_REQUEST, "batch_body", *OF_ANSWER)
#: Operations that ask, so that there is nothing to bundle; nor is there in a notice,
#: which is about many already.
ALONE = (
    "connection_test",
    "customers_list",
    "customer_find",
    "bonuses_expiring",
    "event_check",
)


@dataclass(frozen=True)
class OperationDefault:
    """:ivar kind: ``api`` (path below the backend's address, authorised) or
    ``webhook`` (a full address with its token, pasted by the administrator)
    :ivar body: JMESPath over the fact and its envelope (event_id, phone, key,
        phone_style); empty for no body
    :ivar personal: about one customer, so that it waits for a phone
    :ivar rows, total, next: JMESPaths over the answer of a list: the rows, how many
        there are in all, the next page (see lib.paging)
    :ivar row: JMESPath from a row to a customer
    :ivar failure_path: JMESPath over an answer, true when it is a refusal though its
        status is 2xx
    :ivar repeat_path: the same, true when InBoost had the event before
    :ivar received_path: JMESPath over an answer: whether InBoost has the event that was
        asked about, true or false
    :ivar text_path: JMESPath over an answer: the words that people read as the reason;
        empty for the usual places
    :ivar not_found, conflict, web_page: what a 404, a 409 and a web page mean, see
        lib.outcome"""

    title: str
    kind: str = "api"
    method: str = "POST"
    path: str = ""
    body: str = ""
    guarantee: str = "at_least_once"
    enabled: bool = True
    known: str = "assumed"
    personal: bool = True
    rows: str = ""
    total: str = ""
    next: str = ""
    row: str = ""
    failure_path: str = FAILURE
    repeat_path: str = ""
    received_path: str = ""
    text_path: str = ""
    not_found: str = "address_until_proven"
    conflict: str = "busy"
    web_page: str = "refused"


OPERATIONS: dict[str, OperationDefault] = {
    "connection_test": OperationDefault(
        "Connection test", method="GET", path="/api/Users/GetPortalUser", known="weak"
    ),
    "customers_list": OperationDefault(
        "List customers",
        path="/wapi/Clients",
        body=LIST,
        # The first of them that is a list, were it empty. InBoost spells it so: sic.
        rows="[data, entites, @][?type(@) == 'array'] | [0]",
        total="totalCount",
        next="nextCursor",
        row=ROW,
    ),
    "customer_find": OperationDefault(
        "Find a customer by phone",
        path="/api/booking_settings/getUser",
        body=f"{{userPhone: {PHONE}}}",
        known="weak",
        # An empty list is nobody, and not the object around it.
        rows="[data, entites, @][?@ != `null`] | [0]",
        row=FOUND,
    ),
    "customer_upsert": OperationDefault(
        "Create a customer",
        path="/api/MyClients/AddNewClient",
        body=CLIENT,
        enabled=False,
        known="attested",
    ),
    "balance_set": OperationDefault(
        "Set the bonus balance",
        path="/api/Bonuses/SetBalance",
        body=f"{{eventId: event_id, userPhoneNumber: {PHONE}, amount: amount, "
        f"date: date(time, {MOMENT})}}",
    ),
    "purchase": OperationDefault(
        "Purchase",
        kind="webhook",
        body=PURCHASE % "purchase",
        guarantee="at_most_once",
        known="weak",
    ),
    "purchase_refund": OperationDefault(
        "Refund",
        kind="webhook",
        body=PURCHASE % "refund",
        guarantee="at_most_once",
        enabled=False,
    ),
    "purchase_details": OperationDefault(
        "Purchase details",
        path="/api/Purchases/AddPurchase",
        body=DETAILS,
        # Nobody attests that InBoost drops repeats.
        guarantee="at_most_once",
    ),
    "bonus_accrual": OperationDefault(
        "Bonus accrual",
        kind="webhook",
        body=BONUS % "bonus_accrual",
        guarantee="at_most_once",
        known="weak",
    ),
    "bonus_redemption": OperationDefault(
        "Bonus redemption",
        kind="webhook",
        body=BONUS % "bonus_redemption",
        guarantee="at_most_once",
        known="weak",
    ),
    "bonuses_expiring": OperationDefault(
        "Bonuses about to expire",
        kind="webhook",
        body="{event: 'bonuses_expiring', eventId: event_id, date: date, "
        "phones: phones}",
        guarantee="at_most_once",
        known="weak",
        personal=False,
    ),
    "event_check": OperationDefault(
        "Was it received?",
        method="GET",
        enabled=False,
        received_path="received",
    ),
}

#: As a selection.
TITLES: list[tuple[str, str]] = [
    (name, operation.title) for name, operation in OPERATIONS.items()
]
