import logging
import time

from odoo import api, models
from odoo.service.server import WorkerCron
from odoo.sql_db import connection_info_for
from odoo.tools import config

from ...lib import wakeup
from .inboost_delivery import get_worker, is_stopping

_logger = logging.getLogger(__name__)

#: Seconds for which events are claimed; then the next run takes over. Odoo's watchdogs
#: kill what takes longer than minutes.
MAX_RUN = 10.0
#: Seconds that a prefork server's process for scheduled actions stays for what comes
#: next: when somebody calls it, Odoo has it sleep for up to a tenth of a second first,
#: so that not all begin at once.
STAY = 5.0
#: Seconds within which it notices that it is to stop.
NOTICE = 0.25


class InboostDelivery(models.AbstractModel):
    """The scheduled action."""

    _inherit = "inboost.delivery"

    @api.model
    def _cron_deliver(self):
        end = time.monotonic() + MAX_RUN
        self._deliver(end)
        if time.monotonic() < end and self._may_stay():
            self._stay(end)

    @api.model
    def _may_stay(self):
        """Nobody else's work waits for this process: it serves one database, and there
        is another one for other jobs."""
        worker = get_worker()
        is_ours = isinstance(worker, WorkerCron) and worker.db_count == 1
        return is_ours and config["max_cron_threads"] > 1

    @api.model
    def _stay(self, end):
        """Whoever is called again within a moment begins at once."""
        _name, where = connection_info_for("postgres")
        try:
            with wakeup.listening(where, "cron_trigger", self.env.cr.dbname) as hear:
                called = True  # by what came before somebody listened
                while called:
                    self._deliver(end)
                    called = self._is_called(hear, end)
        except wakeup.Unheard as error:
            # Odoo's scheduler hears what is new, a little later.
            _logger.warning("InBoost: nothing more is heard: %s", error)

    @api.model
    def _is_called(self, hear, end):
        end = min(end, time.monotonic() + STAY)
        while not is_stopping() and (left := end - time.monotonic()) > 0:
            if hear(min(left, NOTICE)):
                return True
        return False
