import hashlib
from functools import partial

from odoo import api, fields, models

from ...lib import customers
from ...lib.decision import Decision
from ...lib.problems import Problem

FIELDS = (
    *("name", "email", "birthdate", "source", "specialty", "lang", "phone"),
    "barcode",
)


class InboostCustomerDecision(models.AbstractModel):
    """What becomes of each row of a list of customers. Nothing is written here, so that
    a dry run says the same as a real one."""

    _name = "inboost.customer.decision"
    _description = "InBoost Decision about a Customer"

    @api.model
    def _decide(self, backend, rows, operation="customers_list", seen=None, met=None):
        """What to do with ``rows``. Nothing is written.

        :param backend: one ``inboost.backend``
        :param list rows: as InBoost sent them
        :param str operation: whose mapping reads them
        :param seen: called with phones, gives {phone: InBoost's id} of those that came
            earlier and are not in the database, since a dry run writes nothing
        :param dict met: {InBoost's id: phone} of earlier rows of the page; is added to
        :return: list of Decision
        """
        # Barcodes of contacts are each company's own.
        self = self.with_company(backend.company_id)
        read_row = partial(
            customers.read,
            expression=backend._endpoint(operation).row_map or "@",
            region=backend.company_id.country_id.code,
            zone=backend._get_zone(),
        )
        decisions = [self._read_row(row, read_row) for row in rows]
        read = [d for d in decisions if d.customer]
        match = self.env["inboost.customer.match"]
        phones = {d.customer["phone"] for d in read}
        links = match._find_links(backend, read)
        contacts = match._find_contacts(backend, phones)
        elsewhere = match._find_elsewhere(backend, phones - contacts.keys())
        taken = seen(phones) if seen else {}
        met = {} if met is None else met
        # All of them are read from the database at once.
        ids = [c.id for found in contacts.values() for c, _link in found]
        ids += [link.partner_id.id for link in links.values() if link.partner_id]
        some = self.env["res.partner"].browse(ids)
        accounts = match._filter_accounts(some)
        languages = match._languages()
        barcodes = self._find_barcodes(read)
        for decision in read:
            inboost_id, phone = (decision.customer[k] for k in ("inboost_id", "phone"))
            first = met.setdefault(inboost_id, phone) if inboost_id else phone
            if first != phone:
                decision.fail("listed_twice", id=inboost_id, first=first, second=phone)
                continue
            partner = self._decide_partner(decision, links, contacts, taken, some)
            if partner is not None and not partner and phone in elsewhere:
                self._decide_elsewhere(decision)
            elif partner is not None:
                decision.partner = partner
                self._decide_changes(backend, decision, contacts, languages)
                self._leave_barcode(decision, barcodes)
                self._decide_question(decision, contacts, accounts)
        return decisions

    def _read_row(self, row, read_row):
        try:
            found = read_row(row)
        except customers.RowRefused as error:
            return Decision(row, kind="error", problem=error.problem)
        # As Odoo would keep it: it mends some countries' numbers.
        phone = found.customer["phone"]
        found.customer["phone"] = (
            self.env["res.partner"]._phone_format(number=phone) or phone
        )
        return Decision(row, customer=found.customer, warnings=found.warnings)

    # -- who is who ----------------------------------------------------------------

    def _decide_partner(self, decision, links, contacts, taken, some):
        """The contact that the customer is, an empty one for somebody new; None where
        that is the end of it."""
        customer = decision.customer
        phone, inboost_id = customer["phone"], customer["inboost_id"]
        by_phone = links.get(("phone", phone))
        link = links.get(("id", inboost_id)) if inboost_id else by_phone
        if not link and by_phone and not by_phone.inboost_id:
            link = by_phone
        decision.link = link
        if link and link.state == "ignored":
            return None
        if link and link.merged_into_id and not link.partner_id:
            # Its contact is another customer's by now: a person has to say whose.
            decision.kind, decision.question = "conflict", link.question
            decision.problem = Problem(link.reason_code, link.reason_args or {})
            return None
        if phone in taken:
            if taken[phone] == inboost_id:
                return None
            # A customer who has a contact is asked about by that one's phone.
            if not link or not link.partner_id:
                self._decide_doubled(decision, some.browse())
                return None
        partner = link.partner_id if link else some.browse()
        if not partner:
            free, others = self._split(decision, contacts)
            chosen = customers.choose(free)
            if not chosen and others:
                self._decide_doubled(decision, some.browse(others[0].id))
                return None
            partner = some.browse(chosen.id if chosen else None)
        taken.setdefault(phone, inboost_id)
        return partner.with_prefetch(some.ids)

    @staticmethod
    def _split(decision, contacts):
        """:return: the contacts with the phone that nobody else has, and the others"""
        free, others = [], []
        own = decision.link.id if decision.link else None
        for candidate, link_id in contacts.get(decision.customer["phone"], ()):
            (free if not link_id or link_id == own else others).append(candidate)
        return free, others

    def _decide_elsewhere(self, decision):
        """Who is a contact of another company already is not made again: a person says
        whose they are. Asked as long as it is so."""
        phone = decision.customer["phone"]
        decision.kind, decision.question = "conflict", f"elsewhere:{phone}"
        decision.problem = Problem("elsewhere", {"phone": phone})

    def _decide_doubled(self, decision, contact):
        """A second customer of InBoost with a phone that a first one has."""
        phone = decision.customer["phone"]
        decision.question = f"doubled:{phone}"
        if self._is_settled(decision.link, decision.question):
            return
        decision.kind = "conflict"
        decision.problem = (
            Problem("doubled", {"phone": phone, "contact": contact.display_name})
            if contact
            else Problem("doubled_new", {"phone": phone})
        )

    # -- what changes --------------------------------------------------------------

    def _decide_changes(self, backend, decision, contacts, languages):
        link, customer, partner = decision.link, decision.customer, decision.partner
        present = {
            "firstname": partner.firstname,
            "lastname": partner.lastname,
            "email": partner.email,
            "birthdate": fields.Date.to_string(partner.birthdate_date),
            "source": partner.inboost_source_id.name,
            "specialty": partner.inboost_specialty_id.name,
            "lang": partner.lang,
            "phone": partner.phone_sanitized,
            "barcode": partner.barcode,
            "is_company": partner.is_company,
            "region": backend.company_id.country_id.code,
        }
        language = languages.get(customer["lang"])
        wanted = {**customer, "lang": self._same_language(language, partner.lang)}
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

    def _find_barcodes(self, decisions):
        """:return: {barcode: id of the contact that has it}, of those in the rows"""
        wanted = [d.customer["barcode"] for d in decisions if d.customer["barcode"]]
        if not wanted:
            return {}
        contacts = self.env["res.partner"].with_context(active_test=False)
        found = contacts.search([("barcode", "in", wanted)])
        return {contact.barcode: contact.id for contact in found}

    @staticmethod
    def _leave_barcode(decision, barcodes):
        """A card that another has is left with them, and their row is read on."""
        barcode = decision.changes.get("barcode")
        if not barcode:
            return
        mine = decision.partner.id or decision.customer["phone"]
        if barcodes.setdefault(barcode, mine) != mine:
            del decision.changes["barcode"]
            decision.warnings.append(Problem("barcode_taken", {"barcode": barcode}))

    @staticmethod
    def _same_language(given, present):
        """``present`` where it is the language in another country."""
        if given and present and given.split("_")[0] == present.split("_")[0]:
            return present
        return given

    # -- what a person is asked ----------------------------------------------------

    def _decide_question(self, decision, contacts, accounts):
        """The first question that nobody answered yet makes it a conflict."""
        partner, link = decision.partner, decision.link
        if not partner:
            return
        questions = []
        if partner in accounts and decision.changes:
            questions.append(self._ask_about_account(decision))
            if decision.kind == "updated":
                decision.kind = "unchanged"
            decision.changes = {}
        questions += filter(
            None,
            [self._ask_about_phone(decision), self._ask_whom(decision, contacts)],
        )
        for question, problem in questions:
            decision.question = decision.question or question
            if not self._is_settled(link, question):
                decision.kind, decision.question = "conflict", question
                decision.problem = problem
                return

    def _ask_about_account(self, decision):
        """Somebody who signs in here changes their own data."""
        differs = decision.changes
        text = repr(sorted(differs.items()))
        # A question is kept in the open; the values are not.
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        name = decision.partner.display_name
        return f"account:{digest}", Problem(
            "account", {"contact": name, "fields": [*differs]}
        )

    def _ask_about_phone(self, decision):
        there = decision.customer["phone"]
        here = decision.changes.get("phone") or decision.partner.phone_sanitized
        if here == there:
            return None
        code = "phone" if here else "phone_missing"
        return f"phone:{there}:{here or ''}", Problem(
            code, {"here": here or "", "there": there}
        )

    def _ask_whom(self, decision, contacts):
        partner = decision.partner
        free, _others = self._split(decision, contacts)
        rivals = [c for c in free if c.active and c.id != partner.id]
        if not rivals:
            return None
        ids = sorted([partner.id, *(c.id for c in rivals)])
        return f"contacts:{','.join(map(str, ids))}", Problem(
            "contacts",
            {
                "count": len(ids),
                "phone": decision.customer["phone"],
                "contact": partner.display_name,
            },
        )

    @staticmethod
    def _is_settled(link, question):
        """Whether a person answered ``question`` before. One about several contacts
        is answered still when some of them are gone."""
        if not link or not link.settled:
            return False
        kind, _colon, ids = question.partition(":")
        before, _colon, settled = link.settled.partition(":")
        if kind == before == "contacts":
            return set(ids.split(",")) <= set(settled.split(","))
        return link.settled == question
