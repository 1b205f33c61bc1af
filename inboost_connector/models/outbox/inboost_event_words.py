from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, formatLang

from ...lib import phone as phones

#: Orders that one word may mean.
MAX_DOCUMENTS = 500
#: Where numbers of documents stand, of those that have such a field.
NUMBERS = ("name", "pos_reference")
#: How the amount of a fact is named in its title.
SIGNS = {"bonus_accrual": "+", "bonus_redemption": "−"}


class InboostEventWords(models.AbstractModel):
    """An event as people read it and look for it."""

    _name = "inboost.event.words"
    _description = "InBoost Event in Words"
    _inherit = ["inboost.several.mixin"]

    amount = fields.Float(
        compute="_compute_amount",
        digits=(16, 2),
        help="Money of a purchase, points of a bonus, the balance that was recorded.",
    )
    about = fields.Char(
        "Look For",
        compute="_compute_about",
        search="_search_about",
        help="The number of an order or of a receipt, a phone in any spelling, an "
        "event ID, or a name.",
    )
    marked_by_id = fields.Many2one(
        "res.users", "Marked as Delivered By", compute="_compute_marked"
    )
    marked_on = fields.Datetime(compute="_compute_marked")
    behind_id = fields.Many2one(
        "inboost.event",
        "Waits Behind",
        compute="_compute_waiting",
        help="Events of one customer go out in the order in which they happened.",
    )
    outcome = fields.Char(
        compute="_compute_outcome",
        help="What came of the last try, or why there was none.",
    )
    waiting = fields.Char(
        "Why It Waits", compute="_compute_waiting", help="Of a pending event."
    )

    # -- titles --------------------------------------------------------------------

    def _get_known(self):
        """The fact, with what was read when the event left, or is so now."""
        self.ensure_one()
        found = self._read_consent([self.phone]) if self.phone else {}
        known = found.get(self.phone, {})
        return {**(self.fact or {}), **known, **(self.sent or {})}

    @api.depends("fact", "sent", "operation")
    def _compute_amount(self):
        for event in self:
            known = {**(event.fact or {}), **(event.sent or {})}
            amount = known.get("total", known.get("amount"))
            event.amount = amount if isinstance(amount, int | float) else 0.0

    @api.depends("endpoint_id", "res_name", "partner_id", "phone", "amount")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """“Bonus accrual +5 · Olena Kovalenko”"""
        for event in self:
            what = event.endpoint_id.display_name or ""
            if event.operation in SIGNS:
                amount = formatLang(event.env, event.amount, digits=2)
                amount = amount.removesuffix("00").rstrip(".,")
                what += f" {SIGNS[event.operation]}{amount}"
            elif event.res_name:
                what += f" {event.res_name}"
            # Whoever sees the event sees whose it is.
            who = event.partner_id.sudo().name or event.phone
            event.display_name = f"{what} · {who}" if who else what

    @api.depends("event_id")
    def _compute_about(self):
        for event in self:
            event.about = event.event_id

    @api.depends("state", "decision_ids")
    def _compute_marked(self):
        """Whether it is delivered because a person said so."""
        for event in self:
            last = event.decision_ids.sorted("id")[-1:]
            marked = event.state == "done" and last.action == "mark_delivered"
            event.marked_by_id = marked and last.user_id
            event.marked_on = marked and last.create_date

    @api.depends("reason", "log_ids")
    @api.depends_context("lang")
    def _compute_outcome(self):
        """What has no reason to wait or to fail says what came back last."""
        logs = self.env["inboost.request.log"].with_context(prefetch_fields=False)
        silent = self.filtered(lambda event: not event.reason)
        last = dict(
            logs._read_group([("event_id", "in", silent.ids)], ["event_id"], ["id:max"])
        )
        # Whole rows are wide.
        logs.browse(last.values()).fetch(
            ["status", "verdict", "kind", "reason_code", "error", "answer"]
        )
        for event in self:
            event.outcome = event.reason or logs.browse(last.get(event)).outcome

    # -- why it waits --------------------------------------------------------------

    @api.depends("state", "next_try", "endpoint_id", "phone")
    @api.depends_context("lang")
    def _compute_waiting(self):
        for event in self:
            pending = event.state == "pending"
            event.behind_id = event._find_ahead() if pending else False
            event.waiting = event._explain_waiting() if pending else False

    def _explain_waiting(self):
        """:return: why a pending event does not leave at this moment, or False"""
        endpoint, backend = self.endpoint_id, self.backend_id
        if backend.state != "connected":
            return self.env._(
                "Nothing is sent to %(backend)s: %(reason)s It leaves when somebody "
                "presses Connect.",
                backend=backend.name,
                reason=backend.pause_reason or self.env._("it is not connected."),
            )
        if endpoint.paused:
            return self.env._(
                "%(endpoint)s is paused: %(reason)s It leaves when somebody presses "
                "Resume.",
                endpoint=endpoint.display_name,
                reason=endpoint.pause_reason or "",
            )
        if not endpoint._filter_recording():
            return self.env._(
                "%s is switched off or has no address.", endpoint.display_name
            )
        if endpoint.rest_until and endpoint.rest_until > fields.Datetime.now():
            return self.env._(
                "%s failed several times in a row and rests; it is tried again soon.",
                endpoint.display_name,
            )
        if self.behind_id:
            return self.env._("An earlier event of the same customer goes first:")
        return False

    def _find_ahead(self):
        """:return: the event of the same customer that has to leave before"""
        if not self.phone:
            return self.browse()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM inboost_event
                 WHERE backend_id = %(backend)s AND phone = %(phone)s
                   AND state = 'sending' AND id <> %(id)s
             UNION ALL (
                SELECT id FROM inboost_event
                 WHERE backend_id = %(backend)s AND phone = %(phone)s
                   AND lower(state) = 'pending'
                   AND (priority, id) < (%(priority)s, %(id)s)
              ORDER BY priority DESC, id DESC LIMIT 1)
                 LIMIT 1
                """,
                backend=self.backend_id.id,
                phone=self.phone,
                priority=self.priority,
                id=self.id,
            )
        )
        return self.browse([id_ for (id_,) in rows])._filtered_access("read")

    # -- searching -----------------------------------------------------------------

    @api.model
    def _search_about(self, operator, value):
        """By indexes only: a million events are not read one by one."""
        if operator not in ("ilike", "=", "like", "=ilike") or not value:
            return NotImplemented
        word = value.strip()
        domains = [[("event_id", "=", word)]]
        region = self.env.company.country_id.code
        number = phones.normalise(word, region, coded=True)
        if number:
            domains.append([("phone", "=", number)])
        else:
            people = self.env["res.partner"]._search(
                [("name", "ilike", word)], limit=MAX_DOCUMENTS
            )
            domains.append([("partner_id", "in", list(people))])
        domains += self._find_documents(word)
        return Domain.OR(domains)

    @api.model
    def _find_documents(self, word):
        """:return: iterator of domains, of the events of documents with this number"""
        for model in self.env["inboost.backend"]._get_document_models():
            documents = self.env[model].sudo()
            names = [name for name in NUMBERS if name in documents._fields]
            domain = Domain.OR([[(name, "ilike", word)] for name in names])
            # Who sees events need not have rights on sales.
            found = documents.sudo().search(
                domain, limit=MAX_DOCUMENTS, order="id desc"
            )
            if found:
                yield [("res_model", "=", found._name), ("res_id", "in", found.ids)]
