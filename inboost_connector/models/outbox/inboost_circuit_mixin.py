import logging
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models

from ...lib import backoff
from ...lib.outcome import Verdict

_logger = logging.getLogger(__name__)


class InboostCircuitMixin(models.AbstractModel):
    """Where nothing is sent for a while: after failures in a row, or until a person
    says that it may go on."""

    _name = "inboost.circuit.mixin"
    _description = "InBoost Circuit"

    refused = fields.Json(
        readonly=True,
        copy=False,
        help="Whose events were refused (401, 403) one after another, as hashes.",
    )
    refusals = fields.Integer(
        "Refusals in a Row",
        compute="_compute_refusals",
        help="Refusals (401, 403) of different customers, one after another. After "
        "five the endpoint is paused.",
    )
    paused = fields.Boolean(readonly=True, copy=False, tracking=True)
    pause_code = fields.Char(readonly=True, copy=False)
    pause_args = fields.Json(readonly=True, copy=False)
    pause_reason = fields.Char(compute="_compute_pause_reason")
    failures = fields.Integer(
        "Failures in a Row",
        readonly=True,
        copy=False,
        help="After five the circuit opens: one probe from time to time, until one "
        "gets through.",
    )
    rest_until = fields.Datetime(
        readonly=True, copy=False, help="Nothing is sent here before this moment."
    )

    @api.depends("pause_code", "pause_args")
    @api.depends_context("lang")
    def _compute_pause_reason(self):
        for endpoint in self:
            endpoint.pause_reason = self.env["inboost.reason"]._word(
                endpoint.pause_code, endpoint.pause_args
            )

    @api.depends("refused")
    def _compute_refusals(self):
        for endpoint in self:
            endpoint.refusals = len(endpoint.refused or [])

    def action_resume(self):
        self.check_access("write")
        self.sudo().write(
            {
                "paused": False,
                "pause_code": False,
                "pause_args": False,
                "failures": 0,
                "refused": False,
                "rest_until": False,
            }
        )
        self.env["inboost.event"]._begin_anew(self)
        self.env["inboost.event"]._trigger_delivery()
        self.env["inboost.alarm"]._refresh(self.backend_id)

    def _pause(self, code, arguments=None):
        for endpoint in self.filtered(lambda e: not e.paused):
            endpoint.write(
                {"paused": True, "pause_code": code, "pause_args": arguments or False}
            )

    def _note_success(self):
        """The circuit closes."""
        values = {"failures": 0, "rest_until": False, "proven": True}
        if any(self[name] != value for name, value in values.items()):
            self.write(values)

    def _note_failure(self, wait=None):
        """One more failure in a row. The endpoint rests when there were too many, or
        as long as the server asked.

        :param float wait: seconds from Retry-After, or None
        """
        failures = self.failures + 1
        pause = wait or backoff.circuit_pause(failures)
        values = {"failures": failures}
        if wait:
            values["failures"] = max(failures, backoff.CIRCUIT_THRESHOLD)
        if pause:
            values["rest_until"] = fields.Datetime.add(
                fields.Datetime.now(), seconds=int(pause) + 1
            )
        self.write(values)

    def _is_probing(self):
        """Whether only one event may go, to see whether the endpoint is well again."""
        return self.failures >= backoff.CIRCUIT_THRESHOLD

    def _note_apart(self, outcome):
        """Open or close the circuit in a transaction of its own: thirty tills must not
        wait for each other's row, nor replay their requests because of it."""
        try:
            with self.env.registry.cursor() as cr:
                endpoint = self.with_env(api.Environment(cr, SUPERUSER_ID, {}))
                if not endpoint.try_lock_for_update():
                    return
                if outcome.verdict in (Verdict.RETRY, Verdict.UNKNOWN):
                    endpoint._note_failure(outcome.wait)
                else:
                    endpoint._note_success()
        except psycopg2.Error as error:
            _logger.info("InBoost: a circuit was noted by another: %s", error)

    def _may_ask(self):
        """Whether a question may go now: rests are kept, one probe after each."""
        now = fields.Datetime.now()
        if (
            not self._filter_recording()
            or self.paused
            or (self.rest_until or now) > now
        ):
            return False
        return not self._is_probing() or self._take_probe()

    def _take_probe(self):
        """Whether we are the one who probes. In a transaction of its own, and seen by
        the other tills at once."""
        try:
            with self.env.registry.cursor() as cr:
                endpoint = self.with_env(api.Environment(cr, SUPERUSER_ID, {}))
                now = fields.Datetime.now()
                if (
                    not endpoint.try_lock_for_update()
                    or (endpoint.rest_until or now) > now
                ):
                    return False
                endpoint.rest_until = now + timedelta(seconds=endpoint.timeout)
                return True
        except psycopg2.Error as error:
            _logger.info("InBoost: another took the probe: %s", error)
            return False
