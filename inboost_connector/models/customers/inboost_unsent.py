from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...lib.operations import OPERATIONS
from ...lib.purchase import RECORDED

REASONS = [
    ("no_phone", "No phone"),
    ("invalid_phone", "Invalid phone"),
    ("not_linked", "Not a customer of InBoost"),
    ("opted_out", "Opted out"),
    ("before", "Before the connection"),
    ("no_address", "Endpoint without address"),
    ("expired", "Expired"),
]
KINDS = [("customer", "Customer"), ("purchase", "Purchase")]
#: Of what left no trace in the outbox, purchases of so many days are looked at: what is
#: older is neither news nor history.
DAYS = 90
#: Kinds of documents, at most, and reasons that are found by the document.
DOCUMENTS, CAUSES = 5, 4
#: Rows of one backend that may have the same number: documents by why, and a customer.
ROWS = DOCUMENTS * CAUSES + 1


class InboostUnsent(models.Model):
    """Customers who are not reached in InBoost and purchases that were not sent, and
    why: a view of the database. What waits or is too old is in the outbox; of the rest,
    each backend is asked only for what can be: where all is well, no document is
    read."""

    _name = "inboost.unsent"
    _description = "Not Sent, and Why"
    _inherit = ["inboost.several.mixin"]
    _auto = False
    _order = "time desc nulls last, id desc"

    kind = fields.Selection(KINDS, readonly=True)
    name = fields.Char("Purchase", readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    phone = fields.Char(related="partner_id.phone")
    time = fields.Datetime(
        "Bought On", readonly=True, help="Of a customer: when they bought last."
    )
    amount_total = fields.Float("Total", readonly=True, digits=(16, 2))
    operation = fields.Selection(
        [(name, OPERATIONS[name].title) for name in RECORDED],
        "What",
        readonly=True,
        help="What was not sent of a purchase. Who opted out, or whose purchase is too "
        "old to be news, is left out of the webhook only: the details are sent.",
    )
    reason = fields.Selection(REASONS, "Why", readonly=True)
    need = fields.Char(
        "What It Needs", compute="_compute_need", help="What a person can do about it."
    )
    backend_id = fields.Many2one("inboost.backend", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    # -- table ---------------------------------------------------------------------

    @property
    def _table_query(self):
        # PostgreSQL takes the statement for dearer than it is, and compiling it takes
        # seconds where reading takes milliseconds.
        self.env.cr.execute("SET LOCAL jit = off")
        backends = self.env["inboost.backend"].sudo().search([("state", "!=", "draft")])
        slots = len(backends) * ROWS + 1
        parts = [self._select_events(slots, backends)]
        for number, backend in enumerate(backends):
            slot = 1 + number * ROWS
            parts += self._select_documents(slots, slot, backend)
            parts.append(self._select_customers(slots, slot + ROWS - 1, backend))
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _select_events(self, slots, backends):
        """Of two events of one purchase that wait for a phone, one is shown."""
        return SQL(
            """
            SELECT e.id::bigint * %(slots)s AS id, 'purchase' AS kind,
                   e.res_name AS name, e.res_model,
                   e.res_id, e.partner_id, e.occurred_at AS time,
                   (e.fact->>'total')::float8 AS amount_total, e.operation,
                   CASE WHEN e.state = 'expired' THEN 'expired'
                        WHEN e.reason_code IN ('opted_out', 'invalid_phone')
                        THEN e.reason_code
                        ELSE 'no_phone' END AS reason,
                   e.backend_id, e.company_id
              FROM inboost_event e
             WHERE (e.state IN ('parked', 'expired') OR e.reason_code = 'opted_out')
               AND e.operation = ANY(%(operations)s)
               AND e.backend_id = ANY(%(backends)s)
               AND NOT (e.state = 'parked' AND EXISTS (
                   SELECT FROM inboost_event other
                    WHERE other.backend_id = e.backend_id
                      AND other.operation = ANY(%(operations)s)
                      AND other.key = e.key
                      AND other.state = 'parked'
                      AND other.id < e.id))
            """,
            slots=slots,
            operations=RECORDED,
            backends=backends.ids,
        )

    @api.model
    def _select_documents(self, slots, slot, backend):
        """Documents that left no trace in the outbox, by why."""
        causes = {
            "before": self._find_before,
            "not_linked": self._find_not_linked,
            "opted_out": self._find_opted_out,
            "no_address": self._find_no_address,
        }
        for kind, name in enumerate(backend._get_document_models()):
            documents = self.env[name]
            for cause, (reason, find) in enumerate(causes.items()):
                operation, table = find(backend, documents)
                if not table:
                    continue
                yield SQL(
                    """
                    SELECT k.id::bigint * %s + %s, 'purchase', k.name, %s, k.id,
                           k.partner_id, k.time, k.amount_total, %s, %s, %s,
                           k.company_id
                      FROM (%s) k
                    """,
                    slots,
                    slot + kind * CAUSES + cause,
                    documents._name,
                    operation,
                    reason,
                    backend.id,
                    table,
                )

    @api.model
    def _select_customers(self, slots, slot, backend):
        """Who buys here, or has a card, and is not reached. Whether they bought is
        asked only of those who are not."""
        companies = backend._get_companies() | backend.company_id.parent_ids
        documents = self.env["inboost.document.mixin"]
        partners = self.env["res.partner"]
        return SQL(
            """
            SELECT p.id::bigint * %(slots)s + %(slot)s, 'customer', NULL,
                   'res.partner', p.id, p.id, %(last)s, NULL::float8, NULL, r.reason,
                   %(backend)s, %(company)s
              FROM res_partner p
        CROSS JOIN LATERAL (SELECT %(reason)s AS reason) r
             WHERE p.active
               AND (p.company_id IS NULL OR p.company_id = ANY(%(companies)s))
               AND CASE WHEN r.reason IS NOT NULL THEN %(bought)s OR EXISTS (
                   SELECT FROM loyalty_card c
                    WHERE c.partner_id = p.id AND c.program_id = ANY(%(programs)s)) END
            """,
            slots=slots,
            slot=slot,
            last=documents._inboost_any_last_purchase_sql(backend),
            reason=partners._inboost_absence_sql(
                SQL("AND l.backend_id = %s", backend.id)
            ),
            backend=backend.id,
            company=backend.company_id.id,
            companies=companies.ids,
            bought=documents._inboost_any_bought_sql(backend),
            programs=backend.program_ids.ids,
        )

    # -- what left no trace: the operation that is missing, and a table or None -----

    @api.model
    def _find_before(self, backend, documents):
        begin, since = self._get_begin(), backend.connected_since
        if not since or begin >= since:
            return None, None
        return "purchase_details", documents._inboost_unsent_sql(
            backend, RECORDED, SQL("TRUE"), begin, since
        )

    @api.model
    def _find_not_linked(self, backend, documents):
        if backend.scope != "linked":
            return None, None
        stranger = SQL("NOT (%s)", self._about_sql(backend, documents))
        return "purchase_details", self._find_since(
            backend, documents, RECORDED, stranger
        )

    @api.model
    def _find_opted_out(self, backend, documents):
        """The details go, and the webhook does not."""
        if (
            not backend.respect_opt_out
            or "purchase" not in backend._get_recording()["endpoints"]
        ):
            return None, None
        condition = SQL(
            """
            %s AND %s > 0 AND %s IN (
                SELECT p.id
                  FROM phone_blacklist b
                  JOIN res_partner p ON p.phone_sanitized = b.number
                 WHERE b.active)
            """,
            self._about_sql(backend, documents),
            documents._inboost_total_sql(),
            documents._inboost_partner_sql(),
        )
        return "purchase", self._find_since(backend, documents, ["purchase"], condition)

    @api.model
    def _find_no_address(self, backend, documents):
        """One operation of the two: the details, which are for every purchase."""
        about = self._about_sql(backend, documents)
        bought = SQL("%s AND %s > 0", about, documents._inboost_total_sql())
        recording = backend._get_recording()["endpoints"]
        for operation, condition in (("purchase_details", about), ("purchase", bought)):
            if operation not in recording and backend._endpoint(operation).enabled:
                return operation, self._find_since(
                    backend, documents, [operation], condition
                )
        return None, None

    @api.model
    def _find_since(self, backend, documents, operations, condition):
        begin = self._get_begin()
        since = max(begin, backend.connected_since or begin)
        return documents._inboost_unsent_sql(backend, operations, condition, since)

    @api.model
    def _about_sql(self, backend, documents):
        return backend._about_document_sql(
            documents._inboost_partner_sql(), documents._inboost_moment_sql()
        )

    @api.model
    def _get_begin(self):
        return fields.Datetime.now() - timedelta(days=DAYS)

    # -- what it needs -------------------------------------------------------------

    @api.depends("reason", "partner_id", "operation", "backend_id")
    @api.depends_context("lang")
    def _compute_need(self):
        words = {
            "before": self.env._(
                "Nothing: a campaign for it would come too late. It goes as history "
                "once its customer is linked."
            ),
            "expired": self.env["inboost.reason"]._advise("expired"),
        }
        for row in self:
            row.need = words.get(row.reason) or row._word_need()

    def _word_need(self):
        if self.reason == "no_address":
            endpoint = self.backend_id._endpoint(self.operation)
            return self.env._(
                "Enter the address of %s, or switch it off.", endpoint.display_name
            )
        if not self.partner_id:
            # Of an older version, which recorded sales without a customer.
            return self.env._("Choose the customer on the order.")
        return self.partner_id._inboost_need(self.reason)

    # -- actions -------------------------------------------------------------------

    def action_open(self):
        """Where it can be put right: the endpoint, the contact, or the document."""
        self.ensure_one()
        target = self.partner_id
        if self.reason == "no_address":
            target = self.backend_id._endpoint(self.operation)
        elif self.reason in ("before", "expired") or not target:
            document = self.env[self.res_model].browse(self.res_id).exists()
            if document and document.has_access("read"):
                target = document
        return {
            "type": "ir.actions.act_window",
            "res_model": target._name,
            "res_id": target.id,
            "views": [(False, "form")],
        }

    def action_find(self):
        """Ask InBoost about these customers now."""
        return self.partner_id.action_inboost_synchronise()
