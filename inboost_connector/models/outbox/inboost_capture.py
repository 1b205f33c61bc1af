import logging
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...lib import codes
from ...lib.capture import Capture
from ...lib.operations import OPERATIONS
from ...lib.priority import LIVE, MARKETING
from ...lib.storable import dumps

_logger = logging.getLogger(__name__)

#: Rows of one INSERT.
PAGE = 1000
#: {column: its type}, of what is written of an event.
COLUMNS = {
    **dict.fromkeys(("backend_id", "company_id", "endpoint_id", "partner_id"), "int"),
    **dict.fromkeys(("operation", "key", "event_id", "phone", "state"), "varchar"),
    **dict.fromkeys(("res_model", "res_name", "reason_code"), "varchar"),
    **dict.fromkeys(("fact", "reason_args"), "jsonb"),
    **dict.fromkeys(("occurred_at", "queued_at", "next_try"), "timestamp"),
    **dict.fromkeys(("priority", "res_id", "attempts"), "int"),
    "duplicate": "boolean",
    **dict.fromkeys(("create_uid", "write_uid"), "int"),
    **dict.fromkeys(("create_date", "write_date"), "timestamp"),
}
#: Who opted out is left out by the statement itself: a sale has none to spare.
INSERT = """
    INSERT INTO inboost_event (%(columns)s)
    SELECT v.*
      FROM (VALUES %%s) AS v(%(columns)s)
     WHERE NOT (v.operation IN (%(marketing)s) AND %(opted_out)s)
        ON CONFLICT (backend_id, operation, key) DO NOTHING
 RETURNING id, operation, key
"""
OPTED_OUT = """EXISTS (
    SELECT FROM phone_blacklist b WHERE b.number = v.phone AND b.active)"""
TEMPLATE = f"({', '.join(f'%s::{kind}' for kind in COLUMNS.values())})"


class Guarded:
    """:ivar failed: whether what was guarded failed"""

    failed = False


class InboostCapture(models.AbstractModel):
    """A fact becomes a row of the outbox in the transaction of the fact."""

    _name = "inboost.capture"
    _description = "InBoost Capture"

    @contextmanager
    def _guard(self, what, again):
        """What happens inside never harms the caller's transaction.

        Pending changes are flushed first, so that a failure of the caller's own is
        not taken for ours. Concurrency errors pass: Odoo replays the request then.

        :param str what: what is recorded inside, for people
        :param again: the net that catches a failure: (records, name of a method, list
            of JSON arguments), which the reconciliation calls to make up for it
        :return: :class:`Guarded`
        """
        self.env.flush_all()
        guarded = Guarded()
        try:
            with self.env.cr.savepoint():
                yield guarded
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            guarded.failed = True
            _logger.exception("InBoost: %s was not recorded", what)
            self._keep_failure(what, again, error)

    def _keep_failure(self, what, again, error):
        try:
            with self.env.cr.savepoint():
                self.env["inboost.capture.failure"]._record(what, again, error)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            # Nothing more can be done without harming the caller.
            _logger.exception("InBoost: that %s was missed could not be kept", what)

    @api.model
    def _capture(self, backend, facts, partner, record=None, **kwargs):
        """Facts about one customer; see :meth:`_capture_all`.

        :param facts: list of (operation, key, fact, occurred_at)
        """
        entries = [Capture(*fact, partner, record) for fact in facts]
        return self._capture_all(backend, entries, **kwargs)

    @api.model
    def _capture_all(self, backend, entries, priority=LIVE, again=""):
        """Put facts into the outbox, each once, by one statement. A fact that is there
        already leaves a row in the log instead.

        :param backend: one ``inboost.backend``
        :param entries: list of Capture
        :param str again: what came again, for the log of a stopped duplicate;
            empty where coming again is in the nature of the caller
        :return: the new events
        """
        # The outbox is the server's own: whoever sells has no rights on it.
        events = self.env["inboost.event"].sudo()
        settings = backend.sudo()._get_recording()
        entries = self._filter_wanted(backend, entries, settings)
        if not entries:
            return events
        rows = [
            self._prepare_row(backend, settings, entry, priority) for entry in entries
        ]
        inserted = self._insert(rows, settings["respect_opt_out"])
        new = {(operation, key) for _id, operation, key in inserted}
        known = [
            (e.operation, e.key) for e in entries if (e.operation, e.key) not in new
        ]
        if known and again:
            self.env["inboost.request.log"].sudo()._record_duplicates(
                backend, known, again
            )
        if inserted:
            events._trigger_delivery()
            self.env["inboost.watch"]._look()
        return events.browse(row[0] for row in inserted)

    @api.model
    def _filter_wanted(self, backend, entries, settings):
        """Those that go somewhere: not to an endpoint without address, not about a
        customer of others, and not about nobody: a sale without a customer is recorded
        when it gets one."""
        entries = [
            entry for entry in entries if entry.operation in settings["endpoints"]
        ]
        partners = self.env["res.partner"].union(*(entry.partner for entry in entries))
        about = backend.sudo()._filter_about(partners.sudo())
        return [
            entry
            for entry in entries
            if not OPERATIONS[entry.operation].personal
            or (
                (entry.partner or entry.phone)
                and (entry.operation == "customer_upsert" or entry.partner <= about)
            )
        ]

    @api.model
    def _prepare_row(self, backend, settings, entry, priority):
        """:return: values in the order of COLUMNS"""
        now = fields.Datetime.now()
        endpoint_id, shelf_life, _once = settings["endpoints"][entry.operation]
        record = entry.record
        if OPERATIONS[entry.operation].personal:
            whom = self.env["inboost.event"]._prepare_address_values(
                entry.partner.sudo(), entry.phone
            )
        else:
            whom = self.env["inboost.event"]._prepare_ready_values()
        if doubt := self.env["inboost.restoration"]._doubt(settings, entry):
            whom = {**whom, **doubt}
        elif shelf_life and entry.occurred_at < fields.Datetime.subtract(
            now, days=shelf_life
        ):
            whom = {
                **whom,
                "state": "expired",
                "reason_code": "too_old",
                "reason_args": {"days": shelf_life},
            }
        values = {
            "backend_id": backend.id,
            # Whose sale it is, which may be a branch's.
            "company_id": (record and record.sudo().company_id.id)
            or settings["company_id"],
            "endpoint_id": endpoint_id,
            "operation": entry.operation,
            "key": entry.key,
            "event_id": codes.event_uuid(
                settings["portal"], entry.operation, entry.key
            ),
            "fact": dumps(entry.fact),
            "occurred_at": entry.occurred_at,
            "priority": priority,
            "res_model": record._name if record else None,
            "res_id": record.id if record else None,
            "res_name": record.display_name if record else None,
            "attempts": 0,
            "duplicate": False,
            "create_uid": self.env.uid,
            "create_date": now,
            "write_uid": self.env.uid,
            "write_date": now,
            **whom,
        }
        arguments = values.get("reason_args")
        values["reason_args"] = dumps(arguments) if arguments else None
        if values["state"] != "pending":
            values["next_try"] = None
        # Odoo's False is no value of a column.
        return tuple(_null(values.get(name)) for name in COLUMNS)

    @api.model
    def _insert(self, rows, respect_opt_out):
        """:return: list of (id, operation, key) of those that are new"""
        query = INSERT % {
            "columns": ", ".join(COLUMNS),
            "marketing": ", ".join(f"'{name}'" for name in sorted(MARKETING)),
            "opted_out": OPTED_OUT if respect_opt_out else "FALSE",
        }
        return self.env.cr.execute_values(
            query, rows, template=TEMPLATE, page_size=PAGE, fetch=True
        )


def _null(value):
    return None if value is False else value
