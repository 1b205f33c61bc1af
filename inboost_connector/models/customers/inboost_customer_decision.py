from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import customers
from ...lib.decision import Decision

FIELDS = ("name", "email", "birthdate", "source", "specialty", "lang", "phone")


class InboostCustomerDecision(models.AbstractModel):
    """What becomes of each row of a list of customers. Nothing is written here, so that
    a dry run says the same as a real one."""

    _name = "inboost.customer.decision"
    _description = "InBoost Decision about a Customer"

    # -- deciding ------------------------------------------------------------------

    @api.model
    def _decide(self, backend, rows, seen=None):
        """What to do with ``rows``. Nothing is written.

        :param backend: one ``inboost.backend``
        :param list rows: as InBoost sent them
        :param seen: called with phones, gives {phone: InBoost's id} of those that came
            earlier and are not in the database, since a dry run writes nothing
        :return: list of Decision
        """
        decisions = [self._read_row(backend, row) for row in rows]
        read = [d for d in decisions if d.customer]
        links = self._find_links(backend, read)
        phones = {d.customer["phone"] for d in read}
        contacts = self._find_contacts(backend, phones)
        taken = seen(phones) if seen else {}
        met = {}
        # All of them are read from the database at once.
        ids = [c.id for found in contacts.values() for c, _link in found]
        ids += [link.partner_id.id for link in links.values() if link.partner_id]
        some = self.env["res.partner"].browse(ids)
        for decision in read:
            inboost_id, phone = (decision.customer[k] for k in ("inboost_id", "phone"))
            first = met.setdefault(inboost_id, phone) if inboost_id else phone
            if first != phone:
                decision.kind = "error"
                decision.reason = self.env._(
                    "InBoost lists customer %(id)s twice, with the phones %(first)s "
                    "and %(second)s. The first is taken.",
                    id=inboost_id,
                    first=first,
                    second=phone,
                )
                continue
            self._decide_one(backend, decision, links, contacts, taken, some)
        return decisions

    def _read_row(self, backend, row):
        endpoint = backend._endpoint("customers_list")
        region = backend.company_id.country_id.code
        try:
            found = customers.read(row, endpoint.row_map or "@", region)
        except customers.RowRefused as error:
            return Decision(row, kind="error", reason=str(error))
        # As Odoo would keep it: it mends some countries' numbers.
        phone = found.customer["phone"]
        found.customer["phone"] = (
            self.env["res.partner"]._phone_format(number=phone) or phone
        )
        return Decision(
            row, customer=found.customer, warnings=[*map(str, found.warnings)]
        )

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

    def _find_contacts(self, backend, phones):
        """All contacts with one of ``phones``, by one query.

        :return: {phone: [(lib.customers.Candidate, link id)]}
        """
        self.env["res.partner"].flush_model()
        self.env["inboost.customer"].flush_model(["backend_id", "partner_id"])
        companies = backend._get_companies() | backend.company_id.sudo().parent_ids
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
                last_purchase=self.env[
                    "inboost.document.mixin"
                ]._inboost_any_last_purchase_sql(backend),
                backend=backend.id,
                phones=list(phones),
                companies=companies.ids,
            )
        ):
            phone, partner_id, link_id, active, is_company, last = row
            candidate = customers.Candidate(
                partner_id, bool(link_id), active, is_company, last
            )
            found.setdefault(phone, []).append((candidate, link_id))
        return found

    def _decide_one(self, backend, decision, links, contacts, taken, some):
        customer = decision.customer
        phone, inboost_id = customer["phone"], customer["inboost_id"]
        by_phone = links.get(("phone", phone))
        link = links.get(("id", inboost_id)) if inboost_id else by_phone
        if not link and by_phone and not by_phone.inboost_id:
            link = by_phone
        decision.link = link
        if link and link.state == "ignored":
            return
        if link and link.merged_into_id and not link.partner_id:
            # Its contact is another customer's by now: a person has to say whose.
            decision.kind, decision.question = "conflict", link.question
            decision.reason = link.reason
            return
        if phone in taken:
            if taken[phone] == inboost_id:
                return
            # A customer who has a contact is asked about by that one's phone.
            if not link or not link.partner_id:
                self._decide_doubled(decision, some.browse())
                return
        free, others = [], []
        for candidate, link_id in contacts.get(phone, ()):
            (free if not link_id or link and link_id == link.id else others).append(
                candidate
            )
        partner = link.partner_id if link else some.browse()
        if not partner:
            chosen = customers.choose(free)
            if not chosen and others:
                self._decide_doubled(decision, some.browse(others[0].id))
                return
            partner = some.browse(chosen.id if chosen else None)
        partner = partner.with_prefetch(some.ids)
        taken.setdefault(phone, inboost_id)
        decision.partner = partner
        self._decide_changes(backend, decision, partner, contacts)
        if not partner:
            return
        rivals = [c for c in free if c.active and c.id != partner.id]
        self._decide_question(decision, partner, rivals)

    def _decide_doubled(self, decision, contact):
        """A second customer of InBoost with a phone that a first one has."""
        decision.question = f"doubled:{decision.customer['phone']}"
        link = decision.link
        if link and self._is_settled(link, decision.question):
            return
        decision.kind = "conflict"
        decision.reason = self.env._(
            "InBoost has another customer with the phone %(phone)s, who is %(contact)s "
            "here. Decide which of them is the right one.",
            phone=decision.customer["phone"],
            contact=contact.display_name or self.env._("a new contact"),
        )

    def _decide_changes(self, backend, decision, partner, contacts):
        link, customer = decision.link, decision.customer
        languages = self._languages()
        present = {
            "firstname": partner.firstname,
            "lastname": partner.lastname,
            "email": partner.email,
            "birthdate": fields.Date.to_string(partner.birthdate_date),
            "source": partner.inboost_source_id.name,
            "specialty": partner.inboost_specialty_id.name,
            "lang": partner.lang,
            "phone": partner.phone_sanitized,
            "is_company": partner.is_company,
            "region": backend.company_id.country_id.code,
        }
        wanted = {
            **customer,
            "lang": self._same_language(languages.get(customer["lang"]), partner.lang),
            "source": self._same_word(customer["source"], present["source"]),
            "specialty": self._same_word(customer["specialty"], present["specialty"]),
        }
        policies = {name: backend[f"policy_{name}"] for name in FIELDS}
        if not partner:
            policies["phone"] = "fill"
        changes = customers.changes(wanted, present, policies)
        if partner and "phone" in changes and contacts.get(customer["phone"]):
            # Somebody else has it: taking it over would make two of one.
            del changes["phone"]
        decision.changes = changes
        if not partner:
            decision.kind = "created"
        elif not link or not link.partner_id:
            decision.kind = "linked"
        elif changes or (link.phone, link.inboost_id) != (
            customer["phone"],
            customer["inboost_id"] or link.inboost_id,
        ):
            decision.kind = "updated"

    @staticmethod
    def _same_word(given, present):
        """``present`` where the two differ by case only."""
        if given and present and given.casefold() == present.casefold():
            return present
        return given

    @staticmethod
    def _same_language(given, present):
        """``present`` where it is the language in another country."""
        if given and present and given.split("_")[0] == present.split("_")[0]:
            return present
        return given

    @staticmethod
    def _is_settled(link, question):
        """Whether a person answered ``question`` before. One about several contacts
        is answered still when some of them are gone."""
        if not link.settled:
            return False
        kind, _colon, ids = question.partition(":")
        before, _colon, settled = link.settled.partition(":")
        if kind == before == "contacts":
            return set(ids.split(",")) <= set(settled.split(","))
        return link.settled == question

    def _decide_question(self, decision, partner, rivals):
        phone = decision.customer["phone"]
        here = decision.changes.get("phone") or partner.phone_sanitized
        if here != phone:
            decision.question = f"phone:{phone}:{here or ''}"
            decision.reason = self.env._(
                "The phone is %(here)s here and %(there)s in InBoost. What is sent "
                "goes to the phone here.",
                here=here or self.env._("missing"),
                there=phone,
            )
        elif rivals:
            ids = sorted([partner.id, *(c.id for c in rivals)])
            decision.question = f"contacts:{','.join(map(str, ids))}"
            decision.reason = self.env._(
                "%(count)s contacts have the phone %(phone)s. %(contact)s was chosen.",
                count=len(rivals) + 1,
                phone=phone,
                contact=partner.display_name,
            )
        else:
            return
        if decision.link and self._is_settled(decision.link, decision.question):
            decision.reason = ""
        else:
            decision.kind = "conflict"

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
