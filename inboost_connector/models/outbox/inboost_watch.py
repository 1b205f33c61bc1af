import logging
import time
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.sql_db import connection_info_for
from odoo.tools import convert_file

from odoo.addons.base.models.ir_cron import ODOO_NOTIFY_FUNCTION

from ...lib import wakeup

_logger = logging.getLogger(__name__)

#: Seconds between two looks of one process.
EVERY = 60.0
MODULE = "inboost_connector"
DATA = "data/ir_cron.xml"
#: The scheduled actions of DATA.
CRONS = {
    "ir_cron_deliver": "InBoost: deliver events",
    "ir_cron_reconcile": "InBoost: find what was not recorded",
    "ir_cron_event_check": "InBoost: ask about events of which nobody knows",
    "ir_cron_bonus_reconcile": "InBoost: prove the bonus ledger",
    "ir_cron_bonus_burn": "InBoost: burn expired points where that is on",
    "ir_cron_bonus_notice": "InBoost: notify of points about to expire",
    "ir_cron_bonus_resend": "InBoost: send balances that a program changed",
    "ir_cron_pull": "InBoost: pull customers",
    "ir_cron_announcement": "InBoost: process what was announced",
    "ir_cron_history": "InBoost: send the history of linked customers",
    "ir_cron_digest": "InBoost: mail the daily digest to those who want it",
}

#: {name of a database: when this process looked last}
_looked = {}


class InboostWatch(models.AbstractModel):
    """A sale notices when nobody sends any more: the threads of the scheduled actions
    may have died with PostgreSQL's restart, and nothing else of Odoo runs then."""

    _name = "inboost.watch"
    _description = "InBoost Watch"

    @api.model
    def _look(self):
        """Once a minute and process; by a few statements that find nothing, usually."""
        name, now = self.env.cr.dbname, time.monotonic()
        if name in _looked and now - _looked[name] < EVERY:
            return
        _looked[name] = now
        self.env["inboost.alarm"]._refresh()

    @api.model
    def _wake_scheduler(self):
        """After a commit."""
        self._wake(self.env.cr.dbname)

    @staticmethod
    def _wake(database):
        """What was committed before is done, though nobody can be woken: a sale must
        not fail because PostgreSQL has no connection to spare. Odoo's scheduler looks
        by itself within a minute. No cursor is needed: a timer calls this, too."""
        _name, where = connection_info_for("postgres")
        try:
            wakeup.waker.wake(where, ODOO_NOTIFY_FUNCTION, "cron_trigger", database)
        except psycopg2.Error as error:
            _logger.warning("InBoost: the scheduler was not woken: %s", error)

    # -- our scheduled actions -----------------------------------------------------

    @api.model
    def _get_cron(self, name):
        """
        :param str name: one of CRONS
        :return: an empty recordset when somebody deleted it
        """
        cron = self.env.ref(f"{MODULE}.{name}", raise_if_not_found=False)
        return (cron or self.env["ir.cron"]).sudo()

    @api.model
    def _get_cron_names(self):
        """:return: {name of one of CRONS: what it is called}"""
        return CRONS

    @api.model
    def _trigger(self, name):
        """Run one of CRONS soon, though somebody deleted it."""
        if not self._get_cron(name):
            self._repair_crons()
        self._get_cron(name)._trigger()

    @api.model
    def _repair_crons(self):
        """Make those again that are missing; the others stay as they are."""
        if all(self._get_cron(name) for name in CRONS):
            return
        # As Odoo itself: it is whom the scheduled actions run as, and whoever connects
        # may have no rights on them.
        odoo = self.with_user(SUPERUSER_ID).env
        convert_file(odoo, MODULE, DATA, None, mode="update", noupdate=True)

    @api.model
    def _start_crons(self):
        """Switch on those that are off."""
        for name in CRONS:
            self._get_cron(name).filtered(lambda cron: not cron.active).active = True

    @api.model
    def _find_cron_causes(self):
        """:return: iterator of (code, False, arguments), see ``inboost.alarm``"""
        crons = {name: self._get_cron(name) for name in CRONS}
        if missing := [CRONS[name] for name, cron in crons.items() if not cron]:
            yield "crons_missing", False, {"names": missing}
        if off := [cron.name for cron in crons.values() if cron and not cron.active]:
            yield "crons_off", False, {"names": off}

    @api.model
    def _is_idle(self, since):
        """Whether the delivery exists and did not run since that moment."""
        ran = self._get_last_run()
        return self._get_cron("ir_cron_deliver").active and (not ran or ran < since)

    @api.model
    def _get_last_run(self):
        """:return: when the delivery ran last; None when nobody knows: a moment that is
        still to come was written by a clock that was ahead"""
        cron = self._get_cron("ir_cron_deliver")
        ran = cron.lastcall or cron.create_date
        latest = fields.Datetime.now() + timedelta(minutes=1)
        return ran if ran and ran < latest else None
