from datetime import timedelta

from odoo import api, fields, models

TEMPLATE = "inboost_connector.mail_template_digest"


class InboostDigest(models.AbstractModel):
    """One mail a day for those who want it: how yesterday went, and what needs them."""

    _name = "inboost.digest"
    _description = "InBoost Daily Digest"

    @api.model
    def _cron_send(self):
        backends = self.env["inboost.backend"].search(
            [("state", "!=", "draft"), ("digest_user_ids", "!=", False)]
        )
        for backend in backends:
            self._send(backend)

    @api.model
    def _send(self, backend):
        """Each in their own language; nobody who may not see the backend."""
        template = self.env.ref(TEMPLATE, raise_if_not_found=False)
        if not template:
            # Somebody deleted it: they want no mail.
            return
        counts = self._count(backend)
        for user in backend.digest_user_ids.filtered(lambda u: u.active and u.email):
            digest = self.with_context(lang=user.lang)
            context = {
                "digest": digest._prepare(backend, user, counts),
                "digest_lang": user.lang,
            }
            template.with_context(**context).send_mail(
                backend.id,
                email_values={
                    "email_to": user.email_formatted,
                    "recipient_ids": [],
                    "auto_delete": True,
                },
            )

    @api.model
    def _prepare(self, backend, user, counts):
        """:param dict counts: from :meth:`_count`
        :return: what the mail says: greeting, lines, alarms and url"""
        alarms = self.env["inboost.alarm"].search([("backend_id", "=", backend.id)])
        return {
            "greeting": self.env._("Hello %s,", user.name),
            "lines": self._describe(**counts),
            "alarms": alarms.mapped("text"),
            "url": f"{backend.get_base_url()}/odoo/inboost",
        }

    @api.model
    def _count(self, backend):
        self.env["inboost.traffic"]._sum_up()
        measure = self.env["inboost.health.figures"]
        today = measure._get_midnight(backend, fields.Datetime.now())
        yesterday = measure._get_midnight(backend, today - timedelta(hours=12))
        figures = measure._measure(backend)
        sent, _duplicates = measure._sum_hours(backend, yesterday, today)
        return {
            "sent": sent,
            "held": figures["held"],
            "failed": figures["failed"],
            "waiting": figures["waiting"],
        }

    @api.model
    def _describe(self, sent, held, failed, waiting):
        """:return: list of lines; numbers stand where they need no plural"""
        lines = [
            self.env._("Sent to InBoost: %s", sent)
            if sent
            else self.env._("Nothing was sent.")
        ]
        if failed:
            lines.append(self.env._("Refused by InBoost: %s", failed))
        if held:
            lines.append(self.env._("Sent, but not known to have arrived: %s", held))
        if waiting:
            lines.append(self.env._("Still on the way: %s", waiting))
        return lines
