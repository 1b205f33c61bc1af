from odoo import SUPERUSER_ID, api, models
from odoo.tools import SQL

from ...lib.facts import UNKNOWN_CONSENT, Consent, iso
from ...lib.priority import MARKETING


class InboostCustomerConsent(models.AbstractModel):
    """Who wants no messages. An opt-out always wins, whichever side it comes from: it
    is kept in Odoo's own list of phones, where every module looks."""

    _name = "inboost.customer.consent"
    _description = "InBoost Consent"

    @api.model
    def _take_over(self, backend, decisions):
        """What rows say of consent. Nothing, where it is not mapped."""
        said = [d for d in decisions if d.customer.get("opted_out") is not None]
        out = {d.customer["phone"] for d in said if d.customer["opted_out"]}
        back = [d for d in said if not d.customer["opted_out"] and d.link]
        if out:
            self._opt_out(backend, out)
        self._opt_in(backend, [d for d in back if d.customer["phone"] not in out])
        for decision in said:
            link = decision.link
            if link and link.opted_out != decision.customer["opted_out"]:
                link.opted_out = decision.customer["opted_out"]

    def _opt_out(self, backend, phones):
        entries = self._entries()
        known = entries.search([("number", "in", list(phones))])
        new = sorted(phones - set(known.mapped("number")))
        if new:
            note = self.env._("Opted out in InBoost (%s).", backend.name)
            entries._add(new, message=note)

    def _opt_in(self, backend, decisions):
        """Only what InBoost itself had said is taken back: an entry that a person here
        made, or made again, stays; and nobody is opted in who was not opted out."""
        phones = [d.customer["phone"] for d in decisions if d.link.opted_out]
        if not phones:
            return
        own = self._entries().search(
            [
                ("number", "in", phones),
                ("create_uid", "=", SUPERUSER_ID),
                ("write_uid", "=", SUPERUSER_ID),
            ]
        )
        if own:
            note = self.env._("Opted in again in InBoost (%s).", backend.name)
            own._track_set_log_message(note)
            own.action_archive()

    @api.model
    def _cancel_marketing(self, phones):
        """What would start campaigns for ``phones`` and waits does not go."""
        waiting = [
            ("backend_id.respect_opt_out", "=", True),
            ("state", "=", "pending"),
            ("operation", "in", list(MARKETING)),
            ("phone", "in", phones),
        ]
        for event in self.env["inboost.event"].sudo().search(waiting):
            event._finish("cancelled", "opted_out")

    @api.model
    def _describe(self, phones):
        """What is known of the consent of the customers with ``phones``, by one
        statement.

        :return: {phone: lib.facts.Consent}, of every one of ``phones``
        """
        self.env["phone.blacklist"].flush_model(["number", "active"])
        self.env["inboost.customer"].flush_model(["phone", "opted_out"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT b.number, b.write_date, EXISTS (
                       SELECT FROM inboost_backend p
                         JOIN inboost_customer l
                           ON l.backend_id = p.id AND l.phone = b.number
                        WHERE l.opted_out)
                  FROM phone_blacklist b
                 WHERE b.number = ANY(%s) AND b.active
                """,
                [phone for phone in phones if phone],
            )
        )
        found = {
            phone: Consent(
                opted_out=True,
                opted_out_by="inboost" if said_there else "odoo",
                opted_out_at=iso(moment),
            )
            for phone, moment, said_there in rows
        }
        return {phone: found.get(phone, UNKNOWN_CONSENT) for phone in phones}

    @api.model
    def _entries(self):
        """As the superuser, so that our own entries can be told from people's."""
        return self.env["phone.blacklist"].with_user(SUPERUSER_ID)

    @api.model
    def _filter_opted_in(self, partners):
        """Those of ``partners`` whose phone is not on the list."""
        phones = [phone for phone in partners.mapped("phone_sanitized") if phone]
        listed = set(
            self._entries().search([("number", "in", phones)]).mapped("number")
        )
        return partners.filtered(lambda p: p.phone_sanitized not in listed)
