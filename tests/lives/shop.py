"""A shop whose database is dumped, copied and changed behind our back."""

import re
from collections import defaultdict

import cluster

from tests.support.console import Console
from tests.support.dumps import ServerOf
from tests.support.odoo_server import CONNECT, OdooServer
from tests.support.orders import PRELUDE

#: Run in Odoo's shell: ``run_job("deliver")`` as Odoo's scheduler does.
JOBS = """
def find_job(name):
    return env["ir.cron"].sudo().search([("code", "like", "._cron_%s()" % name)])

def run_job(name):
    env.cr.commit()
    for cron in find_job(name):
        cron.method_direct_trigger()
    env.cr.commit()
"""
WAITING = "state NOT IN ('done', 'cancelled', 'superseded')"


class Shop(ServerOf):
    """Without a server as long as none is started: what waits, waits."""

    def __init__(self, database, simulator, template=None):
        # Makes the database.
        OdooServer.__init__(self, database, template)
        self.simulator = simulator
        self.console = None

    def do(self, script):
        """Run ``script`` with Odoo's ``env``, ``sell``, ``customer`` and ``run_job``.

        :return: the lines that it printed after "said"
        """
        self.console = self.console or Console(self.shell_command(), self.database)
        printed = self.console.run(f"{PRELUDE}{JOBS}{script}\n")
        return re.findall(r"^said (.*)$", printed, re.MULTILINE)

    def rest(self):
        """Let go of the database, so that it can be copied or replaced."""
        if self.console:
            self.console.close()
            self.console = None

    def connect(self):
        self.do(CONNECT.format(url=self.simulator.url, secret=self.simulator.secret))

    def press_connect(self):
        """As an administrator does, who is told why when it is refused."""
        self.do('env["inboost.backend"].search([]).action_connect()')

    def sell(self, count, first):
        """Sales to ``count`` customers, numbered from ``first``, each of its own.

        :return: uuids
        """
        return self.do(
            f"for number in range({first}, {first + count}):\n"
            "    print('said', sell(customer(number)).uuid)"
        )

    def deliver(self):
        self.do('run_job("deliver")')

    def drop(self):
        self.rest()
        cluster.drop(self.database)

    # -- what became of it ---------------------------------------------------------

    def states_of(self, uuids):
        """:return: {state: number of events of these orders}"""
        found = ",".join(f"'{uuid}'" for uuid in uuids)
        rows = self.sql(
            "SELECT state, count(*) FROM inboost_event"
            f" WHERE fact->>'uuid' IN ({found}) GROUP BY state"
        )
        return {state: int(count) for state, count in rows}

    def ids_of(self, uuids):
        """:return: event ids of these orders in the database"""
        found = ",".join(f"'{uuid}'" for uuid in uuids)
        rows = self.sql(
            f"SELECT event_id FROM inboost_event WHERE fact->>'uuid' IN ({found})"
        )
        return {row[0] for row in rows}

    def activities(self):
        """:return: what people are asked to look at"""
        rows = self.sql(
            "SELECT COALESCE(summary, '') || ' ' || COALESCE(note, '')"
            " FROM mail_activity WHERE res_model LIKE 'inboost.%'"
        )
        return [row[0] for row in rows]


def arrived(simulator, uuids):
    """:return: {(operation, order's uuid): [event id of each arrival]}"""
    found = defaultdict(list)
    for event in simulator.control("GET", "events?limit=100000&processed=true"):
        body = event.get("body") or {}
        if isinstance(body, dict) and body.get("orderId") in uuids:
            found[event["operation"], body["orderId"]].append(event["event_id"])
    return dict(found)


def requests_of(simulator):
    """:return: the number of requests of any kind that ever came"""
    return len(simulator.control("GET", "events?limit=100000"))
