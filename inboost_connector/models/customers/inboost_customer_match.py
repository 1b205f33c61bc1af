from odoo import api, models
from odoo.tools import SQL

from ...lib import customers, decision
from ...lib.customers import Candidate

#: Settings of a backend that say what becomes of a row.
FIELDS = (
    *("name", "email", "birthdate", "source", "specialty", "lang", "phone"),
    "barcode",
)


class InboostCustomerMatch(models.AbstractModel):
    """Whom rows of a list are about: links and contacts, found for a whole page at
    once."""

    _name = "inboost.customer.match"
    _description = "InBoost Match of Customers"

    # -- rows that are as they were ------------------------------------------------

    @api.model
    def _get_hash_key(self, backend, row_map):
        """What rows are read by: another mapping or policy, and each is read anew.

        :rtype: bytes
        """
        return decision.fingerprint(
            [
                row_map,
                backend.company_id.country_id.code,
                backend._get_zone(),
                [backend[f"policy_{name}"] for name in FIELDS],
                self._languages(),
            ]
        )

    @api.model
    def _find_unchanged(self, backend, hashes):
        """Which rows need no decision: they are as they were when they were decided
        about, and so is all that was looked at then. One query, and no records.

        :param hashes: list of ``lib.decision.row_hash``
        :return: {hash: (link id, InBoost's id, phone, day of the last pull)}
        """
        self.env["inboost.customer"].flush_model()
        self.env["res.partner"].flush_model(
            ["phone_sanitized", "active", "parent_id", "type", "company_id"]
        )
        self.env["phone.blacklist"].flush_model(["number", "active"])
        found = self.env.execute_query(
            SQL(
                """
                SELECT l.row_hash, l.id, l.inboost_id, l.phone, l.last_pull
                  FROM inboost_customer l
             LEFT JOIN res_partner p ON p.id = l.partner_id
                 WHERE l.backend_id = %(backend)s
                   AND l.row_hash = ANY(%(hashes)s)
                   AND (l.state = 'ignored'
                        OR l.state = 'linked'
                       AND p.write_date = l.contact_moment
                       AND NOT EXISTS (
                           SELECT FROM res_partner twin
                            WHERE twin.phone_sanitized = l.phone
                              AND twin.id <> l.partner_id
                              AND twin.active
                              AND (twin.parent_id IS NULL OR twin.type = 'contact'))
                       AND NOT EXISTS (
                           SELECT FROM inboost_customer other
                            WHERE other.backend_id = l.backend_id
                              AND other.phone = l.phone
                              AND other.id <> l.id))
                   AND (l.opted_out IS NOT TRUE OR EXISTS (
                       SELECT FROM phone_blacklist b
                        WHERE b.number = l.phone AND b.active))
                """,
                backend=backend.id,
                hashes=list(hashes),
            )
        )
        return {row[0]: row[1:] for row in found}

    # -- links ---------------------------------------------------------------------

    @api.model
    def _find_links(self, backend, decisions):
        """:return: {("id", InBoost's id) or ("phone", phone): link}"""
        ids = {d.customer["inboost_id"] for d in decisions}
        phones = {d.customer["phone"] for d in decisions}
        found = self.env["inboost.customer"].search(
            [
                ("backend_id", "=", backend.id),
                "|",
                ("inboost_id", "in", list(ids - {None})),
                ("phone", "in", list(phones)),
            ],
            order="partner_id, id desc",
        )
        links = {}
        for link in found:
            if link.inboost_id:
                links["id", link.inboost_id] = link
            # The one with a contact stands for the phone.
            if not link.phone:
                continue
            known = links.get(("phone", link.phone))
            if not known or (link.partner_id and not known.partner_id):
                links["phone", link.phone] = link
        return links

    # -- contacts ------------------------------------------------------------------

    @api.model
    def _find_contacts(self, backend, phones):
        """All contacts with one of ``phones``, by one query.

        :return: {phone: [(lib.customers.Candidate, link id)]}
        """
        self.env["res.partner"].flush_model()
        self.env["inboost.customer"].flush_model(["backend_id", "partner_id"])
        documents = self.env["inboost.document.mixin"]
        found = {}
        for row in self.env.execute_query(
            SQL(
                """
                SELECT p.phone_sanitized, p.id, l.id, p.active,
                       COALESCE(p.is_company, FALSE), %(last_purchase)s
                  FROM res_partner p
             LEFT JOIN inboost_customer l
                    ON l.partner_id = p.id AND l.backend_id = %(backend)s
                 WHERE p.phone_sanitized = ANY(%(phones)s)
                   -- An address of somebody is not a customer of its own.
                   AND (p.parent_id IS NULL OR p.type = 'contact')
                   AND (p.company_id IS NULL OR p.company_id = ANY(%(companies)s))
                """,
                last_purchase=documents._inboost_any_last_purchase_sql(backend),
                backend=backend.id,
                phones=list(phones),
                companies=self._get_companies(backend).ids,
            )
        ):
            phone, partner_id, link_id, active, is_company, last = row
            candidate = Candidate(partner_id, bool(link_id), active, is_company, last)
            found.setdefault(phone, []).append((candidate, link_id))
        return found

    @api.model
    def _get_companies(self, backend):
        """Whose contacts are the backend's, besides those of nobody."""
        return backend._get_companies() | backend.company_id.sudo().parent_ids

    @api.model
    def _find_elsewhere(self, backend, phones):
        """:return: set of those of ``phones`` that a contact of another company has"""
        if not phones:
            return set()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT phone_sanitized
                  FROM res_partner
                 WHERE phone_sanitized = ANY(%s)
                   AND active
                   AND (parent_id IS NULL OR type = 'contact')
                   AND company_id <> ALL(%s)
                """,
                list(phones),
                self._get_companies(backend).ids,
            )
        )
        return {row[0] for row in rows}

    @api.model
    def _find_contact(self, backend, phone):
        """The one contact that a phone means; see ``lib.customers.choose``."""
        found = self._find_contacts(backend, {phone}).get(phone, ())
        chosen = customers.choose([c for c, _link in found if c.active])
        return self.env["res.partner"].browse(chosen.id if chosen else None)

    @api.model
    def _filter_accounts(self, partners):
        """Those of ``partners`` that belong to somebody who signs in here, archived
        users too: an email from outside would be a way into their account."""
        if not partners:
            return partners
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT partner_id FROM res_users WHERE partner_id = ANY(%s)",
                partners.ids,
            )
        )
        return partners.browse(row[0] for row in rows)

    # -- help ----------------------------------------------------------------------

    @api.model
    def _languages(self):
        """:return: {InBoost's language: Odoo's code}, of those that are installed"""
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        return {
            theirs: code
            for theirs, ours in customers.LANGUAGES.items()
            for code in reversed(installed)
            if code.split("_")[0] == ours
        }
