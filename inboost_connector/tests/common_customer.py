import json
from uuid import uuid4

from odoo import fields

from .common_bonus import BonusCase

LIST = "/wapi/Clients"
FIND = "/api/booking_settings/getUser"
UPSERT = "/api/MyClients/AddNewClient"


class CustomerCase(BonusCase):
    """An InBoost whose list of customers a test writes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Link = cls.env["inboost.customer"].sudo()
        cls.Run = cls.env["inboost.sync.run"].sudo()
        cls.Partner = cls.env["res.partner"]
        cls.env.company.country_id = cls.env.ref("base.ua")

    @staticmethod
    def row(number, **values):
        """A customer as InBoost lists it, with a phone made of ``number``."""
        return {
            "id": f"id-{number}",
            "userPhoneNumber": f"38050{number:07}",
            "userName": f"First{number}",
            "lastName": f"Last{number}",
            "lang": "UA",
            **values,
        }

    @staticmethod
    def phone(number):
        return f"+38050{number:07}"

    def listed(self, *pages):
        """What InBoost answers, page by page, and then nothing more."""
        total = sum(len(page) for page in pages)
        self.fake.script[LIST] = [
            self.answer({"totalCount": total, "entites": page}) for page in (*pages, [])
        ]

    @staticmethod
    def answer(data, status=200):
        return (status, {}, json.dumps(data).encode())

    def pull(self, *pages, **values):
        """One synchronisation of ``pages``.

        :return: the run
        """
        if pages:
            self.listed(*pages)
        self.endpoint("customers_list").page_size = (
            max([1, *map(len, pages)]) if pages else 500
        )
        run = self.Run._queue(self.backend, **values)
        self.run_cron("pull")
        return run

    def run_cron(self, name):
        cron = self.env.ref(f"inboost_connector.ir_cron_{name}")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def contact(self, number, **values):
        """A contact made here, in a spelling of its own."""
        return self.Partner.create(
            {
                "name": f"Contact {number}",
                "phone": f"050 {number:07}",
                "country_id": self.env.ref("base.ua").id,
                **values,
            }
        )

    def link_of(self, number):
        return self.Link.search([("inboost_id", "=", f"id-{number}")])

    def link(self, partner, number=None, **values):
        """``partner`` linked, as if by an earlier pull."""
        return self.Link.create(
            {
                "backend_id": self.backend.id,
                "partner_id": partner.id,
                "inboost_id": f"id-{number}" if number else str(uuid4()),
                "phone": partner.phone_sanitized,
                **values,
            }
        )

    def old_order(self, partner, days):
        """A paid order of some days ago that InBoost knows nothing of."""
        order = self.sell(partner)
        order.date_order = fields.Datetime.subtract(fields.Datetime.now(), days=days)
        self.forget(self.events_of(order))
        return order

    def forget(self, events=None):
        """As if nothing had been recorded."""
        events = self.env["inboost.event"].search([]) if events is None else events
        events.sudo().with_context(inboost_retention=True).unlink()

    def counts(self, run):
        names = ("created", "linked", "updated", "unchanged", "conflict", "error")
        return {n: run[f"{n}_count"] for n in names if run[f"{n}_count"]}

    def notes(self, partner):
        return partner.message_ids.filtered(lambda m: "InBoost" in (m.body or ""))
