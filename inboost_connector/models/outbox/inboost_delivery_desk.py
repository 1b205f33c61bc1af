from dataclasses import replace
from urllib.parse import urlsplit

from odoo import api, models

from ...lib.backoff import Pace
from ...lib.desk import TEST_WITHIN, Place

#: {(database, backend id, requests a second): lib.backoff.Pace}
_paces = {}


class InboostDeliveryDesk(models.AbstractModel):
    """What a run has to know of backends and endpoints, and what it finds out about
    them."""

    _name = "inboost.delivery.desk"
    _description = "InBoost Delivery Desk"

    @api.model
    def _read(self, desk):
        """What there is to know of backends and endpoints now, put on ``desk``. Their
        circuits are the database's, since other processes write them, too."""
        self.env.invalidate_all()
        # What is in flight is settled although its backend was paused meanwhile.
        every = self.env["inboost.backend"].with_context(active_test=False).search([])
        backends = every.filtered("active")._filter_sendable()
        endpoints = self.env["inboost.endpoint"].search(
            [
                ("backend_id", "in", backends.ids),
                ("enabled", "=", True),
                ("address", "!=", False),
                ("paused", "=", False),
            ]
        )
        desk.places = {e.id: self._read_place(e) for e in endpoints}
        desk.companies = {backend.id: backend.company_id.id for backend in every}
        desk.retry_days = {backend.id: backend.retry_days for backend in every}
        desk.pauses.clear()
        return desk

    @api.model
    def _read_place(self, endpoint):
        return Place(
            target=replace(endpoint._prepare_target(), pace=self._get_pace(endpoint)),
            shelf_life_days=endpoint.shelf_life_days,
            failures=endpoint.failures,
            refused=endpoint.refused or [],
            proven=endpoint.proven,
            rest_until=endpoint.rest_until or None,
            test=self._find_test(endpoint),
        )

    @api.model
    def _find_test(self, endpoint):
        """What may be asked instead of sending somebody's purchase to see whether the
        server is well: the connection test, where it asks the same server."""
        test = endpoint.backend_id._endpoint("connection_test")
        if not endpoint._is_probing() or not test._filter_recording():
            return None
        target = test._prepare_target()
        same = urlsplit(target.url).netloc == urlsplit(endpoint._url()).netloc
        return replace(target, timeout=TEST_WITHIN) if same else None

    @api.model
    def _get_pace(self, endpoint):
        """One for each backend and process: what a server asked for outlives a run."""
        key = self.env.cr.dbname, endpoint.backend_id.id, endpoint.backend_id.pace
        return _paces.setdefault(key, Pace(endpoint.backend_id.pace))

    @api.model
    def _write(self, desk):
        for backend_id, reason in desk.pauses.items():
            self.env["inboost.backend"].browse(backend_id)._pause(*reason)
        desk.pauses.clear()
        for endpoint_id, place in desk.places.items():
            if not place.changed:
                continue
            endpoint = self.env["inboost.endpoint"].browse(endpoint_id)
            endpoint.write(
                {
                    "failures": place.failures,
                    "refused": place.refused or False,
                    "proven": place.proven,
                    "rest_until": place.rest_until or False,
                }
            )
            if place.pause:
                endpoint._pause(*place.pause)
            place.changed = False
            # The claim reads it by a statement of its own.
            endpoint.flush_recordset()
