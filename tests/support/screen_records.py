"""Records of ours in every state, for those who look at screens."""

from tests.support.orders import PRELUDE

LANGUAGES = ("en_US", "uk_UA")

#: Run in Odoo's shell. Prints what there is to see, as one line of JSON:
#: ``records`` [model, id, what about it]; ``views`` [model, id, type] of
#: ours; ``dialogs``: models of ours that open in one; ``menus``
#: {role: [path, action, view]};
#: ``readable`` and ``creatable`` {role: models}.
MAKE = (
    f"LANGUAGES = {LANGUAGES}\n"
    + PRELUDE
    + """
import json
from datetime import timedelta
from psycopg2.extras import Json
from odoo import Command
from odoo.addons.inboost_connector.lib.facts import SAMPLES

# Nothing moves while it is looked at.
env["ir.cron"].search([]).active = False
env.company.country_id = env.ref("base.ua")
env["res.lang"]._activate_lang("uk_UA")
installed = env["ir.module.module"].search([("state", "=", "installed")])
installed._update_translations(["uk_UA"])
records = []

def show(record, *about):
    records.append((record._name, record.id, "-".join(filter(None, about))))
    return record

def values_of(model, name):
    field = env[model]._fields[name]
    return [value for value, _title in field._description_selection(env)]

def put(record, **values):
    "Past the rules of writing: how a record came to stand as it does is no matter."
    env.flush_all()
    for name in ("reason", "pause_reason"):
        if name in values and not record._fields[name].store:
            # Kept as a code and its arguments.
            code = name.replace("pause_reason", "pause")
            text = values.pop(name)
            values[f"{code}_code"] = "text" if text else None
            values[f"{code}_args"] = json.dumps({"text": text}) if text else None
    names = ", ".join(f'"{name}" = %s' for name in values)
    query = f'UPDATE "{record._table}" SET {names} WHERE id IN %s'
    env.cr.execute(query, [*values.values(), tuple(record.ids)])
    env.invalidate_all()
    return record

numbers = iter(range(1000, 9999))

def contact(name, **values):
    phone = "067 123 %s" % next(numbers)
    return env["res.partner"].create({"name": name, "phone": phone, **values})

# -- backends and endpoints ------------------------------------------------------------
backends = {}
for state in values_of("inboost.backend", "state"):
    backend = env["inboost.backend"].create(
        {"name": f"Portal ({state})", "address": f"https://{state}.inboost.example"})
    since = None if state == "draft" else fields.Datetime.now() - timedelta(days=1)
    show(put(backend, state=state, connected_since=since), state)
    backends[state] = backend
backend = backends["connected"]
put(backends["paused"], pause_code="wrong_credentials",
    pause_args=Json({"status": 401}))
archived = env["inboost.backend"].create(
    {"name": "Old portal", "address": "https://old.inboost.example", "active": False})
show(archived, "archived")
moved = env["inboost.backend"].create(
    {"name": "Moved portal", "address": "https://second.inboost.example"})
show(put(moved, connected_portal="first.inboost.example"), "moved")
for endpoint in backend.endpoint_ids:
    show(endpoint, endpoint.operation)
    endpoint.enabled = True
    if endpoint.kind == "webhook":
        token = endpoint.operation.replace("_", "-")
        endpoint.address_entry = f"https://connected.inboost.example/api/webhok/{token}/"
STANDINGS = {
    "paused": {"paused": True, "pause_code": "no_such_address",
               "pause_args": Json({"status": 404})},
    "resting": {"failures": 7, "rest_until": fields.Datetime.now()},
    "off": {"enabled": False},
    "without-address": {"enabled": True, "address": None},
    "answered": {"last_answer": "200 {'success': true}"},
}
webhooks = backends["paused"].endpoint_ids.filtered(lambda e: e.kind == "webhook")
for endpoint, (name, values) in zip(webhooks, STANDINGS.items(), strict=True):
    endpoint.address_entry = "https://paused.inboost.example/api/webhok/token/"
    show(put(endpoint, **values), name)
show(put(backends["paused"]._endpoint("balance_set"), known="confirmed"), "confirmed")

# -- bonuses and documents -------------------------------------------------------------
programs = {}
for kind in values_of("loyalty.program", "program_type"):
    programs[kind] = env["loyalty.program"].create(
        {"name": f"Program ({kind})", "program_type": kind})
    show(programs[kind], kind)
program = programs["loyalty"]
program.write({"inboost_validity_days": 30, "inboost_burn_expired": True})
backend.program_ids = program
olena = contact("Olena Kovalenko")
card = env["loyalty.card"].create(
    {"program_id": program.id, "partner_id": olena.id, "points": 160.51})
show(card, "with-points")
show(env["loyalty.card"].create({"program_id": program.id}), "of-nobody")
moves = env["inboost.bonus.move"]
for kind in values_of(moves._name, "kind"):
    show(moves.sudo().create({
        "kind": kind, "change": 12.3, "won": 20.3, "spent": 8, "balance_after": 100,
        "card_id": card.id, "card_code": card.code, "partner_id": olena.id,
        "program_id": program.id, "company_id": env.company.id,
        "order_name": "Shop - 000001", "reason": "By hand"}), kind)
bought = show(sell(olena), "of-a-customer")
for state in values_of("inboost.bonus.missing", "state"):
    show(env["inboost.bonus.missing"].sudo().create({
        "order_model": bought._name, "order_id": bought.id, "order_uuid": state,
        "order_name": "Shop - 000001", "time": fields.Datetime.now(), "won": 12.3,
        "spent": 5, "partner_id": olena.id, "program_id": program.id,
        "company_id": env.company.id, "state": state}), state)
show(sell(), "of-nobody")
order = env["sale.order"].create({"partner_id": olena.id, "order_line": [
    Command.create({"product_id": product.id, "product_uom_qty": 2})]})
show(order, "quotation")
confirmed = order.copy()
confirmed.action_confirm()
show(confirmed, "confirmed")

# -- events and requests ---------------------------------------------------------------
REASONS = {
    "parked": ("invalid_phone", {"phone": "067 12"}),
    "pending": ("busy", {"status": 503}),
    "held": ("timeout", {}),
    "failed": ("http_status", {"status": 400, "text": "the customer is not known"}),
}

def event_of(endpoint, partner=None, **values):
    fact = SAMPLES.get(endpoint.operation, {})
    event = env["inboost.event"].sudo().create({
        "backend_id": backend.id, "endpoint_id": endpoint.id,
        "operation": endpoint.operation, "key": f"screens:{next(numbers)}",
        "fact": fact, "occurred_at": fields.Datetime.now(),
        "event_id": str(uuid_lib.uuid4()), "company_id": env.company.id,
        "state": "pending", "queued_at": fields.Datetime.now(),
        "partner_id": partner and partner.id,
        "phone": partner and partner.phone_sanitized})
    return put(event, **values)

for endpoint in backend.endpoint_ids:
    show(event_of(endpoint, olena, state="done"), endpoint.operation)
purchase = backend.endpoint_ids.filtered(lambda e: e.operation == "purchase")
document = {"res_model": confirmed._name, "res_id": confirmed.id,
            "res_name": confirmed.name}
for state in values_of("inboost.event", "state"):
    show(event_of(purchase, state=state), state, "of-nobody")
    told = event_of(purchase, olena, state=state, attempts=3, **document,
                    reason_code=REASONS.get(state, (None,))[0],
                    reason_args=Json(REASONS.get(state, (None, None))[1]),
                    duplicate=state == "done")
    show(told, state)
for kind in values_of("inboost.request.log", "kind"):
    for verdict in [False, *values_of("inboost.request.log", "verdict")]:
        log = env["inboost.request.log"].sudo().create({
            "backend_id": backend.id, "operation": "purchase", "event_id": told.id,
            "event_uuid": told.event_id, "kind": kind, "verdict": verdict,
            "method": "POST", "url": "https://connected.inboost.example/api/webhok/…/",
            "request_headers": "{}", "request_body": '{"total": 10}', "status": 400,
            "answer": '{"success": false}', "duration": 0.123, "attempt": 1,
            "error": "the customer is not known here"})
        show(log, kind, verdict or "no-verdict")
for operation in values_of("inboost.request.log", "operation"):
    show(log.copy({"operation": operation}), operation)

for about in ("open", "solved"):
    try:
        raise ValueError(about)
    except ValueError as error:
        again = (confirmed, "_inboost_capture", [about])
        failure = env["inboost.capture.failure"]._record("the sale", again, error)
    if about == "solved":
        put(failure, solved_at=fields.Datetime.now())
    show(failure, about)

# -- customers and synchronisations ----------------------------------------------------
ROW = {"firstname": "Inna", "lastname": "Osadcha", "email": "inna@example.com"}

def link_of(partner=None, **values):
    number = next(numbers)
    link = env["inboost.customer"].sudo().create({
        "backend_id": backend.id, "partner_id": partner and partner.id,
        "inboost_id": f"c-{number}", "fact": ROW,
        "phone": partner and partner.phone_sanitized or f"+38067123{number}"})
    return put(link, **values)

show(olena, "customer")
for state in values_of("inboost.customer", "state"):
    show(link_of(contact(f"Customer ({state})"), state=state), state)
    show(link_of(state=state), state, "without-contact")
for kind in values_of("inboost.customer", "question_kind"):
    someone = contact(f"Conflict ({kind})")
    contact(f"Namesake ({kind})", phone=someone.phone)
    asked = {"state": "conflict", "question": f"{kind}:{someone.phone_sanitized}",
             "reason_code": "contacts", "reason_args": Json(
                 {"count": 2, "phone": someone.phone_sanitized, "contact": "Inna"}),
             "warnings": Json([["placeholder_date",
                                {"field": "birthdate", "value": "1900-01-01"}]])}
    show(link_of(someone, **asked), "conflict", kind)
    show(someone, "conflict", kind)
    other = contact(f"Merged into ({kind})")
    show(link_of(merged_into_id=other.id, **asked), "conflict", kind, "without-contact")
for state in values_of("inboost.customer", "history_state"):
    link = link_of(contact(f"History ({state})"), history_state=state, history_count=3)
    show(link, "history", state)
show(link_of(contact("Settled"), state="linked", settled="phone:1:2"), "settled")
for index, state in enumerate(values_of("inboost.sync.run", "state")):
    for dry_run in (False, True):
        run = env["inboost.sync.run"].sudo().create(
            {"backend_id": backend.id, "dry_run": dry_run})
        put(run, state=state, reason_code="short", read_count=50,
            reason_args=Json({"count": 50, "total": 120}),
            total_count=120, conflict_count=2, error_count=3, page_count=1,
            cancel_requested=dry_run, started_at=fields.Datetime.now())
        show(run, state, "dry-run" if dry_run else "")
        for kind in values_of("inboost.sync.line", "kind"):
            line = env["inboost.sync.line"].sudo().create({
                "run_id": run.id, "number": 1, "kind": kind, "inboost_id": "c-1",
                "phone": "+380671234567", "partner_id": olena.id,
                "notes": [["changed", {"field": "email", "value": "a@b"}]],
                "received": ROW})
            if state == "done" and not dry_run:
                show(line, kind)
show(env["inboost.specialty"].create({"name": "Florist"}), "")
said = env["inboost.announcement"].sudo()
standings = [("state", state, None) for state in values_of(said._name, "state")]
standings += [("kind", "done", kind) for kind in values_of(said._name, "kind")]
for about, state, kind in standings:
    show(said.create({
        "backend_id": backend.id, "message_id": f"m-{next(numbers)}", "state": state,
        "kind": kind, "body": {"data": ROW}, "partner_id": kind and olena.id,
        "processed_at": kind and fields.Datetime.now(),
        "notes": [["no_phone", {}]] if state == "failed" else False}),
        about, kind or state)

# -- wizards ---------------------------------------------------------------------------
preview = env["inboost.expiring.preview"]
lines = [Command.create({"partner_id": olena.id, "points": 160.51,
                         "phone": olena.phone, "day": fields.Date.today()})]
for about, line_ids in {"with-lines": lines, "without-lines": []}.items():
    show(preview.create({"summary": about, "line_ids": line_ids}), about)
every = [Command.set(env["inboost.event"].search([]).ids)]
for action in values_of("inboost.event.decide", "action"):
    show(env["inboost.event.decide"].create(
        {"action": action, "event_ids": every}), action)
show(env["inboost.customer.find"], "new")
show(env["inboost.setup"], "new")
for step in values_of("inboost.setup", "step"):
    show(env["inboost.setup"].create({
        "name": f"Setup ({step})", "address": "https://new.inboost.example",
        "step": step, "test_state": "works", "test_answer": "It works."}), step)
for state, used in backends.items():
    show(env["inboost.setup"].create({"backend_id": used.id, "step": "live"}), state)
show(env["inboost.setup"].create({"backend_id": moved.id}), "moved")
show(env["inboost.profile.import"], "new")
for state in values_of("inboost.customer.find", "state"):
    show(env["inboost.customer.find"].create({
        "phone": "0671234567", "state": state, "answer": "InBoost did not answer.",
        "backend_id": backend.id}), state)
show(env["inboost.backend"], "new")
show(contact("Stranger"), "not-in-inboost")
show(env["res.partner"], "new")
show(env["res.config.settings"], "inboost")

# -- people ----------------------------------------------------------------------------
admin = env.ref("base.user_admin")
second = env["res.company"].create({"name": "Second company"})
ROLES = {
    "everything": admin.group_ids,
    "manager": env.ref("inboost_connector.group_inboost_manager"),
    "user": env.ref("inboost_connector.group_inboost_user"),
}
views = env["ir.ui.view"].search(
    [("model", "=like", "inboost.%"), ("mode", "=", "primary")])
models = {name for name, _id, _about in records} | set(views.mapped("model"))
# Of a program our roles may read the name; its form, Odoo's own, shows far more.
SHOWN_ALONG = {"loyalty.program": ["loyalty.rule", "loyalty.reward", "pos.config"]}
readable, creatable, menus = {}, {}, {}
root = env["ir.ui.menu"].search([("parent_id", "=", False), ("name", "=", "InBoost")])
ours = [("id", "child_of", root.ids), ("action", "!=", False)]
for role, groups in ROLES.items():
    for lang in LANGUAGES:
        login = f"{role}-{lang}"
        person = env["res.users"].with_context(no_reset_password=True).create({
            "name": login, "login": login, "password": login, "lang": lang,
            "tz": "Europe/Kyiv", "group_ids": [Command.set(groups.ids)]})
        if role == "everything":
            # Who has two is shown whose a record is.
            person.company_ids |= second
    readable[role], creatable[role] = (
        [name for name in models if all(
            env[model].with_user(person).has_access(right)
            for model in (name, *SHOWN_ALONG.get(name, ())))]
        for right in ("read", "create"))
    menus[role] = [(menu.complete_name, menu.sudo().action.id,
                    getattr(menu.sudo().action, "tag", "list"))
                   for menu in env["ir.ui.menu"].with_user(person).search(ours)
                   ._filter_visible_menus()]
dialogs = [m for m in models if m.startswith("inboost.") and env[m]._transient]
env.cr.commit()
print("\\nscreens", json.dumps({
    "records": records, "readable": readable,
    "creatable": creatable,
    "views": [(v.model, v.id, v.type) for v in views],
    "menus": menus, "dialogs": dialogs}))
"""
)
