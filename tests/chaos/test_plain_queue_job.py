"""The same sales, weather and accidents over what somebody may write instead: each sale
a job of OCA's queue_job that posts it. A job that fails stays, for a person to see."""

import re

import cluster
import pytest
from workspace import MODULES, ODOO_CONF, ROOT

from tests.chaos.others import compare, sell_through
from tests.chaos.register import open_register
from tests.e2e.test_queue_job import Balancer, Host
from tests.support.odoo_server import OdooServer, wait_until

#: Run in Odoo's shell: each order that is paid becomes a job, and nothing of ours is.
AUTOMATE = """
env["inboost.backend"].search([]).action_pause()
model = env["ir.model"]._get("pos.order")
env["base.automation"].create({
    "name": "Send sales", "model_id": model.id, "trigger": "on_create_or_write",
    "filter_pre_domain": "[('state', '!=', 'paid')]",
    "filter_domain": "[('state', '=', 'paid')]",
    "action_server_ids": [(0, 0, {
        "name": "Send", "model_id": model.id, "state": "code", "code": '''
for order in records:
    env["inboost.benchmark.job"].sudo().with_delay().deliver(
        "URL/api/webhok/job-token/", '{"uuid": "%s"}' % order.uuid)
'''})]})
env.cr.commit()
print("automated-ok")
"""
OPEN = "SELECT 1 FROM queue_job WHERE state NOT IN ('done', 'failed')"


def addons_path():
    """With the addon whose job posts."""
    [paths] = re.findall(r"^addons_path = (.*)", ODOO_CONF.read_text(), re.M)
    return "--addons-path", f"{paths},{ROOT / 'benchmarks/addons'}"


class Shop(Host):
    """One server with its own job runner."""

    def __init__(self, database, template):
        OdooServer.__init__(self, database, template)
        self.options = (*Host.options, *addons_path())

    def shell_command(self, database=None):
        return [*super().shell_command(database), *addons_path()]


@pytest.fixture
def odoo(inboost, clock, monkeypatch):
    inboost.control("POST", "reset")
    template = cluster.template(
        "queue_job",
        "inboost_connector_queue_job",
        source=cluster.template("test", MODULES),
    )
    shop = Shop("chaos_queue_job", template)
    modules = "base_automation,inboost_benchmark_job"
    cluster.odoo(shop.database, "-i", modules, *addons_path(), log="chaos_jobs.log")
    shop.connect_to(inboost)
    shop.register = open_register(shop)
    done = shop.shell(AUTOMATE.replace("URL", inboost.url))
    assert "automated-ok" in done.stdout, done.stderr[-2000:]
    balancer = Balancer()
    balancer.hosts.append(shop)
    monkeypatch.setenv("ODOO_QUEUE_JOB_CHANNELS", "root:4")
    monkeypatch.setenv("ODOO_QUEUE_JOB_HOST", "127.0.0.1")
    monkeypatch.setenv("ODOO_QUEUE_JOB_PORT", str(balancer.server_port))
    shop.start()
    yield shop
    shop.stop()
    balancer.shutdown()
    cluster.drop(shop.database)


def test_chaos_with_a_plain_queue_job(odoo, inboost, clock):
    sold = sell_through(odoo, inboost, clock)
    # As with ours: the accidents may have ended what runs jobs.
    odoo.stop()
    odoo.start()
    wait_until(lambda: not odoo.sql(OPEN), 180, "the end of the jobs")
    lost, doubled = compare(sold, inboost)
    failed = odoo.value("SELECT count(*) FROM queue_job WHERE state = 'failed'")
    print(f"{failed} jobs failed")
    assert lost or doubled
