import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...lib.erasure import Person
from ...lib.operations import OPERATIONS

#: What still waits for something is cancelled; what is settled stays settled.
WAITING = ["parked", "pending", "held", "failed"]
TEXT_TYPES = {"char", "text", "html", "json"}


class InboostPrivacy(models.AbstractModel):
    """What is kept of a person outside their contact: shown to them, and erased.

    Each storey adds what it keeps. Keys and sums stay: they are what stops a purchase
    from being sent twice, and they name nobody."""

    _name = "inboost.privacy"
    _description = "InBoost Personal Data"

    # -- who it is -----------------------------------------------------------------

    @api.model
    def _describe(self, partners):
        """How texts may name ``partners``.

        :rtype: lib.erasure.Person
        """
        phones = self._find_phones(partners)
        words, parts = set(), set()
        for partner in partners:
            words |= {partner.name, partner.email, partner.email_normalized}
            parts |= {partner.firstname, partner.lastname}
            words |= {
                " ".join(filter(None, names))
                for names in (
                    (partner.firstname, partner.lastname),
                    (partner.lastname, partner.firstname),
                )
                if all(names)
            }
            if partner.birthdate_date:
                parts.add(fields.Date.to_string(partner.birthdate_date))
        # Who is known by their phone has it for a name.
        words = {w for w in words - {None, False} if any(map(str.isalpha, w))}
        return Person(
            phones=frozenset(phones),
            words=frozenset(words),
            parts=frozenset(parts - {None, False}),
        )

    @api.model
    def _find_phones(self, partners):
        """Phones that mean ``partners``: their present ones, and those that something
        was sent to. One that somebody else has by now is not theirs alone."""
        events = self.env["inboost.event"].search(
            [("partner_id", "in", partners.ids), ("phone", "!=", False)]
        )
        phones = {*partners.mapped("phone_sanitized"), *events.mapped("phone")}
        phones = {phone for phone in phones if phone and phone.startswith("+")}
        others = (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search(
                [
                    ("phone_sanitized", "in", list(phones)),
                    ("id", "not in", partners.ids),
                ]
            )
        )
        return phones - set(others.mapped("phone_sanitized"))

    @api.model
    def _find_events(self, partners, person):
        """Events about ``partners``, and those of their phones that are about no
        contact any more."""
        return self.env["inboost.event"].search(
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
        """The backends that something is kept of."""
        return self._find_events(partners, person).backend_id

    @api.model
    def _is_known(self, partners):
        """Whether anything of ours points at ``partners``."""
        return bool(
            self.env["inboost.event"].search_count(
                [("partner_id", "in", partners.ids)], limit=1
            )
        )

    # -- erase ---------------------------------------------------------------------

    @api.model
    def _erase(self, partners, gone=False):
        """Forget ``partners``.

        :param bool gone: whether their contacts are deleted now
        """
        self = self.sudo().with_context(active_test=False)
        partners = partners.sudo()
        self.env.flush_all()
        person = self._describe(partners)
        self._erase_records(partners, person)
        self._erase_texts(person)
        if not gone:
            self._keep_from_offers(partners, person)
        self.env.invalidate_all()

    @api.model
    def _keep_from_offers(self, partners, person):
        """Called when contacts stay: the storey that offers customers fills this in."""

    @api.model
    def _erase_records(self, partners, person):
        """What is about nobody else."""
        events = self._find_events(partners, person)
        if events.filtered(lambda event: event.state == "sending"):
            raise UserError(
                self.env._(
                    "Something about this customer is being sent right now. Try again "
                    "in a minute."
                )
            )
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_request_log
                   SET request_body = NULL, answer = NULL, error = NULL
                 WHERE event_id = ANY(%s)
             RETURNING id
                """,
                events.ids,
            )
        )
        for event in events:
            self._erase_event(event, person)
        self._erase_failures(partners, person)
        self.env.invalidate_all()

    @api.model
    def _erase_event(self, event, person):
        """The row stays, with its key and its sums: without it the fact would be sent
        again."""
        about_people = event.operation.startswith("customer")
        fact = {} if about_people else person.scrub(event.fact)
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_event
                   SET fact = %(fact)s, sent = NULL,
                       phone = NULL, partner_id = NULL, next_try = NULL,
                       reason_args = NULL,
                       reason_code = CASE WHEN state = ANY(%(waiting)s)
                                          THEN 'erased' ELSE reason_code END,
                       state = CASE WHEN state = ANY(%(waiting)s)
                                    THEN 'cancelled' ELSE state END
                 WHERE id = %(event)s
             RETURNING id
                """,
                fact=json.dumps(fact),
                waiting=WAITING,
                event=event.id,
            )
        )

    @api.model
    def _erase_failures(self, partners, person):
        """What could not be recorded about them is not made up for."""
        failures = self.env["inboost.capture.failure"]
        for failure in failures.search([("solved_at", "=", False)]):
            records = self.env[failure.res_model].browse(failure.res_ids or []).exists()
            if records._name != "res.partner":
                whose = records._fields.get("partner_id")
                records = records.partner_id if whose else partners.browse()
            if records and records <= partners:
                failure.solved_at = fields.Datetime.now()

    # -- texts about several -------------------------------------------------------

    @api.model
    def _get_texts(self):
        """Where a text or a fact may name somebody among others: in every one of ours,
        and in what Odoo keeps about one of ours.

        :return: list of (model, names of fields, condition on the rows)
        """
        ours = SQL("model LIKE 'inboost.%%'")
        of_ours = SQL("mail_message_id IN (SELECT id FROM mail_message WHERE %s)", ours)
        texts = [
            ("mail.message", ["body", "subject"], ours),
            ("mail.mail", ["body_html"], of_ours),
            ("mail.tracking.value", ["old_value_char", "new_value_char"], of_ours),
            ("mail.activity", ["summary", "note"], SQL("res_model LIKE 'inboost.%%'")),
        ]
        for name, model in self.env.items():
            if name.startswith("inboost.") and model._auto and not model._transient:
                texts.append((name, self._get_text_fields(model), self._where(name)))
        return texts

    @api.model
    def _get_text_fields(self, model):
        """Names of the fields of ``model`` in which anything may stand."""
        return [
            field.name
            for field in model._fields.values()
            if field.store and field.column_type and field.type in TEXT_TYPES
        ]

    @api.model
    def _where(self, name):
        """Which rows of a model may be about others as well: of the outbox, where
        there are millions, those that are about no one customer."""
        if name != "inboost.event":
            return SQL("TRUE")
        impersonal = [
            n for n, operation in OPERATIONS.items() if not operation.personal
        ]
        return SQL("operation = ANY(%s)", impersonal)

    @api.model
    def _erase_texts(self, person):
        if not person.search_pattern:
            return
        for name, fields_, condition in self._get_texts():
            if fields_:
                self._erase_columns(self.env[name], fields_, condition, person)

    @api.model
    def _erase_columns(self, model, names, condition, person):
        """Take ``person`` out of ``names``, fields of ``model``."""
        columns = [SQL.identifier(name) for name in names]
        found = SQL(" OR ").join(
            SQL("%s::text ~* %s", column, person.search_pattern) for column in columns
        )
        rows = self.env.execute_query(
            SQL(
                "SELECT id, %s FROM %s WHERE (%s) AND (%s)",
                SQL(", ").join(columns),
                SQL.identifier(model._table),
                condition,
                found,
            )
        )
        for row_id, *values in rows:
            scrubbed = [
                self._scrub(model._fields[name], value, person)
                for name, value in zip(names, values, strict=True)
            ]
            self.env.execute_query(
                SQL(
                    "UPDATE %s SET %s WHERE id = %s RETURNING id",
                    SQL.identifier(model._table),
                    SQL(", ").join(
                        SQL("%s = %s", column, value)
                        for column, value in zip(columns, scrubbed, strict=True)
                    ),
                    row_id,
                )
            )

    @api.model
    def _scrub(self, field, value, person):
        if value is None:
            return None
        if field.type == "json":
            return json.dumps(person.scrub(value))
        # One of the row's texts is about the person, and so is the row.
        return person.scrub_text(value, about=True)

    # -- for people ----------------------------------------------------------------

    @api.model
    def _check_may_decide(self, partners):
        """Only an administrator of every company that keeps something of a person
        may have it erased, or take it along."""
        if not self.env.user.has_group("inboost_connector.group_inboost_manager"):
            raise AccessError(self.env._("Only an InBoost administrator may do this."))
        partners.check_access("read")
        person = self.sudo()._describe(partners.sudo())
        backends = self.sudo()._get_backends(partners.sudo(), person)
        foreign = backends - backends.sudo(False)._filtered_access("write")
        if foreign:
            raise AccessError(
                self.env._(
                    "Something of this customer is kept for other companies, too: "
                    "%(companies)s. Ask somebody who administers InBoost in all of "
                    "them.",
                    companies=", ".join(foreign.company_id.mapped("name")),
                )
            )

    @api.model
    def _export(self, partner):
        """All that is kept of ``partner``, as JSON."""
        self = self.sudo().with_context(active_test=False)
        partner = partner.sudo()
        person = self._describe(partner)
        return self._prepare_export(partner, person)

    @api.model
    def _prepare_export(self, partner, person):
        """:return: dict of JSON, by what it is"""
        events = self._find_events(partner, person)
        return {
            "contact": self._read(
                partner, ["name", "phone", "email", "birthdate_date", "lang"]
            ),
            "events": self._read(
                events,
                ["operation", "event_id", "occurred_at", "phone", "state", "done_at"]
                + ["res_name", "reason", "fact"],
            ),
            "requests": self._read(
                events.log_ids,
                ["create_date", "url", "status", "request_body", "answer"],
            ),
        }

    @api.model
    def _read(self, records, names):
        """:return: list of dicts of JSON"""
        rows = records.read(names, load=None)
        return [
            {
                name: value if isinstance(value, dict | list) else self._plain(value)
                for name, value in row.items()
                if name != "id"
            }
            for row in rows
        ]

    @staticmethod
    def _plain(value):
        if value is False or value is None:
            return None
        return value if isinstance(value, int | float | str) else str(value)
