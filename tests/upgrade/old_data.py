"""Data in every state, made by version 19.0.1.0.0 itself."""

from tests.support.orders import PRELUDE

#: The register's order that InBoost was told of before the upgrade.
TOLD_ORDER = "6a4f2f0e-3c1f-4d3a-9a70-0a6b7d1f1c01"
SHOP = f"""
TOLD_ORDER = "{TOLD_ORDER}"
from datetime import timedelta
now = fields.Datetime.now()
env["loyalty.program"].search([]).active = False
bonuses = {{"program_type": "loyalty", "applies_on": "both", "trigger": "auto"}}
kept = env["loyalty.program"].create({{
    **bonuses, "name": "Kept a year", "pos_ok": True,
    "inboost_validity_days": 365, "inboost_burn_expired": True}})
forever = env["loyalty.program"].create({{**bonuses, "name": "Kept for ever"}})
source = env["utm.source"].create({{"name": "Instagram"}})
specialty = env["inboost.specialty"].create({{"name": "Dentist"}})
env["inboost.specialty"].create({{"name": "Alchemist", "active": False}})

def person(number, **values):
    return env["res.partner"].with_context(tracking_disable=True).create({{
        "name": "Person %s" % number, "phone": "+38050%07d" % number, **values}})
"""
BACKENDS = """
backend = env["inboost.backend"].create({
    "name": "Kyiv", "address": URL, "secret": SECRET, "mask_personal": True,
    "reconcile_days": 5, "event_retention_days": 200, "log_retention_days": 45,
    "history_days": 60, "pull_interval": "30", "policy_email": "overwrite",
    "expiring_days": 14, "program_ids": [(6, 0, (kept | forever).ids)]})
# What is changed in a later transaction is tracked.
env.cr.commit()
endpoint = {e.operation: e for e in backend.endpoint_ids}
for operation, one in endpoint.items():
    one.timeout = 3
    if one.kind == "webhook":
        token = operation.replace("_", "-")
        one.address = "%s/api/webhok/%s-token/" % (URL, token)
endpoint["purchase"].body = endpoint["purchase"].body.replace("{", "{till: shop, ", 1)
endpoint["purchase"].repeat_path = "repeated"
endpoint["customer_upsert"].timeout = 90
endpoint["balance_set"].guarantee = "at_most_once"
endpoint["customer_find"].address = "/api/other/getUser"
backend._connect()
endpoint["bonus_accrual"]._pause("HTTP 404")
endpoint["purchase_refund"].write(
    {"enabled": True, "failures": 6, "rest_until": now + timedelta(hours=1)})

lviv = env["res.company"].create({"name": "Lviv"})
env.user.company_ids |= lviv
draft = env["inboost.backend"].create({
    "name": "Lviv", "company_id": lviv.id, "address": "https://lviv.example.com",
    "auth_header": "X-Api-Key", "auth_prefix": False, "secret": "lviv-secret",
    "phone_style": "national", "scope": "linked", "sale_moment": "paid",
    "pull_customers": False})
archived = env["inboost.backend"].create({
    "name": "Closed", "address": "https://closed.example.com", "secret": "old-secret"})
archived._connect()
archived._pause("InBoost refused the credentials")
archived.active = False
"""
EVENTS = """
Event = env["inboost.event"].sudo()

def event(number, operation="purchase", partner=None, priority=0, **values):
    partner = person(number) if partner is None else partner
    fact = {"number": str(number), "uuid": "old-%s" % number, "total": 10.5,
            "time": "2026-01-01T10:00:00Z", "shop": "Khreshchatyk", "is_refund": False,
            "currency": "UAH", "lines": [{
                "sku": "TEA", "name": "Tea", "quantity": 1, "unit_price": 10.5,
                "total": 10.5}]}
    [one] = Event._capture(
        backend, [(operation, "old:%s" % number, fact, now)], partner,
        priority=priority)
    one.write(values)
    return one

for number in range(5):
    event(100 + number)
    event(110 + number, "purchase_details", priority=10)
event(120, next_try=now + timedelta(hours=6), attempts=3, reason="HTTP 503")
event(121, "purchase_refund")
event(122, "bonus_accrual")
event(130, partner=env["res.partner"])
event(131, partner=person(131, phone=False))
event(132, partner=person(132, phone="12"))
event(140, state="sending", attempts=1, lease="lease-1", next_try=False,
      lease_until=now + timedelta(hours=6))
event(141, state="sending", attempts=1, lease="lease-2", next_try=False,
      lease_until=now - timedelta(hours=1))
event(150, attempts=2)._finish("done", duplicate=True)
event(151, "purchase_details", attempts=1)._finish("done")
event(152, "balance_set", amount_sent=42.5, attempts=1)._finish("done")
event(153, "balance_set")._finish("superseded")
event(160, attempts=1)._finish("held", reason="the connection broke")
event(161, "bonus_redemption", attempts=1)._finish("held", reason="killed")
event(170, attempts=4)._finish("failed", reason="HTTP 400: no such customer")
event(180).action_cancel()
event(181).action_mark_delivered()
again = event(182, attempts=1)
again._finish("failed", reason="HTTP 422")
again.action_send_again()
Log = env["inboost.request.log"].sudo()
for done in Event.search([("state", "=", "done"), ("attempts", ">", 0)]):
    for attempt in range(1, done.attempts + 1):
        Log.create({
            "backend_id": backend.id, "event_id": done.id, "attempt": attempt,
            "event_uuid": done.event_id, "operation": done.operation,
            "method": "POST", "url": URL, "request_headers": "{}",
            "request_body": "{}", "status": 200 if attempt == done.attempts else 503,
            "answer": "ok", "duration": 0.25,
            "verdict": "done" if attempt == done.attempts else "retry"})
for verdict in ("pause_backend", "pause_endpoint"):
    Log.create({"backend_id": backend.id, "operation": "connection_test", "url": URL,
                "method": "GET", "status": 401, "verdict": verdict})
Log.create({"backend_id": backend.id, "operation": "customers_list", "method": "POST",
            "url": URL, "error": "timed out", "verdict": "unknown"})
"""
CUSTOMERS = """
Link = env["inboost.customer"].sudo()
twins = person(200) | person(201, phone="+380500000200")

def link(number, partner=None, **values):
    return Link.create({
        "backend_id": backend.id, "inboost_id": "client-%s" % number,
        "phone": "+38050%07d" % number, "last_pull": "2026-01-01",
        "partner_id": partner and partner.id,
        "fact": {"firstname": "Olena", "phone": "+38050%07d" % number}, **values})

link(200, twins[0], state="conflict", question="contacts:%s,%s" % tuple(twins.ids),
     reason="Two contacts have the phone.")
link(202, state="conflict", question="doubled:+380500000202", reason="Listed twice.")
link(203, person(203), state="conflict", question="phone:+380500000203:+380500000999")
link(204, state="conflict", question="merged:%s" % twins[1].id,
     merged_into_id=twins[1].id)
link(205, person(205, inboost_source_id=source.id, inboost_specialty_id=specialty.id),
     history_state="done", history_count=3)
link(206, person(206), history_state="waiting")
link(207, state="ignored", reason="The contact was deleted here.")
link(208, person(208), settled="phone:+380500000208:", inboost_id=False)
Run = env["inboost.sync.run"].sudo()
kinds = ("created", "linked", "updated", "unchanged", "conflict", "error")
for state, dry_run in (
        ("done", False), ("failed", False), ("cancelled", False), ("done", True)):
    run = Run.create({
        "backend_id": backend.id, "state": state, "dry_run": dry_run,
        "started_at": now - timedelta(hours=1), "finished_at": now, "read_count": 6,
        "page_count": 1, "total_count": 6, "reason": state == "failed" and "HTTP 500"})
    env["inboost.sync.line"].sudo().create([
        {"run_id": run.id, "number": number, "kind": kind, "phone": "+380500000205",
         "inboost_id": "client-%s" % number, "text": "Row %s" % number}
        for number, kind in enumerate(kinds)])
Run.create({"backend_id": backend.id, "state": "running", "started_at": now,
            "position": "2", "page_count": 1, "read_count": 6})
Run.create({"backend_id": backend.id, "dry_run": True})
"""
BONUSES = """
Move = env["inboost.bonus.move"].sudo()
owner = person(300)
card = env["loyalty.card"].create(
    {"program_id": kept.id, "partner_id": owner.id, "points": 100})
card.points -= 30
env["loyalty.card"].create(
    {"program_id": forever.id, "partner_id": owner.id, "points": 7})
for kind, change in (("opening", 5), ("expiry", -5), ("adjustment", 4),
                     ("reversal", -4)):
    Move.create({**Move._of(card), "kind": kind, "change": change,
        "won": max(change, 0), "spent": max(-change, 0), "balance_after": 70,
        "reason": "Made for %s" % kind, "time": now - timedelta(days=20)})
Move.search([("kind", "=", "opening")], limit=1)._set_untold(True)
[notice] = Event._capture(
    backend, [("bonuses_expiring", "expiring:2026-01-01", {"phones": []}, now)],
    env["res.partner"])
notice.told_move_ids = Move.search([("kind", "=", "accrual")], limit=1)
notice._finish("done")
gone = env["loyalty.card"].create(
    {"program_id": kept.id, "partner_id": person(301).id, "points": 3})
gone.sudo().unlink()
"""
DOCUMENTS = """
told = sell(person(400), order_uuid=TOLD_ORDER)
Event.search([("res_model", "=", "pos.order"), ("res_id", "=", told.id)])._finish(
    "done")
waiting = sell(person(401))
quiet = sell()
for number in (402, 403):
    order = env["sale.order"].create({
        "partner_id": person(number).id,
        "order_line": [(0, 0, {"product_id": product.id, "price_unit": 25.0})]})
    order.action_confirm()
Event.search([("res_model", "=", "sale.order"), ("res_id", "=", order.id)])._finish(
    "done")
"""
PEOPLE = """
# The old version lets events of a paused endpoint hold later ones for ten minutes.
Event.search([("operation", "=", "bonus_accrual")]).queued_at = now - timedelta(hours=1)

Users = env["res.users"].with_context(no_reset_password=True)
[clerk, chief] = Users.create([
    {"name": name, "login": name, "password": name, "group_ids": [(4, env.ref(
        "inboost_connector.group_inboost_" + group).id)]}
    for name, group in (("clerk", "user"), ("chief", "manager"))])
view = env.ref("inboost_connector.inboost_event_view_list")
env["ir.ui.view"].create({
    "name": "When it was delivered", "model": "inboost.event", "inherit_id": view.id,
    "arch": '<xpath expr="//field[@name=\\'state\\']" position="after">'
            '<field name="write_uid" string="Our own column"/></xpath>'})
form = env.ref("inboost_connector.res_partner_view_form_inboost")
env["ir.ui.view"].create({
    "name": "What they do", "model": "res.partner", "inherit_id": form.id,
    "arch": '<xpath expr="//field[@name=\\'inboost_specialty_id\\']" position="after">'
            '<field name="write_uid" string="Our own field"/></xpath>'})
action = env.ref("inboost_connector.action_inboost_event")
env["ir.filters"].create({
    "name": "Held of today", "model_id": "inboost.event", "user_ids": [(4, clerk.id)],
    "domain": "[('state', '=', 'held')]", "action_id": action.id, "is_default": True})
env["ir.ui.menu"].create({
    "name": "Our own shortcut", "action": "ir.actions.act_window,%s" % action.id,
    "parent_id": env.ref("inboost_connector.menu_inboost").id})
env.ref("inboost_connector.ir_cron_bonus_burn").active = False
env.ref("inboost_connector.ir_cron_history").interval_number = 45
env.cr.commit()
print("filled-ok")
"""


def script(simulator):
    head = f"URL, SECRET = {simulator.url!r}, {simulator.secret!r}\n"
    return "".join(
        [head, PRELUDE, SHOP, BACKENDS, EVENTS, CUSTOMERS, BONUSES, DOCUMENTS, PEOPLE]
    )
