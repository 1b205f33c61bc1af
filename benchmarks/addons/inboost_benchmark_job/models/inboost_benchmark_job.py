import threading

import requests

from odoo import api, models

_thread = threading.local()


class InboostBenchmarkJob(models.AbstractModel):
    """What a connector on OCA's queue does: one job, one request."""

    _name = "inboost.benchmark.job"
    _description = "InBoost Benchmark Job"

    @api.model
    def deliver(self, url, body):
        # The best that a job can do: connections that outlive it.
        if not hasattr(_thread, "session"):
            _thread.session = requests.Session()
        _thread.session.post(
            url,
            data=body.encode(),
            headers={"Content-Type": "application/json"},
            timeout=20,
        ).raise_for_status()
