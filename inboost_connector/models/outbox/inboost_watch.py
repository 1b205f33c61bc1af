import time

from odoo import api, models

#: Seconds between two looks of one process.
EVERY = 60.0

#: {name of a database: when this process looked last}
_looked = {}


class InboostWatch(models.AbstractModel):
    """A sale notices when nobody sends any more: the threads of the scheduled actions
    may have died with PostgreSQL's restart, and nothing else of Odoo runs then."""

    _name = "inboost.watch"
    _description = "InBoost Watch"

    @api.model
    def _look(self):
        """Once a minute and process; by two statements that find nothing, usually."""
        name, now = self.env.cr.dbname, time.monotonic()
        if now - _looked.get(name, 0.0) < EVERY:
            return
        _looked[name] = now
        self.env["inboost.alarm"]._refresh()
