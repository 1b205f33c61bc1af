from dataclasses import dataclass, field

from markupsafe import Markup

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..lib import customers

#: From the words of lib.customers to the fields of a contact.
CONTACT_FIELDS = {
    "phone": "phone",
    "firstname": "firstname",
    "lastname": "lastname",
    "email": "email",
    "birthdate": "birthdate_date",
    "source": "inboost_source_id",
    "specialty": "inboost_specialty_id",
    "lang": "lang",
}
FIELDS = ("name", "email", "birthdate", "source", "specialty", "lang", "phone")
POLICIES = [
    ("fill", "Fill when empty"),
    ("overwrite", "Overwrite"),
    ("ignore", "Ignore"),
]


@dataclass
class Decision:
    """What becomes of one row of a list.

    :ivar kind: created, linked, updated, unchanged, conflict or error
    :ivar changes: new values by the words of lib.customers
    :ivar question: of a conflict; the same text is the same question
    """

    row: object
    kind: str = "unchanged"
    customer: dict | None = None
    link: object = None
    partner: object = None
    changes: dict = field(default_factory=dict)
    question: str = ""
    reason: str = ""
    warnings: list = field(default_factory=list)


class InboostBackend(models.Model):
    """Rows of customers become decisions, and decisions become contacts and links."""

    _inherit = "inboost.backend"

    policy_name = fields.Selection(
        POLICIES,
        "First and Last Name",
        required=True,
        default="fill",
        help="First and last name are one thing: half of one name is never mixed with "
        "half of another.",
    )
    policy_phone = fields.Selection(
        POLICIES,
        "Phone",
        required=True,
        default="fill",
        help="Of a customer who was linked before and has another phone in InBoost.",
    )
    policy_email = fields.Selection(POLICIES, "Email", required=True, default="fill")
    policy_birthdate = fields.Selection(
        POLICIES, "Date of Birth", required=True, default="fill"
    )
    policy_source = fields.Selection(
        POLICIES, "Source of Acquisition", required=True, default="fill"
    )
    policy_specialty = fields.Selection(
        POLICIES, "Specialty", required=True, default="fill"
    )
    policy_lang = fields.Selection(
        POLICIES,
        "Language",
        required=True,
        default="fill",
        help="A contact has a language from the first day: filling sets it for new "
        "ones only.",
    )

    # -- deciding ------------------------------------------------------------------

    def _decide(self, rows, seen=None):
        """What to do with ``rows``. Nothing is written.

        :param list rows: as InBoost sent them
        :param seen: called with phones, gives {phone: InBoost's id} of those that came
            earlier and are not in the database, since a dry run writes nothing
        :return: list of Decision
        """
        self.ensure_one()
        decisions = [self._read_row(row) for row in rows]
        read = [d for d in decisions if d.customer]
        links = self._links_of(read)
        phones = {d.customer["phone"] for d in read}
        contacts = self._contacts_of(phones)
        taken = seen(phones) if seen else {}
        # All of them are read from the database at once.
        ids = [c.id for found in contacts.values() for c, _link in found]
        ids += [link.partner_id.id for link in links.values() if link.partner_id]
        some = self.env["res.partner"].browse(ids)
        for decision in read:
            self._decide_one(decision, links, contacts, taken, some)
        return decisions

    def _read_row(self, row):
        endpoint = self._endpoint("customers_list")
        region = self.company_id.country_id.code
        try:
            found = customers.read(row, endpoint.row_map or "@", region)
        except customers.RowRefused as error:
            return Decision(row, kind="error", reason=str(error))
        # As Odoo would keep it: it mends some countries' numbers.
        phone = found.customer["phone"]
        found.customer["phone"] = (
            self.env["res.partner"]._phone_format(number=phone) or phone
        )
        return Decision(row, customer=found.customer, warnings=found.warnings)

    def _links_of(self, decisions):
        """:return: {("id", InBoost's id) or ("phone", phone): link}"""
        ids = {d.customer["inboost_id"] for d in decisions}
        phones = {d.customer["phone"] for d in decisions}
        found = self.env["inboost.customer"].search(
            [
                ("backend_id", "=", self.id),
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

    def _contacts_of(self, phones):
        """All contacts with one of ``phones``, by one query.

        :return: {phone: [(lib.customers.Candidate, link id)]}
        """
        self.env["res.partner"].flush_model()
        self.env["inboost.customer"].flush_model(["backend_id", "partner_id"])
        companies = self._companies() | self.company_id.sudo().parent_ids
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
                last_purchase=self._last_purchase_sql(),
                backend=self.id,
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

    def _last_purchase_sql(self):
        """When contact ``p`` bought last. Each kind of document adds itself here."""
        return SQL(
            "(SELECT MAX(o.date_order) FROM pos_order o WHERE o.partner_id = p.id)"
        )

    def _decide_one(self, decision, links, contacts, taken, some):
        customer = decision.customer
        phone, inboost_id = customer["phone"], customer["inboost_id"]
        by_phone = links.get(("phone", phone))
        link = links.get(("id", inboost_id)) if inboost_id else by_phone
        if not link and by_phone and not by_phone.inboost_id:
            link = by_phone
        decision.link = link
        if link and link.state == "ignored":
            return
        if phone in taken:
            if taken[phone] != inboost_id:
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
        taken[phone] = inboost_id
        decision.partner = partner
        self._decide_changes(decision, partner, contacts)
        if not partner:
            return
        rivals = [c for c in free if c.active and c.id != partner.id]
        self._decide_question(decision, partner, rivals)

    def _decide_doubled(self, decision, contact):
        """A second customer of InBoost with a phone that a first one has."""
        decision.question = f"doubled:{decision.customer['phone']}"
        link = decision.link
        if link and link.settled == decision.question:
            return
        decision.kind = "conflict"
        decision.reason = self.env._(
            "InBoost has another customer with the phone %(phone)s, who is %(contact)s "
            "here. Decide which of them is the right one.",
            phone=decision.customer["phone"],
            contact=contact.display_name or self.env._("a new contact"),
        )

    def _decide_changes(self, decision, partner, contacts):
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
            "region": self.company_id.country_id.code,
        }
        wanted = {
            **customer,
            "lang": languages.get(customer["lang"]),
            "source": self._same_word(customer["source"], present["source"]),
            "specialty": self._same_word(customer["specialty"], present["specialty"]),
        }
        policies = {name: self[f"policy_{name}"] for name in FIELDS}
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
        if decision.link and decision.link.settled == decision.question:
            decision.reason = ""
        else:
            decision.kind = "conflict"

    # -- doing ---------------------------------------------------------------------

    def _carry_out(self, decisions):
        """Contacts and links as decided. A decision that cannot be carried out becomes
        an error and stops no other."""
        self = self.with_context(
            tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
        )
        names = self._names_of(decisions)
        notes = {}
        for decision in decisions:
            if not decision.changes or decision.kind == "error":
                continue
            try:
                with self.env.cr.savepoint():
                    notes.update(self._write_contact(decision, names))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception as error:
                # Whatever another module or the database objects to.
                decision.kind, decision.reason = "error", str(error).strip()
        self.env["res.partner"].browse(notes)._message_log_batch(bodies=notes)
        self._write_links([d for d in decisions if d.customer and d.kind != "error"])

    def _names_of(self, decisions):
        """Sources and specialties by name; those that are new are created.

        :return: {("source" or "specialty", name in lower case): id}
        """
        found = {}
        for word, model in (
            ("source", "utm.source"),
            ("specialty", "inboost.specialty"),
        ):
            wanted = {}
            for decision in decisions:
                name = decision.changes.get(word)
                if name:
                    wanted.setdefault(name.casefold(), name)
            records = self.env[model].sudo().with_context(active_test=False)
            for record in records.search(
                [("name", "in", [*wanted.values()])]
                if not wanted
                else ["|"] * (len(wanted) - 1)
                + [("name", "=ilike", self._escaped(name)) for name in wanted.values()]
            ):
                found[word, record.name.casefold()] = record.id
            new = [n for key, n in wanted.items() if (word, key) not in found]
            for name, record in zip(
                new, records.create([{"name": name} for name in new]), strict=True
            ):
                found[word, name.casefold()] = record.id
        return found

    @staticmethod
    def _escaped(text):
        """For ``=ilike``, where % and _ mean something."""
        return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")

    def _write_contact(self, decision, names):
        """:return: {contact id: what to write into its chatter}"""
        values = {}
        for word, value in decision.changes.items():
            if word in ("source", "specialty") and value:
                value = names[word, value.casefold()]
            values[CONTACT_FIELDS[word]] = value or False
        if decision.kind == "created":
            if not values.keys() & {"firstname", "lastname"}:
                values["name"] = decision.customer["phone"]
            partner = self.env["res.partner"].create({**values, "customer_rank": 1})
            decision.partner = partner
            note = self.env._("Created from InBoost (%s).", self.name)
            return {partner.id: note}
        partner = decision.partner
        before = self._shown(partner, values)
        partner.write(values)
        after = self._shown(partner, values)
        lines = Markup().join(
            Markup("<li>%s: %s → %s</li>") % (label, before[label] or "–", new or "–")
            for label, new in after.items()
        )
        title = self.env._("Changed by InBoost (%s):", self.name)
        return {partner.id: Markup("%s<ul>%s</ul>") % (title, lines)}

    def _shown(self, partner, values):
        """Values of ``partner`` as people read them, by label."""
        shown = {}
        for name in values:
            field_ = partner._fields[name]
            value = partner[name]
            if field_.type == "many2one":
                value = value.display_name
            shown[field_.get_description(self.env)["string"]] = value
        return shown

    def _write_links(self, decisions):
        now = fields.Datetime.now()
        Link = self.env["inboost.customer"]
        new, to_history, seen = [], Link, Link
        for decision in decisions:
            values = self._link_values(decision)
            link = decision.link
            if not link:
                if decision.kind != "unchanged":
                    new.append({**values, "backend_id": self.id, "last_pull": now})
                continue
            seen |= link
            if not link.partner_id and decision.partner:
                to_history |= link
            changed = {
                name: value
                for name, value in values.items()
                if (link[name].id if name == "partner_id" else link[name] or False)
                != (value or False)
            }
            if changed and link.state != "ignored":
                link.write(changed)
        seen.write({"last_pull": now})
        created = Link.create(new)
        # A contact that was just created has no past here.
        fresh = {d.partner.id for d in decisions if d.kind == "created"}
        to_history |= created.filtered(
            lambda link: link.partner_id and link.partner_id.id not in fresh
        )
        if to_history:
            to_history._queue_history()

    def _link_values(self, decision):
        customer, link = decision.customer, decision.link
        values = {
            "inboost_id": customer["inboost_id"] or (link and link.inboost_id),
            "phone": customer["phone"],
            "fact": customer,
            "state": "conflict" if decision.kind == "conflict" else "linked",
            "question": decision.question,
            "reason": decision.reason if decision.kind == "conflict" else False,
        }
        if decision.partner:
            values["partner_id"] = decision.partner.id
        elif link and link.partner_id:
            # Nothing was decided about a row that came twice.
            return {}
        elif decision.kind != "conflict":
            values["state"] = link.state if link else "conflict"
        return values

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
