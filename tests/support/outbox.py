"""Fills the outbox without orders, for tests that need many events."""

import time

import cluster
import psycopg2

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


#: Rows as captures make them, of customers numbered from FIRST.
ROWS = """
INSERT INTO inboost_event (
    backend_id, company_id, endpoint_id, operation, key, event_id, fact, phone,
    occurred_at, priority, state, queued_at, next_try, attempts, duplicate,
    create_date, write_date)
SELECT p.backend_id, b.company_id, p.id, p.operation, 'fill:' || n,
       md5(p.operation || n)::uuid::text,
       jsonb_build_object('uuid', 'fill-' || n, 'number', n::text, 'total', 1.0,
                          'time', '2026-01-01T10:00:00Z'),
       '+38050' || lpad((n %% %(customers)s)::text, 7, '0'),
       t.now, 0, 'pending', t.now, t.now, 0, false, t.now, t.now
  FROM inboost_endpoint p
  JOIN inboost_backend b ON b.id = p.backend_id,
       generate_series(%(first)s, %(last)s) n,
       (SELECT date_trunc('second', now() AT TIME ZONE 'UTC') AS now) t
 WHERE p.operation = ANY(%(operations)s)
"""
TRIGGER = """
INSERT INTO ir_cron_trigger (cron_id, call_at)
SELECT res_id, date_trunc('second', now() AT TIME ZONE 'UTC') FROM ir_model_data
 WHERE module = 'inboost_connector' AND name = 'ir_cron_deliver'
"""


def connect(database):
    """A session of somebody else's."""
    return psycopg2.connect(
        host="127.0.0.1",
        port=cluster.PORT_FILE.read_text(),
        user=cluster.USER,
        dbname=database,
    )


def open_report(database):
    """:return: a session whose snapshot keeps what died since from being tidied up"""
    connection = connect(database)
    connection.set_session(isolation_level="REPEATABLE READ")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inboost_event")
    return connection


class Till:
    """Commits what sales capture, without Odoo's own time for a sale."""

    def __init__(self, odoo):
        self.odoo = odoo
        self.here, self.postgres = connect(odoo.database), connect("postgres")

    def sell(self, count=1, first=0, operations=("purchase",), customers=10**7):
        """:return: event ids and the unix time of the commit"""
        values = {
            "first": first,
            "last": first + count - 1,
            "operations": list(operations),
            "customers": customers,
        }
        with self.here, self.here.cursor() as cr:
            cr.execute(f"{ROWS} RETURNING event_id", values)
            ids = [row[0] for row in cr.fetchall()]
            cr.execute(TRIGGER)
        committed = time.time()
        with self.postgres, self.postgres.cursor() as cr:
            cr.execute("SELECT pg_notify('cron_trigger', %s)", [self.odoo.database])
        return ids, committed

    def close(self):
        self.here.close()
        self.postgres.close()
