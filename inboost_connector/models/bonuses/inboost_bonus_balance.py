from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import keys
from ...lib.capture import Capture
from ...lib.facts import iso
from ...lib.points import rounded
from ...lib.priority import LIVE


class InboostBonusBalance(models.AbstractModel):
    """What a customer's balance is, and that it changed."""

    _name = "inboost.bonus.balance"
    _description = "InBoost Bonus Balance"

    @api.model
    def _capture(self, backend, customers, priority=LIVE):
        """The balances of ``customers`` changed, or are to be sent again.

        :param backend: one ``inboost.backend``
        :param customers: see :meth:`_prepare_facts`
        """
        return self.env["inboost.capture"]._capture_all(
            backend, self._prepare_facts(backend, customers), priority=priority
        )

    @api.model
    def _prepare_facts(self, backend, customers):
        """
        :param backend: one ``inboost.backend``
        :param customers: list of (partner, phone); the phone is one that they had
            before, to say what is left there; the present one where it is None
        :return: list of Capture
        """
        now = fields.Datetime.now()
        partners = self.env["res.partner"].union(*(one for one, _phone in customers))
        # Two columns of a contact who has seventy.
        partners.fetch(["phone", "phone_sanitized"])
        phones = [phone or partner.phone_sanitized for partner, phone in customers]
        amounts = self._read_amounts(backend, phones)
        return [
            Capture(
                operation="balance_set",
                key=keys.of_balance(str(uuid4())),
                fact={"amount": amounts[current], "time": iso(now)},
                occurred_at=now,
                partner=partner,
                record=None,
                phone=phone,
            )
            for (partner, phone), current in zip(customers, phones, strict=True)
        ]

    @api.model
    def _read_amounts(self, backend, phones):
        """The points on all bonus cards of the customers with these phones. Contacts
        who share a phone are one customer to InBoost; archived ones cannot use theirs.

        :return: {phone: points}, of every one of ``phones``
        """
        backend.ensure_one()
        # Straight from the database: as of now, whatever a cache says.
        self.env["loyalty.card"].flush_model(["points", "active", "partner_id"])
        self.env["res.partner"].flush_model(["phone_sanitized", "active"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.phone_sanitized, SUM(c.points)
                  FROM loyalty_card c
                  JOIN res_partner p ON p.id = c.partner_id
                 WHERE p.phone_sanitized = ANY(%(phones)s)
                   AND p.active
                   AND c.active
                   AND c.program_id = ANY(%(programs)s)
              GROUP BY p.phone_sanitized
                """,
                phones=[phone for phone in phones if phone],
                programs=list(backend.sudo()._get_recording()["programs"]),
            )
        )
        found = {phone: rounded(amount) for phone, amount in rows}
        return {phone: found.get(phone, 0.0) for phone in phones}
