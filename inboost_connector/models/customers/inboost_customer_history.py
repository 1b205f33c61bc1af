import time

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...lib.priority import HISTORY

#: Seconds a run goes on while there is work; then the next one takes over.
MAX_RUN = 60
#: Customers in one transaction.
BATCH = 200


class InboostCustomer(models.Model):
    """What InBoost is told of a customer that both systems have: the purchases of the
    last months, to the details only, and the balance."""

    _inherit = "inboost.customer"

    def _queue_history(self):
        self.sudo().write({"history_state": "waiting"})
        self._trigger_history()

    @api.model
    def _trigger_history(self):
        self.env.ref("inboost_connector.ir_cron_history").sudo()._trigger()

    @api.model
    def _cron_history(self):
        """Batch after batch, each in a transaction of its own."""
        end = time.monotonic() + MAX_RUN
        failed = self.browse()
        while time.monotonic() < end:
            try:
                links = self._lock_waiting(failed)
                if not links:
                    return
                for some in links.grouped("backend_id").values():
                    failed |= some._try_history()
                self.env["ir.cron"]._commit_progress(len(links))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # A pull or a till wrote one of them; the next turn sees it.
                self.env.cr.rollback()
        self._trigger_history()

    @api.model
    def _lock_waiting(self, failed):
        backends = self.env["inboost.backend"].search([("state", "!=", "draft")])
        details = backends.endpoint_ids.filtered(
            lambda e: (
                e.operation == "purchase_details"
                # Off is a decision; without an address, history would be lost.
                and (e.address or not e.enabled)
            )
        )
        return self.search(
            [
                ("history_state", "=", "waiting"),
                ("partner_id", "!=", False),
                ("backend_id", "in", details.backend_id.ids),
                ("id", "not in", failed.ids),
            ],
            order="id",
            limit=BATCH,
        ).try_lock_for_update()

    def _try_history(self):
        """What fails together is tried one by one, so that none stops the others.

        :return: those that failed; they go on waiting
        """
        with self.env["inboost.event"]._guard(f"the history of customers {self.ids}"):
            self._send_history()
            return self.browse()
        if len(self) == 1:
            return self
        return self.browse().union(*(link._try_history() for link in self))

    def _send_history(self):
        """Put into the outbox what InBoost does not have of these customers, who are
        all of one backend."""
        backend = self.backend_id
        since = fields.Datetime.subtract(
            fields.Datetime.now(), days=backend.history_days
        )
        owner = {
            partner: link
            for link in self
            for partner in link.partner_id | link.candidate_ids
        }
        partners = self.env["res.partner"].union(*owner)
        for document in backend._history_documents(partners, since):
            if document._inboost_capture_for(backend, priority=HISTORY):
                owner[document.partner_id].history_count += 1
        untold = self._whose_balance_is_unknown()
        backend._capture_balances(untold.partner_id, priority=HISTORY)
        self.history_state = "done"

    def _whose_balance_is_unknown(self):
        """Those whose balance InBoost neither has nor is about to get."""
        backend = self.backend_id
        reachable = self.filtered("partner_id.phone_sanitized")
        if not backend.program_ids or not reachable:
            return self.browse()
        phones = reachable.partner_id.mapped("phone_sanitized")
        events = self.env["inboost.event"]
        newest = events.browse(
            last
            for _phone, last in events._read_group(
                [
                    ("backend_id", "=", backend.id),
                    ("operation", "=", "balance_set"),
                    ("phone", "in", phones),
                    ("state", "in", ("pending", "sending", "done")),
                ],
                ["phone"],
                ["id:max"],
            )
        )
        amounts = backend._balances_of(phones)
        known = {
            event.phone
            for event in newest
            if event.state != "done" or event.amount_sent == amounts[event.phone]
        }
        return reachable.filtered(
            lambda link: link.partner_id.phone_sanitized not in known
        )


class InboostBackend(models.Model):
    _inherit = "inboost.backend"

    history_days = fields.Integer(
        "History (Days)",
        default=90,
        required=True,
        help="When a customer turns out to be in both systems, purchases of so many "
        "days are sent to the purchase details; never to the webhook, which would "
        "start campaigns for them.",
    )

    _history_bounded = models.Constraint(
        "CHECK(history_days BETWEEN 0 AND 110)",
        "Choose from 0 to 110 days of history: delivered events, which stop a "
        "purchase from going twice, may be deleted after 120.",
    )

    def _history_documents(self, partners, since):
        """Purchases of ``partners`` since ``since`` that InBoost does not have, the
        oldest first. Each kind of document adds itself here.

        :return: list of records
        """
        return list(self.env["pos.order"]._inboost_history(self, partners, since))

    def action_send_history(self):
        """For all linked customers; nothing goes twice."""
        self.ensure_one()
        self.check_access("write")
        # A million of them make no records.
        self.env["inboost.customer"].flush_model(["partner_id", "history_state"])
        self.env.execute_query(
            SQL(
                "UPDATE inboost_customer SET history_state = 'waiting'"
                " WHERE backend_id = %s AND partner_id IS NOT NULL",
                self.id,
            )
        )
        self.env["inboost.customer"].invalidate_model(["history_state"])
        self.env["inboost.customer"]._trigger_history()
        return self._notify(
            self.env._("The history of all linked customers is being looked through."),
            "success",
        )

    def _companies(self):
        """Whose sales this backend is told."""
        return self.env["res.company"].search([("id", "child_of", self.company_id.id)])

    def _known_sql(self, phone):
        """A condition on a phone: whether its customer counts for this backend.

        :param SQL phone: a column
        """
        if self.scope == "every":
            return SQL("TRUE")
        return SQL(
            """EXISTS (
                SELECT FROM inboost_customer l
                  JOIN res_partner known ON known.id = l.partner_id
                 WHERE l.backend_id = %s
                   AND l.state <> 'ignored'
                   AND known.phone_sanitized = %s)""",
            self.id,
            phone,
        )

    def _linked_sql(self, partner, moment):
        """A condition on a document: whether its customer counts for this backend.

        :param SQL partner, moment: columns of the document
        """
        if self.scope == "every":
            return SQL("TRUE")
        return SQL(
            """EXISTS (
                SELECT FROM inboost_customer l
                 WHERE l.backend_id = %s
                   AND l.partner_id = %s
                   AND l.create_date <= %s)""",
            self.id,
            partner,
            moment,
        )
