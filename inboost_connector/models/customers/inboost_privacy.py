from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import codes, keys

#: What stays of a link.
KEPT = {"inboost_id"}


class InboostPrivacy(models.AbstractModel):
    """Links, lines of synchronisations, and notes on the contact."""

    _inherit = "inboost.privacy"

    @api.model
    def _describe(self, partners):
        """As InBoost spells them, too."""
        person = super()._describe(partners)
        links = self.env["inboost.customer"].search(
            [("partner_id", "in", partners.ids)]
        )
        words, parts = set(person.words), set(person.parts)
        for fact in links.filtered("fact").mapped("fact"):
            names = [fact.get("firstname"), fact.get("lastname")]
            parts |= {*names, fact.get("birthdate")} - {None}
            words |= {fact.get("email")} - {None}
            if all(names):
                words |= {" ".join(names), " ".join(reversed(names))}
        return type(person)(person.phones, frozenset(words), frozenset(parts))

    @api.model
    def _find_phones(self, partners):
        phones = super()._find_phones(partners)
        links = self.env["inboost.customer"].search(
            [("partner_id", "in", partners.ids)]
        )
        theirs = {phone for phone in links.mapped("phone") if phone}
        others = self.env["res.partner"].search(
            [("phone_sanitized", "in", list(theirs)), ("id", "not in", partners.ids)]
        )
        return phones | (theirs - set(others.mapped("phone_sanitized")))

    @api.model
    def _find_links(self, partners, person):
        return self.env["inboost.customer"].search(
            [
                "|",
                ("partner_id", "in", partners.ids),
                "&",
                ("partner_id", "=", False),
                ("phone", "in", list(person.phones)),
            ]
        )

    @api.model
    def _get_backends(self, partners, person):
        backends = super()._get_backends(partners, person)
        return backends | self._find_links(partners, person).backend_id

    @api.model
    def _is_known(self, partners):
        by_contact = [("partner_id", "in", partners.ids)]
        return (
            super()._is_known(partners)
            or bool(self.env["inboost.customer"].search_count(by_contact, limit=1))
            or bool(self.env["inboost.sync.line"].search_count(by_contact, limit=1))
        )

    @api.model
    def _erase_records(self, partners, person):
        result = super()._erase_records(partners, person)
        self._erase_links(self._find_links(partners, person))
        self.env["inboost.sync.line"].search(
            ["|", ("partner_id", "in", partners.ids)]
            + [("phone", "in", list(person.phones))]
        ).write(
            {
                **dict.fromkeys(
                    self._get_text_fields(self.env["inboost.sync.line"]), False
                ),
                "partner_id": False,
            }
        )
        self._erase_announcements(partners, person)
        self._erase_notes(partners)
        partners.write({"inboost_source_id": False, "inboost_specialty_id": False})
        return result

    @api.model
    def _keep_from_offers(self, partners, person):
        """A contact who stays and buys again is not offered to InBoost as a new
        customer: there is an event about that, which is cancelled."""
        result = super()._keep_from_offers(partners, person)
        events = self.env["inboost.event"]
        for backend in self.env["inboost.backend"].search([]):
            for key in map(keys.of_customer, person.phones):
                endpoint = backend._endpoint("customer_upsert")
                offer = [("endpoint_id", "=", endpoint.id), ("key", "=", key)]
                if not events.search_count(offer, limit=1):
                    events.create(self._prepare_offer_values(endpoint, key))
        return result

    @api.model
    def _prepare_offer_values(self, endpoint, key):
        backend = endpoint.backend_id
        return {
            "backend_id": backend.id,
            "company_id": backend.company_id.id,
            "endpoint_id": endpoint.id,
            "operation": endpoint.operation,
            "key": key,
            "event_id": codes.event_uuid(backend.address, endpoint.operation, key),
            "fact": {},
            "occurred_at": fields.Datetime.now(),
            "state": "cancelled",
            "reason_code": "erased",
        }

    @api.model
    def _erase_links(self, links):
        """Of somebody who was forgotten only InBoost's own number is kept, so that the
        next pull does not create them again. Where InBoost gives none, it does."""
        links = links.with_context(tracking_disable=True)
        # Whom it was linked to is named there.
        links.message_ids.unlink()
        links.write(
            {
                **dict.fromkeys({*self._get_text_fields(links)} - KEPT, False),
                "state": "ignored",
                "partner_id": False,
                "merged_into_id": False,
                "reason_code": "deleted",
                "history_state": "none",
            }
        )

    @api.model
    def _erase_announcements(self, partners, person):
        """As a whole: it is about whom it names, one that still waits would bring them
        back, and what it says of others is in InBoost's list, too."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM inboost_announcement"
                " WHERE partner_id = ANY(%s) OR body::text ~* %s",
                partners.ids,
                person.search_pattern or None,
            )
        )
        self.env["inboost.announcement"].browse(row[0] for row in rows).write(
            {"state": "done", "body": False, "notes": False, "partner_id": False}
        )

    @api.model
    def _erase_notes(self, partners):
        """What InBoost said of them, on their contacts."""
        found = self.env.execute_query(
            SQL(
                """
                SELECT id FROM mail_message
                 WHERE model = 'res.partner'
                   AND res_id = ANY(%s)
                   AND author_id = %s
                   AND body LIKE '%%InBoost%%'
                """,
                partners.ids,
                self.env.ref("base.partner_root").id,
            )
        )
        self.env["mail.message"].browse(row[0] for row in found).unlink()

    @api.model
    def _prepare_export(self, partner, person):
        links = self._find_links(partner, person)
        return {
            **super()._prepare_export(partner, person),
            "customers": self._read(
                links, ["inboost_id", "phone", "state", "create_date", "fact"]
            ),
            "announcements": self._read(
                self.env["inboost.announcement"].search(
                    [("partner_id", "=", partner.id)]
                ),
                ["create_date", "kind", "text", "body"],
            ),
            "synchronisations": self._read(
                self.env["inboost.sync.line"].search([("partner_id", "=", partner.id)]),
                ["create_date", "kind", "phone", "text"],
            ),
        }
