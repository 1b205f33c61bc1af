"""The operations of InBoost as shipped: one table. Addresses, verbs and bodies are
defaults that an administrator can change; each says how well it is known.

``attested``: seen in independent sources; ``weak``: in one; ``assumed``: in none."""

from dataclasses import dataclass

PHONE = "phone(phone, phone_style)"
MINUTE = "'YYYY-MM-DDTHH:mm'"

CLIENT = (
    f"{{userPhoneNumber: {PHONE}, userName: firstname, lastName: lastname, "
    "email: email, birth: birthdate, profession: specialty, lang: lang}"
)
#: From a row to the keys of lib.customers.Customer.
ROW = (
    "{inboost_id: id, phone: userPhoneNumber, firstname: userName, "
    "lastname: lastName, email: email, birthdate: birth, source: source, "
    "specialty: profession, lang: lang}"
)
#: One body for every style of paging: what a style does not use is null and left out.
LIST = (
    "{Lang: 'UA', Filters: since && [{property: 'Changed', opr: `4`, "
    f"filterValue: date(since, {MINUTE})}}] || `[]`, Page: page, PageSize: page_size, "
    "Offset: offset, Limit: limit, Cursor: cursor}"
)
PURCHASE = (
    f"{{event: '%s', eventId: event_id, UserPhoneNumber: {PHONE}, "
    f"orderNumber: number, orderId: uuid, date: date(time, {MINUTE}), "
    "total: total, currency: currency, shop: shop, refundOf: refund_of.number}"
)
DETAILS = (
    f"{{eventId: event_id, userPhoneNumber: {PHONE}, orderNumber: number, "
    f"orderId: uuid, date: date(time, {MINUTE}), shop: shop, currency: currency, "
    "total: total, discount: discount, tax: tax, bonusesSpent: bonuses_spent, "
    "isRefund: is_refund, refundOf: refund_of.number, "
    "lines: lines[].{sku: sku, barcode: barcode, name: name, category: category, "
    "quantity: quantity, price: unit_price, discount: discount, tax: tax, "
    "total: total}, payments: payments[].{method: method, amount: amount}}"
)
BONUS = (
    f"{{event: '%s', eventId: event_id, code: code, UserPhoneNumber: {PHONE}, "
    "amount: amount, balance: balance, program: program, reason: reason, "
    "orderId: order.uuid, "
    f"date: date(time, {MINUTE})}}"
)


@dataclass(frozen=True)
class Operation:
    """:ivar kind: ``api`` (path below the backend's address, authorised) or
    ``webhook`` (a full address with its token, pasted by the administrator)
    :ivar body: JMESPath over the fact and its envelope (event_id, phone, key,
        phone_style); empty for no body
    :ivar personal: about one customer, so that it waits for a phone
    :ivar rows, total, next: JMESPaths over the answer of a list: the rows, how many
        there are in all, the cursor of the next page
    :ivar row: JMESPath from a row to a customer"""

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


OPERATIONS = {
    "connection_test": Operation(
        "Connection test", method="GET", path="/api/Users/GetPortalUser", known="weak"
    ),
    "customers_list": Operation(
        "List customers",
        path="/wapi/Clients",
        body=LIST,
        # The first of them that is a list, were it empty.
        rows="[data, entites, @][?type(@) == 'array'] | [0]",
        total="totalCount",
        next="nextCursor",
        row=ROW,
    ),
    "customer_find": Operation(
        "Find a customer by phone",
        path="/api/booking_settings/getUser",
        body=f"{{userPhone: {PHONE}}}",
        known="weak",
        rows="data || @",
        row=ROW,
    ),
    "customer_upsert": Operation(
        "Create a customer",
        path="/api/MyClients/AddNewClient",
        body=CLIENT,
        enabled=False,
        known="attested",
    ),
    "balance_set": Operation(
        "Set the bonus balance",
        path="/api/Bonuses/SetBalance",
        body=f"{{eventId: event_id, userPhoneNumber: {PHONE}, amount: amount, "
        f"date: date(time, {MINUTE})}}",
    ),
    "purchase": Operation(
        "Purchase",
        kind="webhook",
        body=PURCHASE % "purchase",
        guarantee="at_most_once",
        known="weak",
    ),
    "purchase_refund": Operation(
        "Refund",
        kind="webhook",
        body=PURCHASE % "refund",
        guarantee="at_most_once",
        enabled=False,
    ),
    "purchase_details": Operation(
        "Purchase details", path="/api/Purchases/AddPurchase", body=DETAILS
    ),
    "bonus_accrual": Operation(
        "Bonus accrual",
        kind="webhook",
        body=BONUS % "bonus_accrual",
        guarantee="at_most_once",
        known="weak",
    ),
    "bonus_redemption": Operation(
        "Bonus redemption",
        kind="webhook",
        body=BONUS % "bonus_redemption",
        guarantee="at_most_once",
        known="weak",
    ),
    "bonuses_expiring": Operation(
        "Bonuses about to expire",
        kind="webhook",
        body="{event: 'bonuses_expiring', eventId: event_id, date: date, "
        "phones: phones}",
        guarantee="at_most_once",
        known="weak",
        personal=False,
    ),
}
