import json

from markupsafe import Markup

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...lib import names, storable

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
    "barcode": "barcode",
}
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
}


class InboostCustomerWrite(models.AbstractModel):
    """Decisions become contacts and links, all of a page together."""

    _name = "inboost.customer.write"
    _description = "InBoost Writing of Customers"

    @api.model
    def _carry_out(self, backend, decisions):
        """Contacts and links as decided. A decision that cannot be carried out becomes
        an error and stops no other."""
        self = self.with_context(**QUIET).with_company(backend.company_id)
        todo = [d for d in decisions if d.changes and d.kind != "error"]
        known = self._find_names(todo)

        def create(some):
            return self._create_contacts(backend, some, known)

        def update(some):
            return self._update_contacts(backend, some, known)

        notes = self._do_together([d for d in todo if d.kind == "created"], create)
        notes |= self._do_together([d for d in todo if d.kind != "created"], update)
        self.env["res.partner"].browse(notes)._message_log_batch(bodies=notes)
        done = [d for d in decisions if d.customer and d.kind != "error"]
        self._write_links(backend, done)
        self.env["inboost.customer.consent"]._take_over(backend, done)
        self._remember(done)

    def _do_together(self, decisions, act):
        """``act`` on all of ``decisions``; what fails together is done in halves, until
        the one at fault is found.

        :return: {contact id: what to write into its chatter}
        """
        if not decisions:
            return {}
        try:
            with self.env.cr.savepoint():
                return act(decisions)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            for decision in decisions:
                if decision.kind == "created":
                    decision.partner = self.env["res.partner"]
            if len(decisions) == 1:
                # Whatever another module or the database objects to.
                decisions[0].fail("text", text=str(error).strip())
                return {}
        half = len(decisions) // 2
        notes = self._do_together(decisions[:half], act)
        return notes | self._do_together(decisions[half:], act)

    # -- sources and specialties ---------------------------------------------------

    def _find_names(self, decisions):
        """Sources and specialties by what they say; those that are new are created.

        :return: {("source" or "specialty", names.same_form of it): id}
        """
        found = {}
        for word, model in (
            ("source", "utm.source"),
            ("specialty", "inboost.specialty"),
        ):
            wanted = {}
            for decision in decisions:
                if name := decision.changes.get(word):
                    wanted.setdefault(names.same_form(name), name)
            if not wanted:
                continue
            records = self.env[model].sudo().with_context(active_test=False)
            for record in records.search([], order="id desc"):
                found[word, names.same_form(record.name)] = record.id
            new = {k: name for k, name in wanted.items() if (word, k) not in found}
            created = records.create([{"name": name} for name in new.values()])
            found |= {
                (word, key): record.id for key, record in zip(new, created, strict=True)
            }
        return found

    # -- contacts ------------------------------------------------------------------

    def _prepare_contact_values(self, decision, known):
        values = {}
        for word, value in decision.changes.items():
            if word in ("source", "specialty") and value:
                value = known[word, names.same_form(value)]
            values[CONTACT_FIELDS[word]] = value or False
        if decision.kind == "created":
            values["customer_rank"] = 1
            if not values.keys() & {"firstname", "lastname"}:
                values["name"] = decision.customer["phone"]
        return values

    def _create_contacts(self, backend, decisions, known):
        partners = self.env["res.partner"].create(
            [self._prepare_contact_values(decision, known) for decision in decisions]
        )
        for decision, partner in zip(decisions, partners, strict=True):
            decision.partner = partner
        note = self.env._("Created from InBoost (%s).", backend.name)
        return dict.fromkeys(partners.ids, note)

    def _update_contacts(self, backend, decisions, known):
        return {
            decision.partner.id: self._update_contact(backend, decision, known)
            for decision in decisions
        }

    def _update_contact(self, backend, decision, known):
        """:return: what to write into the chatter"""
        partner, values = (
            decision.partner,
            self._prepare_contact_values(decision, known),
        )
        before = self._shown(partner, values)
        partner.write(values)
        after = self._shown(partner, values)
        lines = Markup().join(
            Markup("<li>%s: %s → %s</li>") % (label, before[label] or "–", new or "–")
            for label, new in after.items()
        )
        title = self.env._("Changed by InBoost (%s):", backend.name)
        return Markup("%s<ul>%s</ul>") % (title, lines)

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

    # -- links ---------------------------------------------------------------------

    def _write_links(self, backend, decisions):
        links = self.env["inboost.customer"].with_context(**QUIET)
        today = fields.Date.today()
        new, to_history, seen = [], links.browse(), links.browse()
        for decision in decisions:
            values = self._prepare_link_values(decision)
            link = decision.link
            if not link:
                if decision.kind != "unchanged":
                    values |= {"backend_id": backend.id, "last_pull": today}
                    new.append((decision, values))
                continue
            seen |= link
            if not link.partner_id and decision.partner:
                to_history |= link
            changed = self._filter_changed(link, values)
            if changed and link.state != "ignored":
                link.with_context(**QUIET).write(changed)
        # A million rows are not to be written every quarter of an hour.
        seen.filtered(lambda link: link.last_pull != today).last_pull = today
        created = links.create([values for _decision, values in new])
        for (decision, _values), link in zip(new, created, strict=True):
            decision.link = link
        # A contact that was just created has no past here.
        fresh = {d.partner.id for d in decisions if d.kind == "created"}
        to_history |= created.filtered(
            lambda link: link.partner_id and link.partner_id.id not in fresh
        )
        if to_history:
            self.env["inboost.customer.history"]._queue(to_history)

    @staticmethod
    def _filter_changed(link, values):
        return {
            name: value
            for name, value in values.items()
            if (link[name].id if name == "partner_id" else link[name] or False)
            != (value or False)
        }

    def _prepare_link_values(self, decision):
        customer, link = decision.customer, decision.link
        problem = decision.problem if decision.kind == "conflict" else None
        values = {
            "inboost_id": customer["inboost_id"] or (link and link.inboost_id),
            "phone": customer["phone"],
            "fact": customer,
            "warnings": storable.clean([[w.code, w.args] for w in decision.warnings])
            or False,
            "state": "conflict" if problem else "linked",
            "question": decision.question,
            "reason_code": problem.code if problem else False,
            "reason_args": problem.args if problem else False,
        }
        if decision.partner:
            values["partner_id"] = decision.partner.id
        elif link and link.partner_id:
            # Nothing was decided about a row that came twice.
            return {}
        elif not problem:
            values["state"] = link.state if link else "conflict"
        return values

    def _remember(self, decisions):
        """A row that comes again as it was, while its contact stays as it is now, costs
        no decision. Moments are compared in the database, where they are whole."""
        rows = [
            [decision.link.id, decision.hash]
            for decision in decisions
            if decision.link and decision.hash and decision.kind != "conflict"
        ]
        if not rows:
            return
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_customer l
                   SET row_hash = v.row_hash,
                       contact_moment = (
                           SELECT write_date FROM res_partner WHERE id = l.partner_id)
                  FROM jsonb_to_recordset(%s)
                       AS v(id INTEGER, row_hash VARCHAR)
                 WHERE l.id = v.id
             RETURNING l.id
                """,
                json.dumps([{"id": i, "row_hash": text} for i, text in rows]),
            )
        )
