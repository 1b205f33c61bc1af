from contextlib import suppress

from psycopg2.errors import LockNotAvailable

from odoo import SUPERUSER_ID, api, models

#: Only vacuum and another of these waits for such a lock, and a table that hardly ever
#: changes needs no vacuum. It takes no snapshot, so the transaction looks after it.
AWAIT_TURN = """
    SET LOCAL lock_timeout = '500ms';
    LOCK TABLE queue_job_channel IN SHARE UPDATE EXCLUSIVE MODE;
    SET LOCAL lock_timeout = DEFAULT
"""


class InboostDelivery(models.AbstractModel):
    """Runs as jobs: as many at once as the channel has room for, each on whichever
    server is asked. The scheduled action goes on beside them."""

    _inherit = "inboost.delivery"

    @api.model
    def _enqueue(self):
        """One more run, once a transaction, unless one waits already: those that began
        are not counted."""
        data = self.env.cr.precommit.data
        if data.get("inboost_enqueued"):
            return
        data["inboost_enqueued"] = True
        # As the scheduled action, whoever captures: no company of theirs, no language.
        delivery = self.env(user=SUPERUSER_ID, context={})["inboost.delivery"]
        delivery.with_delay(
            identity_key=self._name, description="InBoost: deliver events"
        )._cron_deliver()

    @api.model
    def _settle_and_claim(self, run, wanted):
        if wanted:
            self._await_turn()
        return super()._settle_and_claim(run, wanted)

    @api.model
    def _await_turn(self):
        """Runs claim one after the other. Two that look at once want the same rows, and
        PostgreSQL lets only one of them commit; the other begins again, and settles
        what landed one by one."""
        self._commit()
        # A server that hangs keeps nobody waiting: then it is as it is without a lock.
        with suppress(LockNotAvailable), self.env.cr.savepoint(flush=False):
            self.env.cr.execute(AWAIT_TURN, log_exceptions=False)
