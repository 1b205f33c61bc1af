"""Fills the outbox without orders, for tests that need many events."""

#: Run in Odoo's shell: COUNT events over CUSTOMERS customers.
FILL = """
from odoo import fields
backend = env["inboost.backend"].search([], limit=1)
partners = env["res.partner"].with_context(tracking_disable=True).create([
    {{"name": "Customer %s" % n, "phone": "+38050%07d" % n}}
    for n in range({customers})])
now = fields.Datetime.now()
for number, partner in enumerate(partners):
    env["inboost.capture"]._capture(backend, [
        ("{operation}", "fill:%s:%s" % (number, n),
         {{"uuid": "%s-%s" % (number, n), "number": str(n), "total": 1.0,
           "time": "2026-01-01T10:00:00Z"}}, now)
        for n in range({each})], partner)
env.cr.commit()
print("filled", env["inboost.event"].search_count([]))
"""


def fill(odoo, count, customers=200, operation="purchase"):
    script = FILL.format(
        customers=customers, each=count // customers, operation=operation
    )
    done = odoo.shell(script)
    assert f"filled {count}" in done.stdout, done.stdout + done.stderr[-2000:]
