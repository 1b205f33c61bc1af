from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import customers, keys

#: Contacts that are offered after one pull; the next pull takes the rest.
OFFERED = 500
#: Complete readings of all customers that have to miss somebody.
READINGS = 2


class InboostCustomerOffer(models.AbstractModel):
    """Customers who were made here and whom InBoost does not know."""

    _name = "inboost.customer.offer"
    _description = "InBoost Offer of a Customer"

    @api.model
    def _offer(self, backend, partner):
        """Offer ``partner`` to InBoost, unless it knows them."""
        phone = partner.phone_sanitized
        if not phone or not backend._endpoint("customer_upsert")._filter_recording():
            return
        if not self._has_read_all(backend) or self._is_known(backend, phone):
            return
        self.env["inboost.capture"]._capture(
            backend,
            [
                (
                    "customer_upsert",
                    keys.of_customer(phone),
                    self._prepare_fact(partner),
                    fields.Datetime.now(),
                )
            ],
            partner,
        )

    @api.model
    def _has_read_all(self, backend):
        """Before they were read, everybody would seem to be new; and one reading may
        miss somebody, where a row before theirs was deleted between two pages."""
        return not backend.pull_customers or bool(self._absent_since(backend))

    @api.model
    def _absent_since(self, backend):
        """Since when contacts have to be here to have been missed by so many readings;
        False before there were as many."""
        runs = self.env["inboost.sync.run"]._find_whole(backend, READINGS)
        return len(runs) == READINGS and runs[-1].started_at

    @api.model
    def _is_known(self, backend, phone):
        """Whether InBoost has a customer with ``phone``, ignored ones too."""
        return bool(
            self.env["inboost.customer"]
            .sudo()
            .search_count(
                [
                    ("backend_id", "=", backend.id),
                    "|",
                    ("phone", "=", phone),
                    ("partner_id.phone_sanitized", "=", phone),
                ],
                limit=1,
            )
        )

    @api.model
    def _prepare_fact(self, partner):
        """:rtype: lib.facts.Customer"""
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

    @api.model
    def _offer_new(self, backend):
        """All customers of InBoost are known now: offer it those that it lacks."""
        since = self._absent_since(backend)
        if not since or not backend._endpoint("customer_upsert")._filter_recording():
            return
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id
                  FROM res_partner p
                 WHERE p.active
                   AND p.create_date < %(since)s
                   AND p.phone_sanitized LIKE '+%%'
                   AND (p.company_id IS NULL OR p.company_id = ANY(%(companies)s))
                   AND (%(bought)s OR EXISTS (
                       SELECT FROM loyalty_card c
                        WHERE c.partner_id = p.id
                          AND c.program_id = ANY(%(programs)s)))
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
                          AND e.key = 'customer:' || encode(
                              sha256(p.phone_sanitized::bytea), 'hex'))
              ORDER BY p.id
                 LIMIT %(limit)s
                """,
                since=since,
                companies=(
                    backend._get_companies() | backend.company_id.sudo().parent_ids
                ).ids,
                bought=self.env["inboost.document.mixin"]._inboost_any_bought_sql(
                    backend
                ),
                programs=backend.program_ids.ids,
                backend=backend.id,
                limit=OFFERED,
            )
        )
        for partner in self.env["res.partner"].browse(row[0] for row in rows):
            with self.env["inboost.capture"]._guard(
                partner.display_name, (self, "_offer_missed", [backend.id, partner.id])
            ):
                self._offer(backend, partner)

    @api.model
    def _offer_missed(self, backend_id, partner_id):
        """Offer a contact whom an error of ours kept back."""
        backend = self.env["inboost.backend"].browse(backend_id).exists()
        partner = self.env["res.partner"].browse(partner_id).exists()
        if backend and partner:
            self._offer(backend, partner)
