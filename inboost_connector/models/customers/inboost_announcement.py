import json
import logging
import time

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...lib import customers, door, mapping
from ...lib.problems import ProblemError

_logger = logging.getLogger(__name__)

#: Seconds of a turn, as of a pull.
MAX_RUN = 6
#: Customers of one announcement. More is what lists are for.
MAX_ROWS = 100
#: How often one is processed again when another transaction was in the way.
MAX_TRIES = 5
#: What became of several customers: the first of these that there is.
KINDS = [
    ("error", "Error"),
    ("conflict", "Conflict"),
    ("created", "Created"),
    ("linked", "Linked"),
    ("updated", "Updated"),
    ("unchanged", "Unchanged"),
]
#: {(database, portal): its lib.door.Bucket}
_buckets = {}


class InboostAnnouncement(models.Model):
    """What InBoost announced: kept first, then processed as a row of a list is."""

    _name = "inboost.announcement"
    _description = "InBoost Announcement"
    _order = "id desc"
    _rec_name = "message_id"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="cascade", readonly=True
    )
    message_id = fields.Char(
        "Message ID",
        required=True,
        readonly=True,
        help="A repeat has the same one, and is not processed again.",
    )
    body = fields.Json(readonly=True)
    body_text = fields.Text(
        "As Received",
        compute="_compute_texts",
        help="Not kept after it was processed where personal data is masked.",
    )
    state = fields.Selection(
        [("waiting", "Waiting"), ("done", "Processed"), ("failed", "Failed")],
        required=True,
        default="waiting",
        readonly=True,
    )
    kind = fields.Selection(KINDS, "Result", readonly=True)
    notes = fields.Json(
        readonly=True, help="What was wrong or changed: codes and their arguments."
    )
    text = fields.Char("What", compute="_compute_texts")
    partner_id = fields.Many2one(
        "res.partner",
        "Contact",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    processed_at = fields.Datetime("Processed", readonly=True)

    _message_unique = models.Constraint(
        "UNIQUE(backend_id, message_id)", "An announcement is kept once."
    )
    _waiting = models.Index("(id) WHERE state = 'waiting'")
    _purge = models.Index("(backend_id, create_date)")

    # -- computes ------------------------------------------------------------------

    @api.depends("body", "notes")
    @api.depends_context("lang")
    def _compute_texts(self):
        problem = self.env["inboost.problem"]
        for one in self:
            one.text = problem._word_all(one.notes)
            one.body_text = (
                json.dumps(one.body, indent=2, ensure_ascii=False)
                if one.body
                else False
            )

    # -- actions -------------------------------------------------------------------

    def action_replay(self):
        """Process it once more, as if it came now."""
        self.check_access("read")
        if not self.env.user.has_group("inboost_connector.group_inboost_manager"):
            raise UserError(self.env._("Only an InBoost administrator may do this."))
        if gone := self.filtered(lambda one: not one.body):
            raise UserError(
                self.env._(
                    "%s was processed and is not kept any more: personal data is "
                    "masked. The next synchronisation brings what InBoost has.",
                    gone[0].display_name,
                )
            )
        self.sudo().write({"state": "waiting", "kind": False, "notes": False})
        self._trigger()
        return True

    # -- the way in ----------------------------------------------------------------

    @api.model
    def _receive(self, backend_id, headers, body):
        """One request. Nobody learns why they are not let in.

        :param dict headers: with names in lower case
        :param bytes body: not larger than ``lib.door.MAX_BODY``
        :return: (HTTP status, text)
        """
        entrance = self._get_doors().get(backend_id) or door.Door()
        if not door.lets_in(entrance, headers, body):
            return 404, ""
        try:
            data = door.read(body)
        except ValueError as error:
            return 400, str(error)
        if not self._get_bucket(backend_id).take(time.monotonic()):
            return 429, ""
        if self._store(backend_id, door.get_id(headers, data), data):
            self._trigger()
        return 202, ""

    @api.model
    @tools.ormcache()
    def _get_doors(self):
        """Kept in memory: whoever is not let in reads nothing of the database.

        :return: {id of a backend: lib.door.Door}, of those that are open
        """
        backends = self.env["inboost.backend"].sudo().search([])
        doors = {backend.id: backend._prepare_door() for backend in backends}
        return {id_: one for id_, one in doors.items() if one.is_open}

    @api.model
    def _get_bucket(self, backend_id):
        return _buckets.setdefault((self.env.cr.dbname, backend_id), door.Bucket())

    @api.model
    def _store(self, backend_id, message_id, data):
        """:return: whether it is new"""
        self.flush_model()
        return bool(
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO inboost_announcement (
                           backend_id, message_id, body, state,
                           create_uid, create_date, write_uid, write_date)
                    SELECT id, %(message)s, %(body)s, 'waiting',
                           %(uid)s, %(now)s, %(uid)s, %(now)s
                      FROM inboost_backend
                     WHERE id = %(backend)s
               ON CONFLICT DO NOTHING
                 RETURNING id
                    """,
                    message=message_id,
                    body=json.dumps(data),
                    uid=self.env.uid,
                    now=self.env.cr.now(),
                    backend=backend_id,
                )
            )
        )

    # -- processing ----------------------------------------------------------------

    @api.model
    def _trigger(self):
        self.env["inboost.watch"]._trigger("ir_cron_announcement")

    @api.model
    def _cron_process(self):
        """One after the other, in the order in which they came: the newest word is the
        last."""
        self = self.with_context(tracking_disable=True)
        with self.env["inboost.long.job"]._take("ir_cron_announcement") as mine:
            if not mine:
                return
            end = time.monotonic() + MAX_RUN
            backends = self.env["inboost.backend"].search([("state", "=", "connected")])
            waiting = self._find_waiting(backends._filter_sendable())
            for announcement in waiting:
                if time.monotonic() > end:
                    break
                announcement._process_safely()
                self.env["ir.cron"]._commit_progress(1)
            else:
                if len(waiting) < MAX_ROWS:
                    return
        self._trigger()

    @api.model
    def _find_waiting(self, backends):
        return self.search(
            [("state", "=", "waiting"), ("backend_id", "in", backends.ids)],
            order="id",
            limit=MAX_ROWS,
        )

    def _process_safely(self):
        """Whatever is wrong with it is its own failure."""
        for _try in range(MAX_TRIES):
            try:
                with self.env.cr.savepoint():
                    self._process()
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # A register wrote the same contact: once more, on what there is now.
                self.env.cr.rollback()
                self.env.invalidate_all()
            except ProblemError as error:
                self._fail(error.problem.code, error.problem.args)
                return
            except Exception as error:
                _logger.exception("InBoost: announcement %s", self.id)
                self._fail("text", {"text": str(error).strip()[:500]})
                return
        self._fail("too_busy", {})

    def _fail(self, code, arguments):
        self.env.invalidate_all()
        self.write(
            {
                "state": "failed",
                "kind": "error",
                "notes": [[code, arguments]],
                "processed_at": fields.Datetime.now(),
            }
        )

    def _process(self):
        self.ensure_one()
        decisions = [self._decide_and_do(row) for row in self._find_rows()]
        masked = self.backend_id.mask_personal
        kinds = [decision.kind for decision in decisions]
        kind = next((kind for kind, _title in KINDS if kind in kinds), "unchanged")
        prepare = self.env["inboost.sync.line"]._prepare_notes
        values = {
            "state": "failed" if kind == "error" else "done",
            "kind": kind,
            "notes": [note for one in decisions for note in prepare(one, masked)],
            "partner_id": next((d.partner.id for d in decisions if d.partner), False),
            "processed_at": fields.Datetime.now(),
        }
        if masked and kind != "error":
            values["body"] = False
        self.write(values)

    def _find_rows(self):
        """:raise lib.problems.ProblemError: when there are none"""
        try:
            found = mapping.search(self.backend_id.incoming_path or "@", self.body)
        except mapping.MappingError as error:
            raise customers.RowRefused("mapping_misfit", error=error.problem) from error
        rows = found if isinstance(found, list) else [found]
        if len(rows) > MAX_ROWS:
            raise ProblemError("too_many_rows", count=len(rows), limit=MAX_ROWS)
        return rows

    def _decide_and_do(self, row):
        """:rtype: lib.decision.Decision"""
        backend = self.backend_id
        [decision] = self.env["inboost.customer.decision"]._decide(backend, [row])
        if decision.customer and decision.link:
            # An announcement may say of a customer no more than what is new.
            known = decision.link.fact or {}
            said = {k: v for k, v in decision.customer.items() if v is not None}
            consent = decision.customer["opted_out"]
            decision.customer |= {**known, **said, "opted_out": consent}
        self.env["inboost.customer.write"]._carry_out(backend, [decision])
        return decision

    # -- retention -----------------------------------------------------------------

    @api.autovacuum
    def _gc_announcements(self):
        return self.env["inboost.retention"]._purge(
            self._name,
            days="log_retention_days",
            moment="create_date",
            which=SQL("state <> 'waiting'"),
        )
