from markupsafe import Markup

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

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


class InboostCustomer(models.Model):
    """Decisions become contacts and links."""

    _inherit = "inboost.customer"

    @api.model
    def _carry_out(self, backend, decisions):
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
                    notes.update(self._write_contact(backend, decision, names))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception as error:
                # Whatever another module or the database objects to.
                decision.kind, decision.reason = "error", str(error).strip()
        self.env["res.partner"].browse(notes)._message_log_batch(bodies=notes)
        self._write_links(
            backend, [d for d in decisions if d.customer and d.kind != "error"]
        )

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

    def _write_contact(self, backend, decision, names):
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
            note = self.env._("Created from InBoost (%s).", backend.name)
            return {partner.id: note}
        partner = decision.partner
        before = self._shown(partner, values)
        partner.write(values)
        after = self._shown(partner, values)
        lines = Markup().join(
            Markup("<li>%s: %s → %s</li>") % (label, before[label] or "–", new or "–")
            for label, new in after.items()
        )
        title = self.env._("Changed by InBoost (%s):", backend.name)
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

    def _write_links(self, backend, decisions):
        today = fields.Date.today()
        new, to_history, seen = [], self.browse(), self.browse()
        for decision in decisions:
            values = self._prepare_link_values(decision)
            link = decision.link
            if not link:
                if decision.kind != "unchanged":
                    new.append({**values, "backend_id": backend.id, "last_pull": today})
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
        # A million rows are not to be written every quarter of an hour.
        seen.filtered(lambda link: link.last_pull != today).last_pull = today
        created = self.create(new)
        # A contact that was just created has no past here.
        fresh = {d.partner.id for d in decisions if d.kind == "created"}
        to_history |= created.filtered(
            lambda link: link.partner_id and link.partner_id.id not in fresh
        )
        if to_history:
            self.env["inboost.customer.history"]._queue(to_history)

    def _prepare_link_values(self, decision):
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
