import json

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import formatLang

from ..lib.log_row import describe

STEPS = [
    ("portal", "Portal"),
    ("bonuses", "Bonuses"),
    ("webhooks", "Webhooks"),
    ("sending", "What Is Sent"),
    ("customers", "Customers"),
    ("history", "History"),
    ("live", "Go Live"),
]
#: What a test of the connection was about.
TESTED = {
    "address",
    "auth_kind",
    "auth_user",
    "auth_header",
    "auth_prefix",
    "secret_entry",
    "token_address",
    "token_scope",
}
#: What is sent to addresses of the portal's own.
SENT = ("purchase_details", "balance_set", "customer_upsert")
#: Characters of an answer that are shown.
SHOWN = 200
HISTORY_DAYS = 90


class InboostSetup(models.Model):
    """The first ten minutes of a backend, step by step. They can be left at any step
    and taken up again. Before the last one nothing is recorded, pulled or sent but the
    tests that somebody asks for."""

    _name = "inboost.setup"
    _description = "InBoost Setup"
    _inherits = {"inboost.backend": "backend_id"}

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="cascade", index=True
    )
    step = fields.Selection(STEPS, required=True, default="portal")
    test_state = fields.Selection(
        [("works", "Works"), ("fails", "Fails")], readonly=True, copy=False
    )
    test_answer = fields.Text(readonly=True, copy=False)
    webhook_ids = fields.One2many(
        "inboost.endpoint", compute="_compute_endpoints", readonly=False
    )
    sent_ids = fields.One2many(
        "inboost.endpoint", compute="_compute_endpoints", readonly=False
    )
    dry_run_id = fields.Many2one("inboost.sync.run", compute="_compute_dry_run_id")
    dry_run_ids = fields.One2many(
        "inboost.sync.run", string="Dry Runs", compute="_compute_dry_run_id"
    )
    dry_run_state = fields.Char(compute="_compute_dry_run_id")
    dry_run_reason = fields.Char(compute="_compute_dry_run_id")
    dry_run_progress = fields.Float(compute="_compute_dry_run_id")
    history = fields.Selection(
        [
            ("yes", "Yes, send what was bought in the last months, each purchase once"),
            ("no", "No, only what is bought from now on"),
        ],
        "Purchases from Before",
        compute="_compute_history",
        inverse="_inverse_history",
    )
    checklist = fields.Html(compute="_compute_checklist", sanitize=False)

    _backend_unique = models.Constraint("UNIQUE(backend_id)", "It is being set up.")

    # -- computes ------------------------------------------------------------------

    @api.depends("name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for setup in self:
            setup.display_name = self.env._("Setup of %s", setup.name or "InBoost")

    @api.depends("backend_id.endpoint_ids.kind")
    def _compute_endpoints(self):
        for setup in self:
            endpoints = setup.backend_id.endpoint_ids
            setup.webhook_ids = endpoints.filtered(lambda e: e.kind == "webhook")
            setup.sent_ids = endpoints.filtered(
                lambda e: e.kind == "api" and e.operation in SENT
            )

    @api.depends("backend_id.run_ids.state")
    @api.depends_context("lang")
    def _compute_dry_run_id(self):
        for setup in self:
            runs = setup.backend_id.run_ids.filtered("dry_run")
            setup.dry_run_id = setup.dry_run_ids = run = runs.sorted("id")[-1:]
            setup.dry_run_state = run.state
            setup.dry_run_reason = run.reason
            setup.dry_run_progress = run.progress

    @api.depends("backend_id.history_days")
    def _compute_history(self):
        for setup in self:
            setup.history = "yes" if setup.history_days else "no"

    def _inverse_history(self):
        for setup in self:
            days = setup.history_days or HISTORY_DAYS
            setup.history_days = days if setup.history == "yes" else 0

    @api.depends(
        "step", "test_state", "backend_id.program_ids", "backend_id.run_ids.state"
    )
    @api.depends_context("lang")
    def _compute_checklist(self):
        titles = self._fields["step"]._description_selection(self.env)
        for setup in self:
            found = setup._describe_steps()
            lines = Markup().join(
                Markup("<li><i class='fa fa-fw %s'></i> <b>%s</b>: %s</li>")
                % (
                    "fa-check text-success" if done else "fa-circle-o text-muted",
                    title,
                    text,
                )
                for (_name, title), (done, text) in zip(titles, found, strict=False)
            )
            setup.checklist = Markup("<ul class='list-unstyled mb-0'>%s</ul>") % lines

    def _describe_steps(self):
        """:return: list of (whether it is done, how it stands), of all steps but the
        last"""
        self.ensure_one()
        passed = [name for name, _title in STEPS].index(self.step)
        return [
            self._describe_portal(),
            self._describe_bonuses(),
            self._describe_webhooks(),
            (passed > 3, self._get_title("scope")),
            self._describe_customers(),
            (passed > 5, self._describe_history()),
        ]

    def _describe_portal(self):
        text = {
            "works": self.env._("%s answered", self.address),
            "fails": self.env._("%s refused the test", self.address),
        }.get(self.test_state, self.env._("%s was not tested yet", self.address))
        return self.test_state == "works", text

    def _describe_bonuses(self):
        names = ", ".join(self.program_ids.mapped("name"))
        nothing = self.env._("no program is chosen, so no points are sent")
        return bool(names), names or nothing

    def _describe_webhooks(self):
        wanted = self.webhook_ids.filtered("enabled")
        missing = wanted.filtered(lambda e: not e.has_address)
        if missing:
            names = ", ".join(missing.mapped("display_name"))
            return False, self.env._("nothing is sent without an address: %s", names)
        return True, ", ".join(wanted.mapped("display_name")) or self.env._("none")

    def _describe_customers(self):
        if not self.pull_customers:
            return True, self.env._("they are not synchronised")
        if self.dry_run_state == "done":
            return True, self.env._(
                "new contacts: %(new)s, linked: %(linked)s, questions: %(questions)s",
                new=self.dry_run_id.created_count,
                linked=self.dry_run_id.linked_count,
                questions=self.dry_run_id.conflict_count,
            )
        return False, self.env._(
            "nobody looked yet; they come once somebody presses Synchronise Now"
        )

    def _describe_history(self):
        if self.history_days:
            return self.env._("purchases of %s days are sent", self.history_days)
        return self.env._("only what is bought from now on")

    def _get_title(self, name):
        return dict(self._fields[name]._description_selection(self.env))[self[name]]

    # -- CRUD ----------------------------------------------------------------------

    def write(self, vals):
        own = dict(vals)
        for name in ("webhook_ids", "sent_ids"):
            if name in own:
                own["endpoint_ids"] = own.get("endpoint_ids", []) + own.pop(name)
        # At once: a secret belongs to the address that comes with it.
        of_backend = {n: own.pop(n) for n in [*own] if self._fields[n].inherited}
        if of_backend:
            self.backend_id.write(of_backend)
        if TESTED & of_backend.keys():
            own.update(test_state=False, test_answer=False)
        return super().write(own)

    # -- actions -------------------------------------------------------------------

    def action_next(self):
        self._move(1)

    def action_back(self):
        self._move(-1)

    def _move(self, by):
        self.ensure_one()
        names = [name for name, _title in STEPS]
        place = names.index(self.step) + by
        self.step = names[min(max(place, 0), len(names) - 1)]

    def action_test(self):
        """Ask InBoost who we are; what it answered stands on the screen."""
        self.ensure_one()
        self.check_access("write")
        connection = self.env["inboost.connection"]
        endpoint = self.backend_id._endpoint("connection_test")
        exchange = connection._exchange(endpoint)
        problem = connection._explain(endpoint, exchange)
        self.test_state = "fails" if problem else "works"
        self.test_answer = problem or self._word_answer(endpoint, exchange)

    def _word_answer(self, endpoint, exchange):
        answer = describe(exchange, endpoint._get_log_rules())["answer"] or ""
        return self.env._(
            "InBoost answered within %(seconds)s s and takes the secret. It says: "
            "%(answer)s",
            seconds=formatLang(self.env, max(exchange.duration, 0.01), digits=2),
            answer=self._in_words(answer)[:SHOWN],
        )

    @api.model
    def _in_words(self, answer):
        """Of an answer in JSON what it says, without its signs; another as it is."""
        try:
            said = json.loads(answer)
        except ValueError:
            return answer
        if not isinstance(said, dict):
            return answer
        return ", ".join(f"{name}: {value}" for name, value in said.items())

    def action_change_portal(self):
        return self.backend_id.action_change_portal()

    def action_keep_portal(self):
        return self.backend_id.action_keep_portal()

    def action_dry_run(self):
        return self.backend_id.action_dry_run()

    def action_go_live(self):
        """Connect, and have the customers come if somebody saw what would."""
        self.ensure_one()
        result = self.backend_id.action_connect()
        self.env["inboost.sync.run"]._trigger()
        result["params"]["next"] = self._open(self.backend_id, target="main")
        return result

    # -- ways in -------------------------------------------------------------------

    @api.model
    def _start(self):
        """:return: what opens the setup that was left, or a new one"""
        backend = self.env["inboost.backend"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("state", "=", "draft"),
                ("connected_since", "=", False),
            ],
            limit=1,
        )
        if backend:
            return self._resume(backend)
        return self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_setup_action"
        )

    @api.model
    def _resume(self, backend):
        """:return: what opens the setup of ``backend`` where it was left"""
        setup = self.search([("backend_id", "=", backend.id)])
        return self._open(setup or self.create({"backend_id": backend.id}))

    @api.model
    def _open(self, record, **values):
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
            **values,
        }


class InboostBackend(models.Model):
    _inherit = "inboost.backend"

    setup_ids = fields.One2many("inboost.setup", "backend_id", "Setups")
    setup_checklist = fields.Html("Setup", related="setup_ids.checklist")
