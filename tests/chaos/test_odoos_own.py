"""The same sales, weather and accidents over what a user has without us: Odoo's own
"Send Webhook Notification". It is measured, for docs/reliability.rst; that it loses
sales is what it is known for, and shows that there was trouble."""

import cluster
import pytest

from tests.chaos.others import compare, sell_through
from tests.chaos.register import open_register
from tests.support.odoo_server import OdooServer

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
def odoo(inboost, clock):
    inboost.control("POST", "reset")
    server = OdooServer("chaos_odoo")
    server.connect_to(inboost)
    server.register = open_register(server)
    done = server.shell(AUTOMATE.replace("URL", inboost.url))
    assert "automated-ok" in done.stdout, done.stderr[-2000:]
    server.start()
    yield server
    server.stop()
    cluster.drop(server.database)


def test_chaos_with_odoos_own_webhook(odoo, inboost, clock):
    sold = sell_through(odoo, inboost, clock)
    lost, _doubled = compare(sold, inboost)
    assert lost
