from collections import defaultdict

from odoo import models

from ...lib import keys
from ...lib.capture import Capture
from ...lib.codes import bonus_code
from ...lib.facts import Bonus, iso


class InboostBonusMove(models.Model):
    """What is sent about a row: what was won, what was spent, the balance."""

    _inherit = "inboost.bonus.move"

    def _capture_facts(self, owners=(), silent=False):
        """Send what follows from these rows.

        :param owners: more [partner id, program id, phone] whose balance changed
        :param bool silent: balances only
        """
        entries = {} if silent else self._prepare_gross()
        self._capture_balances(owners, entries)

    def _prepare_gross(self):
        """An accrual and a redemption, each by its own amount.

        :return: {backend: list of Capture}
        """
        backends = self.program_id._inboost_find_backends()
        entries = defaultdict(list)
        for move in self:
            for operation, amount in (
                ("bonus_accrual", move.won),
                ("bonus_redemption", move.spent),
            ):
                if not amount:
                    continue
                fact = move._bonus_fact(operation, amount)
                for backend in backends[move.program_id]:
                    entries[backend].append(
                        Capture(*fact, move.partner_id, move._get_document())
                    )
        return entries

    def _bonus_fact(self, operation, amount):
        """:return: (operation, key, lib.facts.Bonus, time)"""
        self.ensure_one()
        key = self._bonus_key()
        fact = Bonus(
            code=bonus_code(operation, key),
            kind="accrual" if operation == "bonus_accrual" else "redemption",
            reason=self._bonus_reason(),
            amount=amount,
            balance=self.balance_after,
            program=self.program_id.name,
            card=self.card_code,
            order=(
                {"number": self.order_name, "uuid": self.order_uuid}
                if self.order_uuid
                else None
            ),
            time=iso(self.time),
        )
        return operation, key, fact, self.time

    def _bonus_reason(self):
        if self.kind in ("reversal", "expiry"):
            return self.kind
        return "order" if self.order_uuid else "other"

    def _bonus_key(self):
        """Where the points of a document may be confirmed again, it and the card make
        the key. Elsewhere each change is one of its own."""
        if not self.order_model or not self._repeats_points():
            return keys.of_move(self.uuid)
        source = self.env[self.order_model]._inboost_source
        document = keys.of_document(source, self.order_uuid)
        if self.kind == "reversal" and self.reversed_uuid:
            return keys.of_returned_points(document, self.reversed_uuid, self.card_code)
        return keys.of_points(document, self.card_code)

    def _repeats_points(self):
        return getattr(self.env[self.order_model], "_inboost_repeats_points", False)

    def _get_event_domain(self):
        self.ensure_one()
        return [
            ("operation", "in", ("bonus_accrual", "bonus_redemption")),
            ("key", "=", self._bonus_key()),
        ]

    def _get_document(self):
        if self.order_model and self.order_id:
            return self.env[self.order_model].browse(self.order_id)
        return self

    def _capture_balances(self, owners=(), entries=None):
        """One event for each customer and backend; the amount is read when it goes.

        :param owners: more [partner id, program id, phone] than those of these rows; a
            partner who is gone by now had that phone
        :param entries: {backend: list of Capture} that go first, by the same statement
        """
        entries = entries or {}
        partners, programs = self.env["res.partner"], self.env["loyalty.program"]
        changed = {(move.partner_id, move.program_id, None) for move in self}
        for partner_id, program_id, phone in owners:
            partner = partners.browse(partner_id).exists()
            gone = None if partner else phone
            if partner or gone:
                changed.add((partner, programs.browse(program_id), gone))
        programs = programs.union(*(program for _partner, program, _phone in changed))
        backends = programs._inboost_find_backends()
        wanted = defaultdict(set)
        for partner, program, phone in changed:
            for backend in backends[program]:
                wanted[backend].add((partner, phone))
        balances = self.env["inboost.bonus.balance"]
        for backend in sorted(wanted, key=lambda backend: backend.id):
            customers = sorted(wanted[backend], key=lambda one: one[0].ids)
            self.env["inboost.capture"]._capture_all(
                backend,
                [
                    *entries.get(backend, ()),
                    *balances._prepare_facts(backend, customers),
                ],
                again="confirmed_again",
            )
