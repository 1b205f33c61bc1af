import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ...lib.desk import FAILING

_logger = logging.getLogger(__name__)
_lt = LazyTranslate(__name__)

#: How long something may wait before a person hears of it.
PATIENCE = timedelta(hours=1)
#: How long what could go at once may wait: then nobody sends any more.
CRON_PATIENCE = timedelta(minutes=5)
#: Causes that may be over once something was sent.
OF_WAITING = ("waiting", "crons", "endpoint_failing")
#: Days before the end of a secret at which a person is reminded, once each.
REMIND = (1, 7, 30)
CAUSES = {
    "backend_paused": _lt("Nothing is sent to InBoost: %(reason)s"),
    "endpoint_paused": _lt(
        "%(endpoint)s is paused: %(reason)s Correct it, then press Resume on the "
        "endpoint."
    ),
    "endpoint_failing": _lt(
        "%(endpoint)s keeps failing. Nothing is lost: every event is tried again until "
        "it arrives. Open InBoost > Log > Request Log to see why."
    ),
    "waiting": _lt(
        "Events have been waiting for InBoost for more than an hour: %(endpoint)s. "
        "Open InBoost > Events to see why."
    ),
    "crons": _lt(
        "Events are waiting for InBoost and nothing sends them, because Odoo's "
        "scheduled actions do not run. Restart the Odoo server; it needs "
        "--max-cron-threads of at least 1."
    ),
    "crons_missing": _lt(
        "Scheduled actions of InBoost are missing: %(names)s. Press Connect on the "
        "backend to make them again."
    ),
    "crons_off": _lt(
        "Scheduled actions are switched off: %(names)s. Without them nothing is sent "
        "or checked by itself. Switch them on in Settings > Technical > Scheduled "
        "Actions."
    ),
    "held": _lt(
        "Nobody knows whether some events reached InBoost. Open InBoost > Events, "
        "choose the filter Held, and decide what becomes of them."
    ),
    "failed": _lt(
        "InBoost refused some events, or they were given up after many tries. Open "
        "InBoost > Events and choose the filter Failed: each says why."
    ),
    "restored": _lt(
        "This database was restored from a backup, or connected to another portal. "
        "Open the backend and decide whether the events from before are sent."
    ),
    "secret_ends": _lt(
        "The secret for InBoost expires on %(date)s. Get a new one from InBoost and "
        "enter it on the backend: without it nothing is sent."
    ),
    "missed": _lt(
        "An error kept some sales or points from being recorded, and trying again did "
        "not help. Open InBoost > Log > Missed Captures."
    ),
}


class InboostAlarm(models.Model):
    """Something that a person should know of: one row and one activity for a cause,
    and both go away when the cause does."""

    _name = "inboost.alarm"
    _description = "InBoost Alarm"
    _order = "id"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(
        "res.company", related="backend_id.company_id", store=True
    )
    endpoint_id = fields.Many2one("inboost.endpoint", ondelete="cascade", readonly=True)
    code = fields.Char(required=True, readonly=True)
    arguments = fields.Json(readonly=True)
    since = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    text = fields.Char(compute="_compute_text")
    activity_ids = fields.Many2many("mail.activity", readonly=True)

    _cause_unique = models.UniqueIndex(
        "(backend_id, code, COALESCE(endpoint_id, 0))", "This alarm is raised already."
    )

    @api.depends("code", "arguments", "endpoint_id")
    @api.depends_context("lang")
    def _compute_text(self):
        for alarm in self:
            alarm.text = self._word(alarm.code, alarm.endpoint_id, alarm.arguments)

    @api.model
    def _word(self, code, endpoint, arguments):
        """:return: a cause in the reader's language"""
        known = arguments or {}
        reason = self.env["inboost.reason"]._word(known.get("code"), known.get("args"))
        template = self.env._(self._get_causes()[code])
        return template % {
            "date": known.get("date", ""),
            "endpoint": endpoint.display_name or "",
            "names": ", ".join(known.get("names") or []),
            "reason": reason or "",
        }

    @api.model
    def _get_causes(self):
        """:return: {code: words}; an upper storey adds its own"""
        return CAUSES

    # -- raising and clearing ------------------------------------------------------

    @api.model
    def _refresh(self, backends=None):
        """Raise what is new and take away what is over.

        :param backends: those to look at; all that were connected by default
        """
        # Whoever meets the trouble has no rights on alarms, and no need for them.
        self = self.sudo()
        if backends is None:
            backends = self.env["inboost.backend"].search([("state", "!=", "draft")])
        self.env.flush_all()
        for backend in backends.sudo():
            try:
                with self.env.cr.savepoint():
                    self._refresh_one(backend)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
                # Another raises or clears the same now.
                _logger.info("InBoost: the alarms are looked at later: %s", error)
            except Exception:
                # Neither a sale nor a delivery fails because of an alarm.
                _logger.exception("InBoost: the alarms of a backend failed")

    @api.model
    def _note_sent(self):
        """A run has sent something: alarms of what waited go with it."""
        if self.sudo().search_count([("code", "in", OF_WAITING)], limit=1):
            self._refresh()

    @api.model
    def _refresh_one(self, backend):
        causes = {
            (code, endpoint_id): arguments
            for code, endpoint_id, arguments in self._find_causes(backend)
        }
        known = {
            (alarm.code, alarm.endpoint_id.id): alarm
            for alarm in self.search([("backend_id", "=", backend.id)])
        }
        for key, alarm in [*known.items()]:
            # A secret that ends in a week is another cause than one that ends in a
            # month.
            before, now = alarm.arguments or {}, causes.get(key) or {}
            moved = any(before.get(name) != now.get(name) for name in ("days", "date"))
            if key not in causes or moved:
                alarm.activity_ids.unlink()
                alarm.unlink()
                del known[key]
        for key, arguments in causes.items():
            if key not in known:
                self._raise(backend, *key, arguments)

    @api.model
    def _raise(self, backend, code, endpoint_id, arguments):
        alarm = self.create(
            {
                "backend_id": backend.id,
                "code": code,
                "endpoint_id": endpoint_id,
                "arguments": arguments or False,
            }
        )
        for user in self._get_administrators(backend):
            text = alarm.with_context(lang=user.lang).text
            alarm.activity_ids |= backend.activity_schedule(
                "mail.mail_activity_data_warning", summary=text, user_id=user.id
            )

    @api.model
    def _notify_administrators(self, backend, text):
        """What happened once, and is no state that could pass."""
        users = self._get_administrators(backend)
        backend.message_post(body=text, partner_ids=users.partner_id.ids)
        for user in users:
            backend.activity_schedule(
                "mail.mail_activity_data_warning", summary=text, user_id=user.id
            )

    @api.model
    def _get_administrators(self, backend):
        """Who is notified of trouble: administrators who work in the company."""
        group = self.env.ref("inboost_connector.group_inboost_manager")
        return group.sudo().all_user_ids.filtered(
            lambda user: user.active and backend.company_id in user.company_ids
        )

    @api.model
    def _find_causes(self, backend):
        """:return: iterator of (code, endpoint id or False, arguments)"""
        if backend.state == "paused" and backend.pause_code != "paused_by":
            reason = {"code": backend.pause_code, "args": backend.pause_args}
            yield "backend_paused", False, reason
        for endpoint in backend.endpoint_ids.filtered("enabled"):
            if endpoint.paused:
                reason = {"code": endpoint.pause_code, "args": endpoint.pause_args}
                yield "endpoint_paused", endpoint.id, reason
            elif endpoint.failures >= FAILING:
                yield "endpoint_failing", endpoint.id, None
        if backend.state == "connected":
            yield from self._find_waiting(backend)
            yield from self.env["inboost.watch"]._find_cron_causes()
        for state, found in self._find_undecided(backend).items():
            if found:
                yield state, False, None
        if days := self._find_reminder(backend):
            date = fields.Date.to_string(backend.secret_ends)
            yield "secret_ends", False, {"days": days, "date": date}
        if self.env["inboost.capture.failure"]._is_stuck(backend):
            yield "missed", False, None

    @api.model
    def _find_reminder(self, backend):
        """:return: one of REMIND that the end of the secret is nearer than, or None"""
        if not backend.secret_ends or backend.auth_kind == "none":
            return None
        left = backend.secret_ends - fields.Datetime.now()
        return next((days for days in REMIND if left < timedelta(days=days)), None)

    @api.model
    def _find_waiting(self, backend):
        now = fields.Datetime.now()
        idle = self.env["inboost.watch"]._is_idle(now - CRON_PATIENCE)
        able = backend.endpoint_ids.filtered(
            lambda e: e.enabled and e.address and not e.paused
        )
        for endpoint_id, queued_at, due in self.env.execute_query(
            SQL(
                """
                SELECT p.id, oldest.queued_at, due.next_try
                  FROM unnest(%(endpoints)s::int[]) AS p(id)
            CROSS JOIN LATERAL (
                       SELECT queued_at FROM inboost_event
                        WHERE endpoint_id = p.id AND lower(state) = 'pending'
                     ORDER BY priority, id LIMIT 1) oldest
             LEFT JOIN LATERAL (
                       SELECT next_try FROM inboost_event
                        WHERE endpoint_id = p.id AND lower(state) = 'pending'
                     ORDER BY next_try LIMIT 1) due ON TRUE
                """,
                endpoints=able.ids,
            )
        ):
            endpoint = able.browse(endpoint_id)
            if endpoint.failures < FAILING and queued_at < now - PATIENCE:
                yield "waiting", endpoint_id, None
            resting = endpoint.rest_until and endpoint.rest_until > now - CRON_PATIENCE
            if idle and due and due < now - CRON_PATIENCE and not resting:
                yield "crons", False, None

    @api.model
    def _find_undecided(self, backend):
        """:return: {"held", "failed", "restored": whether there are such events}"""
        restored = backend.doubt_decision == "ask" and bool(backend.doubt_count)
        [(held, failed)] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT FROM inboost_event
                                WHERE backend_id = %(backend)s AND state = 'held'
                                  AND reason_code IS DISTINCT FROM 'restored'
                                  AND write_date < %(asked)s),
                       EXISTS (SELECT FROM inboost_event
                                WHERE backend_id = %(backend)s AND state = 'failed')
                """,
                backend=backend.id,
                asked=self.env["inboost.event.check"]._get_asked_before(backend),
            )
        )
        return {"held": held, "failed": failed, "restored": restored}
