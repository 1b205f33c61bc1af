import logging
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, split_every

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
    **dict.fromkeys(("create_uid", "write_uid"), "int"),
    **dict.fromkeys(("create_date", "write_date"), "timestamp"),
}
#: Who opted out is left out by the statement itself: a sale has none to spare.
#: It wakes the delivery, too, for the same reason.
INSERT = """
    WITH new AS (
         INSERT INTO inboost_event (%(columns)s)
         SELECT %(values)s
           FROM jsonb_to_recordset(%(rows)s::jsonb) AS v(%(types)s)
          WHERE NOT (v.operation = ANY(%(marketing)s) AND %(opted_out)s)
             ON CONFLICT (backend_id, operation, key) DO NOTHING
      RETURNING id, operation, key),
         woken AS (
         INSERT INTO ir_cron_trigger (
                cron_id, call_at, create_uid, create_date, write_uid, write_date)
         SELECT c.id, %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s
           FROM ir_cron c
          WHERE c.id = %(cron)s
            AND EXISTS (SELECT FROM new))
  SELECT id, operation, key FROM new
"""
OPTED_OUT = SQL("""EXISTS (
    SELECT FROM phone_blacklist b WHERE b.number = v.phone AND b.active)""")
TYPES = SQL(", ".join(f"{name} {kind}" for name, kind in COLUMNS.items()))


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
        :param str again: what came again, for the log of a stopped duplicate: a code
            of inboost.reason; empty where coming again is in the nature of the caller
        :return: the new events
        """
        # The outbox is the server's own: whoever sells has no rights on it.
        events = self.env["inboost.event"].sudo()
        settings = backend.sudo()._get_recording()
        entries = self._filter_wanted(backend, entries, settings)
        if not entries:
            return events
        rows = self._prepare_rows(backend, settings, entries, priority)
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
    def _prepare_rows(self, backend, settings, entries, priority):
        """:return: list of {name of a column: value}"""
        now = fields.Datetime.now()
        common = {
            "backend_id": backend.id,
            "company_id": settings["company_id"],
            "priority": priority,
            "attempts": 0,
            "create_uid": self.env.uid,
            "create_date": now,
            "write_uid": self.env.uid,
            "write_date": now,
        }
        return [
            common | self._prepare_values(settings, entry, now) for entry in entries
        ]

    @api.model
    def _prepare_values(self, settings, entry, now):
        """Values that an entry has for itself."""
        endpoint_id, _shelf_life, _once = settings["endpoints"][entry.operation]
        values = {
            "endpoint_id": endpoint_id,
            "operation": entry.operation,
            "key": entry.key,
            "event_id": codes.event_uuid(
                settings["portal"], entry.operation, entry.key
            ),
            "fact": entry.fact,
            "occurred_at": entry.occurred_at,
        }
        if record := entry.record:
            values |= {
                "res_model": record._name,
                "res_id": record.id,
                "res_name": record.display_name,
            }
            # Whose sale it is, which may be a branch's.
            if company := record.sudo().company_id:
                values["company_id"] = company.id
        return values | self._prepare_state(settings, entry, now)

    @api.model
    def _prepare_state(self, settings, entry, now):
        """Values that say whom an event is about, and whether it may go."""
        events = self.env["inboost.event"]
        if OPERATIONS[entry.operation].personal:
            values = events._prepare_address_values(entry.partner.sudo(), entry.phone)
        else:
            values = events._prepare_ready_values()
        _id, shelf_life, _once = settings["endpoints"][entry.operation]
        if doubt := self.env["inboost.restoration"]._doubt(settings, entry):
            values |= doubt
        elif shelf_life and entry.occurred_at < now - timedelta(days=shelf_life):
            values |= {
                "state": "expired",
                "reason_code": "too_old",
                "reason_args": {"days": shelf_life},
            }
        if values["state"] != "pending":
            values["next_try"] = None
        # Odoo's False is no value of a column.
        return {name: None if v is False else v for name, v in values.items()}

    @api.model
    def _insert(self, rows, respect_opt_out):
        """:return: list of (id, operation, key) of those that are new"""
        # In which shop it happened is read by the statement itself, too.
        models = {row["res_model"] for row in rows if "res_model" in row}
        shops = self.env["inboost.event"]._shops_sql("v", models)
        inserted = []
        for some in split_every(PAGE, rows, list):
            found = self.env.execute_query(
                SQL(
                    INSERT,
                    cron=self._get_cron_to_wake(),
                    now=fields.Datetime.now(),
                    uid=self.env.uid,
                    columns=SQL(", ").join(map(SQL.identifier, [*COLUMNS, *shops])),
                    values=SQL(", ").join([SQL("v.*"), *shops.values()]),
                    types=TYPES,
                    rows=dumps(some),
                    marketing=sorted(MARKETING),
                    opted_out=OPTED_OUT if respect_opt_out else SQL("FALSE"),
                )
            )
            if found:
                self._note_woken()
            inserted += found
        return inserted

    # Once for all that one transaction captures; see inboost.event._trigger_delivery.

    @api.model
    def _get_cron_to_wake(self):
        """:return: its id, 0 where there is none or it is woken already"""
        if self.env.cr.precommit.data.get("inboost_woken"):
            return 0
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(
            "inboost_connector.ir_cron_deliver", raise_if_not_found=False
        )
        return cron_id or 0

    @api.model
    def _note_woken(self):
        data = self.env.cr.precommit.data
        if not data.get("inboost_woken"):
            data["inboost_woken"] = True
            self.env.cr.postcommit.add(self.env["inboost.watch"]._wake_scheduler)
