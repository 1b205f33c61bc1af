from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

#: The register confirms points right after the sale; so late they do not come any more.
LATE = timedelta(minutes=15)
#: Documents that are read at once.
BATCH = 500


class InboostBonusMissing(models.Model):
    """Points of an order that never came: a register confirms them by a second call,
    which may be lost. What they should be is an estimate by the program's rules."""

    _name = "inboost.bonus.missing"
    _description = "InBoost Points That Never Came"
    _order = "id desc"
    _rec_name = "order_name"

    order_model = fields.Char(required=True, readonly=True)
    order_id = fields.Many2oneReference(model_field="order_model", readonly=True)
    order_name = fields.Char("Order Number", readonly=True)
    order_uuid = fields.Char("Order UUID", required=True, readonly=True)
    time = fields.Datetime("Bought On", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    program_id = fields.Many2one(
        "loyalty.program", readonly=True, required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    won = fields.Float(
        "Won (Estimate)",
        readonly=True,
        digits=(16, 2),
        help="Points that the order should have won by the program's rules.",
    )
    spent = fields.Float(
        readonly=True,
        digits=(16, 2),
        help="Points that the rewards of the order cost, which were not taken either.",
    )
    state = fields.Selection(
        [
            ("open", "Missing"),
            ("credited", "Credited"),
            ("came", "Came Later"),
            ("dismissed", "Dismissed"),
        ],
        required=True,
        readonly=True,
        default="open",
        help="Missing: nobody credited the points yet. Came later: the register "
        "confirmed them after all.",
    )

    order_readable = fields.Boolean(compute="_compute_order_readable")

    _order_program_unique = models.Constraint(
        "UNIQUE(order_uuid, program_id)", "These points are listed already."
    )
    _open = models.Index("(company_id, program_id) WHERE state = 'open'")

    # -- computes ------------------------------------------------------------------

    def _compute_order_readable(self):
        """Whoever sees points need not have rights on sales."""
        for row in self:
            known = row.order_id and row.order_model in self.env
            order = known and self.env[row.order_model].browse(row.order_id).exists()
            row.order_readable = bool(order) and order.has_access("read")

    # -- actions -------------------------------------------------------------------

    def action_credit(self):
        """Change the cards as the register should have."""
        self._check_manager()
        for row in self.sudo().try_lock_for_update():
            row._settle_came()
            if row.state == "open":
                row._credit()
        self.env["inboost.alarm"]._refresh()
        return True

    def action_dismiss(self):
        """Nothing is missing here."""
        self._check_manager()
        self.sudo().filtered(lambda row: row.state == "open").state = "dismissed"
        self.env["inboost.alarm"]._refresh()
        return True

    def action_view_order(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.order_model,
            "res_id": self.order_id,
            "views": [(False, "form")],
        }

    def _check_manager(self):
        self.check_access("read")
        if not self.env.user.has_group("inboost_connector.group_inboost_manager"):
            raise AccessError(
                self.env._("Only an InBoost administrator may decide about points.")
            )

    def _credit(self):
        order = self.env[self.order_model].browse(self.order_id)
        with self.env["inboost.bonus.move"]._recording(
            order=order,
            order_uuid=self.order_uuid,
            reason=self.env._("Points that never came, credited by hand"),
        ) as operation:
            card = self._find_card()
            operation.gross[card.id] = self.spent
            card.points += self.won - self.spent
        # With the order: Odoo does not confirm its points a second time then.
        self.env["loyalty.history"].create(
            {
                "card_id": card.id,
                "description": self.env._("Points of %s", self.order_name),
                "issued": self.won,
                "used": self.spent,
                "order_model": self.order_model,
                "order_id": self.order_id,
            }
        )
        self.state = "credited"

    def _find_card(self):
        cards = self.env["loyalty.card"]
        owner = {"partner_id": self.partner_id.id, "program_id": self.program_id.id}
        domain = [(name, "=", value) for name, value in owner.items()]
        return cards.search(domain, limit=1) or cards.create({**owner, "points": 0})

    def _settle_came(self):
        """The register confirmed some of them after all."""
        came = self.env["inboost.bonus.move"].search(
            [("order_uuid", "in", self.mapped("order_uuid"))]
        )
        self.filtered(
            lambda row: (
                row.state == "open" and row.order_uuid in came.mapped("order_uuid")
            )
        ).state = "came"

    # -- what is listed ------------------------------------------------------------

    @api.model
    def _domain_of(self, backend):
        return [
            ("program_id", "in", backend.program_ids.ids),
            ("company_id", "in", backend._get_companies().ids),
        ]

    @api.model
    def _count_open(self, backend):
        """:return: how many orders of ``backend`` wait for somebody to decide"""
        return self.sudo().search_count(
            [*self._domain_of(backend.sudo()), ("state", "=", "open")]
        )

    # -- search --------------------------------------------------------------------

    @api.model
    def _find_all(self):
        """List what is missing, and what came."""
        missing = self.sudo()
        missing.search([("state", "=", "open")])._settle_came()
        for backend in (
            self.env["inboost.backend"].sudo().search([("state", "!=", "draft")])
        ):
            for name in backend._get_document_models():
                # Others move their points in the transaction of the sale.
                documents = self.env[name].sudo()
                if documents._inboost_repeats_points:
                    missing._find(backend, documents)

    @api.model
    def _find(self, backend, documents):
        last = 0
        while found := self._find_without_points(backend, documents, last):
            self.create(
                [
                    values
                    for document in found
                    for values in self._prepare_values(document, backend)
                ]
            )
            last = found[-1].id

    @api.model
    def _find_without_points(self, backend, documents, last):
        """The next documents after id ``last`` without any row of the ledger."""
        self.env.flush_all()
        now = fields.Datetime.now()
        since = now - timedelta(days=backend.reconcile_days)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT d.id
                  FROM %(table)s d
                 WHERE %(counts)s
                   AND d.id > %(last)s
                   AND d.partner_id IS NOT NULL
                   AND d.company_id = ANY(%(companies)s)
                   AND d.date_order BETWEEN %(since)s AND %(until)s
                   AND NOT EXISTS (
                       SELECT FROM inboost_bonus_move m WHERE m.order_uuid = %(uuid)s)
                   AND NOT EXISTS (
                       SELECT FROM inboost_bonus_missing k
                        WHERE k.order_uuid = %(uuid)s)
              ORDER BY d.id
                 LIMIT %(limit)s
                """,
                table=SQL.identifier(documents._table),
                counts=documents._inboost_counts_sql(),
                last=last,
                companies=backend._get_companies().ids,
                since=max(since, backend.connected_since),
                until=now - LATE,
                uuid=SQL.identifier("d", documents._inboost_uuid_field),
                limit=BATCH,
            )
        )
        return documents.browse(row[0] for row in rows)

    @api.model
    def _prepare_values(self, document, backend):
        return [
            {
                "order_model": document._name,
                "order_id": document.id,
                "order_name": document.display_name,
                "order_uuid": document._inboost_get_uuid(),
                "time": document.date_order,
                "partner_id": document.partner_id.id,
                "company_id": document.company_id.id,
                "program_id": program.id,
                "won": won,
                "spent": spent,
            }
            for program, (won, spent) in document._inboost_estimate_points(
                backend.program_ids
            ).items()
            if won or spent
        ]
