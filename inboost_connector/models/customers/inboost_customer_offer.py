from odoo import fields, models
from odoo.tools import SQL

from ...lib import customers

#: Contacts that are offered after one pull; the next pull takes the rest.
OFFERED = 500


class InboostBackend(models.Model):
    """Customers who were made here and that InBoost does not know."""

    _inherit = "inboost.backend"

    send_new_customers = fields.Boolean(
        compute="_compute_send_new_customers",
        inverse="_inverse_send_new_customers",
        help="Contacts who buy or have bonuses, have a valid phone and are no "
        "customers of InBoost yet are created there, each once. Switches the endpoint "
        "that does it.",
    )

    def _compute_send_new_customers(self):
        for backend in self:
            backend.send_new_customers = backend._endpoint("customer_upsert").enabled

    def _inverse_send_new_customers(self):
        for backend in self:
            endpoint = backend._endpoint("customer_upsert")
            endpoint.enabled = backend.send_new_customers

    def _capture_customer(self, partner):
        """Offer ``partner`` to InBoost, unless it knows them."""
        self.ensure_one()
        phone = partner.phone_sanitized
        if not phone or not self._endpoint("customer_upsert")._records():
            return
        if not self._knows_all_customers() or self._is_known(phone):
            return
        self.env["inboost.event"]._capture(
            self,
            [
                (
                    "customer_upsert",
                    # A customer is a phone: there is nothing else to know them by.
                    f"customer:{phone}",
                    self._customer_fact(partner),
                    fields.Datetime.now(),
                )
            ],
            partner,
        )

    def _knows_all_customers(self):
        """Before they were read once, everybody would seem to be new."""
        runs = self.env["inboost.sync.run"].sudo()
        full = [
            ("backend_id", "=", self.id),
            ("state", "=", "done"),
            ("dry_run", "=", False),
            ("since", "=", False),
        ]
        return not self.pull_customers or bool(runs.search_count(full, limit=1))

    def _is_known(self, phone):
        """Whether InBoost has a customer with ``phone``, ignored ones too."""
        return bool(
            self.env["inboost.customer"]
            .sudo()
            .search_count(
                [
                    ("backend_id", "=", self.id),
                    "|",
                    ("phone", "=", phone),
                    ("partner_id.phone_sanitized", "=", phone),
                ],
                limit=1,
            )
        )

    def _is_linked(self, partner):
        return bool(
            self.env["inboost.customer"]
            .sudo()
            .search_count(
                [
                    ("backend_id", "=", self.id),
                    ("partner_id.phone_sanitized", "=", partner.phone_sanitized),
                    ("state", "!=", "ignored"),
                ],
                limit=1,
            )
        )

    def _tells_of(self, partner):
        """Whether facts about ``partner`` are for this backend."""
        return self.scope == "every" or bool(partner) and self._is_linked(partner)

    def _customer_fact(self, partner):
        """:rtype: lib.customers.Customer, without id and phone"""
        nameless = partner.name in (partner.phone, partner.phone_sanitized)
        ours = {odoo: theirs for theirs, odoo in customers.LANGUAGES.items()}
        return {
            "firstname": None if nameless else partner.firstname or None,
            "lastname": None if nameless else partner.lastname or None,
            "email": partner.email or None,
            "birthdate": fields.Date.to_string(partner.birthdate_date) or None,
            "source": partner.inboost_source_id.name or None,
            "specialty": partner.inboost_specialty_id.name or None,
            "lang": ours.get((partner.lang or "").split("_")[0]),
        }

    def _after_pull(self):
        """All customers of InBoost are known now: offer it those that it lacks."""
        if not self._endpoint("customer_upsert")._records():
            return
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id
                  FROM res_partner p
                 WHERE p.active
                   AND p.phone_sanitized LIKE '+%%'
                   AND (p.company_id IS NULL OR p.company_id = ANY(%(companies)s))
                   AND (%(bought)s)
                   AND NOT EXISTS (
                       SELECT FROM inboost_customer l
                        WHERE l.backend_id = %(backend)s
                          AND l.phone = p.phone_sanitized)
                   AND NOT EXISTS (
                       SELECT FROM inboost_customer l
                         JOIN res_partner twin ON twin.id = l.partner_id
                        WHERE l.backend_id = %(backend)s
                          AND twin.phone_sanitized = p.phone_sanitized)
                   AND NOT EXISTS (
                       SELECT FROM inboost_event e
                        WHERE e.backend_id = %(backend)s
                          AND e.operation = 'customer_upsert'
                          AND e.key = 'customer:' || p.phone_sanitized)
              ORDER BY p.id
                 LIMIT %(limit)s
                """,
                companies=(self._companies() | self.company_id.sudo().parent_ids).ids,
                bought=self._bought_sql(),
                backend=self.id,
                limit=OFFERED,
            )
        )
        for partner in self.env["res.partner"].browse(row[0] for row in rows):
            with self.env["inboost.event"]._guard(partner.display_name):
                self._capture_customer(partner)

    def _bought_sql(self):
        """Whether contact ``p`` is a customer: bought here, or has bonuses. Each kind
        of document adds itself here."""
        return SQL(
            """EXISTS (SELECT FROM pos_order o
                        WHERE o.partner_id = p.id AND o.company_id = ANY(%(companies)s))
            OR EXISTS (SELECT FROM loyalty_card c
                        WHERE c.partner_id = p.id AND c.program_id = ANY(%(programs)s))
            """,
            companies=self._companies().ids,
            programs=self.program_ids.ids,
        )
