from contextlib import contextmanager
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import wakeup

LOCK = "inboost_connector.long_job"
#: How soon one that found another at work looks again.
AGAIN = timedelta(seconds=2)


class InboostLongJob(models.AbstractModel):
    """Long jobs work one at a time, so that they never take every cron slot, and a sale
    finds one free."""

    _name = "inboost.long.job"
    _description = "InBoost Long Job"

    @contextmanager
    def _take(self, cron):
        """``with ..._take(cron) as mine``: whether we may work now. Nobody else does
        until the end of the block, whatever is committed or rolled back in it. When
        another one is at work, ``cron`` looks again soon.

        :param str cron: one of inboost_watch.CRONS
        """
        [(mine,)] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_lock(hashtext(%s))", LOCK)
        )
        if not mine:
            watch = self.env["inboost.watch"]
            watch._get_cron(cron)._trigger(fields.Datetime.now() + AGAIN)
            # The scheduler looks by itself a minute later.
            seconds = AGAIN.total_seconds()
            wakeup.at(self.env.cr.dbname, seconds, watch._wake)
        try:
            yield mine
        finally:
            if mine:
                self._release()

    @api.model
    def _release(self):
        cr = self.env.cr
        if cr.connection.closed:
            # The lock went with the connection.
            return
        if cr.connection.info.transaction_status == (
            psycopg2.extensions.TRANSACTION_STATUS_INERROR
        ):
            cr.rollback()
        self.env.execute_query(SQL("SELECT pg_advisory_unlock(hashtext(%s))", LOCK))
        # Whoever waits for it need not wait for Odoo's next minute.
        cr.postcommit.add(self.env["inboost.watch"]._wake_scheduler)
