"""The same sales, weather and accidents over what a user has without us: Odoo's own
"Send Webhook Notification". It is measured, for docs/reliability.rst; that it loses
sales is what it is known for, and shows that there was trouble."""

from collections import Counter

import cluster
import pytest

from tests.chaos.accidents import WEATHER, Accidents
from tests.chaos.register import Till, open_register
from tests.chaos.test_chaos import CUSTOMERS, MODES, ONLY, SECONDS, SEED, TILLS
from tests.support.odoo_server import OdooServer, wait_until

#: Run in Odoo's shell: each order that is paid is sent, and nothing of ours is.
AUTOMATE = """
env["inboost.backend"].search([]).action_pause()
env["ir.module.module"].search(
    [("name", "=", "base_automation")]).button_immediate_install()
model = env["ir.model"]._get("pos.order")
env["base.automation"].create({
    "name": "Send sales", "model_id": model.id, "trigger": "on_create_or_write",
    "filter_pre_domain": "[('state', '!=', 'paid')]",
    "filter_domain": "[('state', '=', 'paid')]",
    "action_server_ids": [(0, 0, {
        "name": "Send", "model_id": model.id, "state": "webhook",
        "webhook_url": "URL/api/webhok/odoos-own-token/",
        "webhook_field_ids": [(6, 0, env["ir.model.fields"]._get(
            "pos.order", "uuid").ids)]})]})
env.cr.commit()
print("automated-ok")
"""


@pytest.fixture
def odoo(inboost):
    inboost.control("POST", "reset")
    server = OdooServer("chaos_odoo")
    server.connect_to(inboost)
    server.register = open_register(server, CUSTOMERS)
    done = server.shell(AUTOMATE.replace("URL", inboost.url))
    assert "automated-ok" in done.stdout, done.stderr[-2000:]
    server.start(**MODES["threaded"])
    yield server
    server.stop()
    cluster.drop(server.database)


def test_chaos_with_odoos_own_webhook(odoo, inboost):
    inboost.control("PUT", "faults/*", WEATHER)
    partners = odoo.register["partners"]
    tills = [
        Till(odoo, odoo.register, partners[number::TILLS], SEED + number)
        for number in range(TILLS)
    ]
    for till in tills:
        till.start()
    accidents = Accidents(odoo, MODES["threaded"], SEED, ONLY)
    accidents.happen(SECONDS, lambda: sum(len(till.sold) for till in tills))
    for till in tills:
        till.close()
    sold = {uuid for till in tills for uuid in till.sold}
    took = wait_until(lambda: arrivals(inboost), 30, "an arrival")
    lost, doubled = sold - set(took), [uuid for uuid, n in took.items() if n > 1]
    print(f"{len(sold)} sales, {len(lost)} lost, {len(doubled)} doubled, held 0")
    assert set(took) <= sold
    assert lost


def arrivals(inboost):
    """:return: {uuid of an order: how often it was processed}"""
    found = inboost.control("GET", "events?limit=100000&processed=true")
    bodies = [arrival["body"] for arrival in found]
    return Counter(body["uuid"] for body in bodies if body and "uuid" in body)
