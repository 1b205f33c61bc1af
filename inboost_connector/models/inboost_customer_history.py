import time

from odoo import api, fields, models
from odoo.tools import SQL

from .inboost_event import HISTORY

#: Seconds a run goes on while there is work; then the next one takes over.
MAX_RUN = 60


class InboostCustomer(models.Model):
    """What InBoost is told of a customer that both systems have: the purchases of the
    last months, to the details only, and the balance."""

    _inherit = "inboost.customer"

    def _queue_history(self):
        self.sudo().write({"history_state": "waiting"})
        self.env.ref("inboost_connector.ir_cron_history").sudo()._trigger()

    @api.model
    def _cron_history(self):
        """Customer by customer, each in a transaction of its own."""
        end = time.monotonic() + MAX_RUN
        waiting = [("history_state", "=", "waiting"), ("partner_id", "!=", False)]
        failed = self.browse()
        while time.monotonic() < end:
            link = self.search(
                [
                    *waiting,
                    ("backend_id.state", "!=", "draft"),
                    ("id", "not in", failed.ids),
                ],
                order="id",
                limit=1,
            )
            if not link:
                return
            event = self.env["inboost.event"]
            done = False
            with event._guard(f"the history of {link.display_name}"):
                done = link._send_history()
            if not done:
                failed |= link
            self.env["ir.cron"]._commit_progress(1)
        self.env.ref("inboost_connector.ir_cron_history")._trigger()

    def _send_history(self):
        """:return: whether it is in the outbox"""
        self.ensure_one()
        backend = self.backend_id
        partners = self.partner_id | self.candidate_ids
        since = fields.Datetime.subtract(
            fields.Datetime.now(), days=backend.history_days
        )
        sent = 0
        for document in backend._history_documents(partners, since):
            sent += bool(document._inboost_capture_for(backend, priority=HISTORY))
        if backend.program_ids and not self._balance_is_known():
            backend._capture_balance(self.partner_id, priority=HISTORY)
        self.write(
            {"history_state": "done", "history_count": self.history_count + sent}
        )
        return True

    def _balance_is_known(self):
        """Whether InBoost has the balance, or it is on its way."""
        phone = self.partner_id.phone_sanitized
        if not phone:
            return True
        last = self.env["inboost.event"].search(
            [
                ("backend_id", "=", self.backend_id.id),
                ("operation", "=", "balance_set"),
                ("phone", "=", phone),
                ("state", "in", ("pending", "sending", "done")),
            ],
            limit=1,
        )
        if last.state == "done":
            return last.amount_sent == self.backend_id._balance_of(phone)
        return bool(last)


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
        self.env["inboost.customer"].sudo().search(
            [("backend_id", "=", self.id), ("partner_id", "!=", False)]
        )._queue_history()
        return self._notify(
            self.env._("The history of all linked customers is being looked through."),
            "success",
        )

    def _companies(self):
        """Whose sales this backend is told."""
        return self.env["res.company"].search([("id", "child_of", self.company_id.id)])

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
