from datetime import datetime, time, timezone

from odoo import fields, models

from ...lib.dates import find_zone


class ResCompany(models.Model):
    """Where a company's days begin and end."""

    _inherit = "res.company"

    def _inboost_zone_name(self):
        """The time zone of the company: of its own contact, else of the administrator,
        since a new database keeps working hours in UTC.

        :return: a name of the IANA database
        """
        self.ensure_one()
        company = self.sudo()
        admin = self.env.ref("base.user_admin", raise_if_not_found=False)
        return (
            company.partner_id.tz
            or (admin and admin.sudo().tz)
            or company.resource_calendar_id.tz
            or "UTC"
        )

    def _inboost_now(self):
        """:return: an aware datetime, in the company's zone"""
        now = fields.Datetime.now().replace(tzinfo=timezone.utc)
        return now.astimezone(find_zone(self._inboost_zone_name()))

    def _inboost_today(self):
        return self._inboost_now().date()

    def _inboost_moment(self, day, at=time()):
        """When it is ``at`` o'clock of ``day`` here.

        :return: a naive datetime in UTC
        """
        zone = find_zone(self._inboost_zone_name())
        there = datetime.combine(day, at, tzinfo=zone)
        return there.astimezone(timezone.utc).replace(tzinfo=None)

    def write(self, vals):
        before = {company: company.country_id for company in self}
        result = super().write(vals)
        for company, country in before.items():
            if company.country_id != country:
                # Phones without a country of their own may be valid now.
                backends = self.env["inboost.backend"]._find_for_company(company)
                self.env["inboost.bonus.resend"]._queue(backends, reads_phones=True)
        return result
