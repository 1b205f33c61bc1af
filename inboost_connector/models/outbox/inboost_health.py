from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import formatLang
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

MODULE = "inboost_connector"
EVENTS = f"{MODULE}.inboost_event_action"
LOG = f"{MODULE}.inboost_request_log_action"
#: The gravest first: the one that the sentence is about. "info" harms nothing.
GRAVITY = ("danger", "warning", "info")
#: Causes that keep events from being sent.
GRAVE = {"backend_paused", "endpoint_paused", "endpoint_failing", "waiting"}
GRAVE |= {"crons", "crons_missing", "crons_off"}
#: {figure, and filter of the list that it opens: (label, hint, level, list)}
COUNTS = {
    "waiting": (_lt("Waiting"), _lt("On their way to InBoost."), "", EVENTS),
    "parked": (
        _lt("Parked"),
        _lt("They wait for a customer with a valid phone."),
        "",
        EVENTS,
    ),
    "held": (
        _lt("Held"),
        _lt("Nobody knows whether InBoost has them: a person decides."),
        "warning",
        EVENTS,
    ),
    "failed": (
        _lt("Failed"),
        _lt("InBoost refused them, or they were given up."),
        "danger",
        EVENTS,
    ),
    "expired": (
        _lt("Expired, 7 Days"),
        _lt("Too old to be news when they could be sent."),
        "",
        EVENTS,
    ),
    "sent_today": (
        _lt("Sent Today"),
        _lt("What InBoost accepted since midnight in the shop."),
        "",
        EVENTS,
    ),
    "duplicates": (
        _lt("Duplicates, 7 Days"),
        _lt("Facts that came again and were not sent a second time."),
        "",
        LOG,
    ),
}


class InboostHealth(models.AbstractModel):
    """The app's first screen: how each portal is, in a sentence, and what mends it.
    Upper storeys add troubles and figures of their own by ``super()``."""

    _name = "inboost.health"
    _description = "InBoost Health"

    @api.model
    @api.readonly
    def get_report(self):
        """:return: what the screen shows, as JSON; times in UTC"""
        self._check_user()
        # Whose portals a person may see is theirs; what is said of one needs no right
        # on scheduled actions, programs and contacts.
        backends = self.env["inboost.backend"].search([], order="id").sudo()
        # Those in use first.
        backends = backends.sorted(lambda backend: backend.state == "draft")
        return {
            "may_mend": self.env.user.has_group(f"{MODULE}.group_inboost_manager"),
            "backends": [self._describe(backend) for backend in backends],
            "charts": self.env["inboost.health.figures"]._draw(backends),
            "jobs": self._describe_jobs(),
        }

    @api.model
    def _check_user(self):
        if not self.env.user.has_group(f"{MODULE}.group_inboost_user"):
            raise AccessError(self.env._("Only an InBoost user may see this."))

    # -- words ---------------------------------------------------------------------

    @api.model
    def _describe(self, backend):
        figures = self.env["inboost.health.figures"]._measure(backend)
        troubles = sorted(
            (self._describe_trouble(*found) for found in self._find_troubles(backend)),
            key=lambda trouble: GRAVITY.index(trouble["level"]),
        )
        level, sentence = self._say(backend, figures, troubles)
        return {
            "id": backend.id,
            "name": backend.name,
            "company": backend.company_id.name,
            "state": backend.state,
            "level": level,
            "sentence": sentence,
            "troubles": troubles,
            "figures": backend.state != "draft"
            and self._describe_figures(backend, figures),
        }

    @api.model
    def _say(self, backend, figures, troubles):
        """:return: (level, how the backend is in one sentence)"""
        if troubles and troubles[0]["level"] != "info":
            return troubles[0]["level"], troubles[0]["text"]
        if figures["waiting"]:
            return "success", self.env._(
                "All is well: %s events are on their way.",
                self._count(figures["waiting"]),
            )
        return "success", self.env._("All is well: nothing waits.")

    @api.model
    def _find_troubles(self, backend):
        """:return: iterator of (code, text, level, since or None, endpoint id)"""
        if backend.state == "draft":
            text = self.env._(
                "It was not connected yet: nothing is recorded and nothing is sent."
            )
            yield "draft", text, "warning", None, False
            return
        alarms = self.env["inboost.alarm"].sudo()
        known = {
            (alarm.code, alarm.endpoint_id.id): alarm.since
            for alarm in alarms.search([("backend_id", "=", backend.id)])
        }
        if backend.state == "paused" and backend.pause_code == "paused_by":
            yield "paused_by", self._word_pause(backend), "warning", None, False
        for code, endpoint_id, arguments in alarms._find_causes(backend):
            endpoint = backend.endpoint_ids.browse(endpoint_id or [])
            level = "danger" if code in GRAVE else "warning"
            text = alarms._word(code, endpoint, arguments)
            yield code, text, level, known.get((code, endpoint_id)), endpoint_id
        yield from self._find_repairs(backend)

    @api.model
    def _word_pause(self, backend):
        return self.env._(
            "%s. Sales are recorded and wait until somebody presses Connect.",
            backend.pause_reason,
        )

    @api.model
    def _find_repairs(self, backend):
        """What stops nothing and had better be repaired; an upper storey adds its own.

        :return: as :meth:`_find_troubles`
        """
        names = [
            endpoint.display_name
            for endpoint in backend.endpoint_ids
            if endpoint.enabled and not endpoint.has_address
        ]
        if names:
            text = self.env._(
                "Without an address, nothing is recorded for: %s. Make the webhooks in "
                "the InBoost portal and paste their addresses.",
                ", ".join(names),
            )
            yield "no_address", text, "warning", None, False
        if not backend.company_id.country_id:
            text = self.env._(
                "%s has no country, so phones without a country code cannot be read. "
                "Enter it on the company.",
                backend.company_id.name,
            )
            yield "no_country", text, "warning", None, False

    @api.model
    def _describe_trouble(self, code, text, level, since, endpoint_id):
        return {
            "code": code,
            "text": text,
            "level": level,
            "since": fields.Datetime.to_string(since) if since else False,
            "endpoint_id": endpoint_id,
            "remedies": self.env["inboost.health.remedy"]._describe(code),
        }

    # -- figures -------------------------------------------------------------------

    @api.model
    def _describe_figures(self, backend, figures):
        """:return: list of dict, see :meth:`_figure`; an upper storey adds its own"""
        return [
            self._figure(
                "oldest_waiting",
                self.env._("Oldest Waiting"),
                moment=figures["oldest_waiting"],
                opens=(EVENTS, "waiting"),
                hint=self.env._("Since when the oldest event waits to be sent."),
            ),
            *(self._describe_count(name, figures) for name in COUNTS),
            *self._describe_hour(figures),
            *self._describe_secret(backend),
        ]

    @api.model
    def _describe_count(self, name, figures):
        label, hint, level, action = COUNTS[name]
        return self._figure(
            name,
            self.env._(label),
            self._count(figures[name]),
            level=level if figures[name] else "",
            opens=(action, name),
            hint=self.env._(hint),
        )

    @api.model
    def _describe_hour(self, figures):
        requests, p95 = figures["hour_requests"], figures["hour_p95"]
        share = 100 * figures["hour_arrived"] / requests if requests else None
        low = share is not None and share < 90
        yield self._figure(
            "success",
            self.env._("Success, 1 Hour"),
            "–" if share is None else f"{formatLang(self.env, share, digits=1)} %",
            level="warning" if low else "",
            opens=(LOG, "errors") if low else (LOG, "last_hour"),
            hint=self.env._("Requests of the last hour that InBoost accepted."),
        )
        yield self._figure(
            "p95",
            self.env._("Answered Within"),
            "–"
            if p95 is None
            else self.env._("%s s", formatLang(self.env, p95, digits=2)),
            opens=(LOG, "last_hour"),
            hint=self.env._(
                "95 of 100 requests of the last hour were answered sooner."
            ),
        )

    @api.model
    def _describe_secret(self, backend):
        if backend.secret_ends and backend.auth_kind != "none":
            yield self._figure(
                "secret_ends",
                self.env._("Secret Ends"),
                moment=backend.secret_ends,
                hint=self.env._("Enter a new one before, or nothing is sent."),
            )

    @api.model
    def _figure(
        self, name, label, value="–", *, moment=None, level="", opens=None, hint=""
    ):
        """:param moment: a time (UTC), shown as "5 minutes ago" instead of ``value``
        :param opens: (XML id of a list, its filter)"""
        return {
            "name": name,
            "label": label,
            "value": value,
            "moment": fields.Datetime.to_string(moment) if moment else False,
            "level": level,
            "action": opens[0] if opens else False,
            "filter": opens[1] if opens else False,
            "hint": hint,
        }

    @api.model
    def _count(self, number):
        limit = self.env["inboost.health.figures"]._get_limit()
        text = formatLang(self.env, min(number, limit), digits=0)
        return f"{text}+" if number > limit else text

    @api.model
    def _describe_jobs(self):
        """:return: list of dict, of our scheduled actions"""
        names = self.env["inboost.watch"]._get_cron_names()
        crons = [(name, self.env["inboost.watch"]._get_cron(name)) for name in names]
        return [
            {
                "name": (cron.name or names[name]).removeprefix("InBoost: "),
                "last": fields.Datetime.to_string(cron.lastcall) or False,
                "next": cron.active and fields.Datetime.to_string(cron.nextcall),
                "state": "missing" if not cron else "on" if cron.active else "off",
                "failures": cron.failure_count,
            }
            for name, cron in crons
        ]
