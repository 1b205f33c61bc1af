from odoo import api, fields, models
from odoo.tools import SQL

POLICIES = [
    ("fill", "Fill when empty"),
    ("overwrite", "Overwrite"),
    ("ignore", "Ignore"),
]


class InboostBackend(models.Model):
    """What an administrator settles about customers: when they are pulled, what of
    them is taken over, and whether a backend is about everybody."""

    _name = "inboost.backend"
    _inherit = ["inboost.backend", "inboost.incoming.mixin"]

    scope = fields.Selection(
        [("every", "Every customer"), ("linked", "Customers of InBoost only")],
        "Send Sales Of",
        required=True,
        default="every",
        help="Every customer: of everybody who has a valid phone. Customers of InBoost "
        "only: of contacts that are linked to a customer there. Purchases from before "
        "the link go as history.",
    )
    pull_customers = fields.Boolean(
        "Synchronise Customers",
        default=True,
        help="Customers of InBoost become contacts here.",
    )
    pull_interval = fields.Selection(
        [
            ("10", "10 minutes"),
            ("15", "15 minutes"),
            ("20", "20 minutes"),
            ("30", "30 minutes"),
        ],
        "Every",
        required=True,
        default="15",
    )
    pull_released = fields.Boolean(
        "First Synchronisation Released",
        copy=False,
        readonly=True,
        help="Customers are synchronised by themselves after somebody pressed "
        "Synchronise Now, or saw by a dry run what would happen.",
    )
    respect_opt_out = fields.Boolean(
        "Respect Opt-Outs",
        default=True,
        help="Who is on Odoo's list of phones that want no messages gets no webhook "
        "that starts campaigns: purchases and expiring bonuses. Purchase details and "
        "balances are sent all the same.",
    )
    run_ids = fields.One2many("inboost.sync.run", "backend_id")
    last_run_id = fields.Many2one(
        "inboost.sync.run",
        compute="_compute_last_run_id",
        string="Last Synchronisation",
    )
    last_run_state = fields.Char(compute="_compute_last_run_id")
    policy_name = fields.Selection(
        POLICIES,
        "First and Last Name",
        required=True,
        default="fill",
        help="First and last name are one thing: half of one name is never mixed with "
        "half of another.",
    )
    policy_phone = fields.Selection(
        POLICIES,
        "Phone",
        required=True,
        default="fill",
        help="Of a customer who was linked before and has another phone in InBoost.",
    )
    policy_email = fields.Selection(POLICIES, "Email", required=True, default="fill")
    policy_birthdate = fields.Selection(
        POLICIES, "Date of Birth", required=True, default="fill"
    )
    policy_source = fields.Selection(
        POLICIES, "Source of Acquisition", required=True, default="fill"
    )
    policy_specialty = fields.Selection(
        POLICIES, "Specialty", required=True, default="fill"
    )
    policy_lang = fields.Selection(
        POLICIES,
        "Language",
        required=True,
        default="fill",
        help="A contact has a language from the first day: filling sets it for new "
        "ones only.",
    )
    policy_barcode = fields.Selection(
        POLICIES,
        "Barcode",
        required=True,
        default="fill",
        help="Of the customer's card or bot: scanned or typed at the register, it "
        "finds them. A barcode that another contact has is left there.",
    )
    history_days = fields.Integer(
        "History (Days)",
        default=90,
        required=True,
        help="When a customer turns out to be in both systems, purchases of so many "
        "days are sent to the purchase details; never to the webhook, which would "
        "start campaigns for them.",
    )
    send_new_customers = fields.Boolean(
        compute="_compute_send_new_customers",
        inverse="_inverse_send_new_customers",
        help="Contacts who buy or have bonuses, have a valid phone and are no "
        "customers of InBoost yet are created there, each once. Switches the endpoint "
        "that does it.",
    )

    _history_bounded = models.Constraint(
        "CHECK(history_days BETWEEN 0 AND 110)",
        "Choose from 0 to 110 days of history: delivered events, which stop a "
        "purchase from going twice, may be deleted after 120.",
    )

    # -- computes ------------------------------------------------------------------

    @api.depends("run_ids", "state")
    @api.depends_context("lang")
    def _compute_last_run_id(self):
        newest = dict(
            self.env["inboost.sync.run"]._read_group(
                [("backend_id", "in", self.ids), ("dry_run", "=", False)],
                ["backend_id"],
                ["id:max"],
            )
        )
        states = dict(
            self.env["inboost.sync.run"]
            ._fields["state"]
            ._description_selection(self.env)
        )
        for backend in self:
            run = self.env["inboost.sync.run"].browse(newest.get(backend))
            waits = backend.state == "paused" and run and not run.finished_at
            backend.last_run_id = run
            backend.last_run_state = (
                self.env._("Waits for Connect") if waits else states.get(run.state)
            )

    def _compute_send_new_customers(self):
        for backend in self:
            backend.send_new_customers = backend._endpoint("customer_upsert").enabled

    def _inverse_send_new_customers(self):
        for backend in self:
            endpoint = backend._endpoint("customer_upsert")
            endpoint.enabled = backend.send_new_customers

    # -- CRUD ----------------------------------------------------------------------

    def write(self, vals):
        if vals.get("scope") == "every":
            # What was left out is history: no campaign starts for it.
            wider = self.filtered(
                lambda backend: backend.scope == "linked" and backend.connected_since
            )
            wider.sudo().write({"connected_since": fields.Datetime.now()})
        if vals.get("state") == "draft":
            # Another portal: a first synchronisation of its own.
            vals = {**vals, "pull_released": False}
        return super().write(vals)

    # -- actions -------------------------------------------------------------------

    def action_synchronise(self):
        """Pull the customers now."""
        return self.env["inboost.sync.run"]._queue_and_show(self, dry_run=False)

    def action_dry_run(self):
        """Show what a synchronisation would do."""
        return self.env["inboost.sync.run"]._queue_and_show(self, dry_run=True)

    def action_view_runs(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_sync_run_action"
        )
        action["domain"] = [("backend_id", "=", self.id)]
        return action

    def action_send_history(self):
        """For all linked customers; nothing goes twice."""
        self.ensure_one()
        self.check_access("write")
        # A million of them make no records.
        self.env["inboost.customer"].flush_model(["partner_id", "history_state"])
        self.env.execute_query(
            SQL(
                "UPDATE inboost_customer SET history_state = 'waiting'"
                " WHERE backend_id = %s AND partner_id IS NOT NULL"
                " AND state <> 'ignored'",
                self.id,
            )
        )
        self.env["inboost.customer"].invalidate_model(["history_state"])
        self.env["inboost.customer.history"]._trigger()
        return self._notify(
            self.env._("The history of all linked customers is being looked through."),
            "success",
        )

    # -- scope: customers who are linked -------------------------------------------

    def _filter_about(self, partners):
        about = super()._filter_about(partners)
        is_narrow = self._get_recording()["scope"] == "linked"
        if not is_narrow:
            return about
        return self.env["inboost.customer"]._filter_linked(self, about)

    @api.model
    def _get_recording_fields(self):
        return super()._get_recording_fields() | {
            *("scope", "respect_opt_out", "incoming_open", "incoming_token"),
            *("incoming_secret", "incoming_next_secret"),
        }

    def _prepare_recording(self):
        return {
            **super()._prepare_recording(),
            "scope": self.scope,
            "respect_opt_out": self.respect_opt_out,
        }

    def _about_phone_sql(self, phone):
        if self.scope == "every":
            return super()._about_phone_sql(phone)
        return SQL(
            """EXISTS (
                SELECT FROM inboost_customer l
                  JOIN res_partner known ON known.id = l.partner_id
                 WHERE l.backend_id = %s
                   AND l.state <> 'ignored'
                   AND known.phone_sanitized = %s)""",
            self.id,
            phone,
        )

    def _about_document_sql(self, partner, moment):
        if self.scope == "every":
            return super()._about_document_sql(partner, moment)
        return SQL(
            """EXISTS (
                SELECT FROM inboost_customer l
                 WHERE l.backend_id = %s
                   AND l.partner_id = %s
                   AND l.create_date <= %s)""",
            self.id,
            partner,
            moment,
        )

    # -- consent -------------------------------------------------------------------

    def _filter_marketable(self, partners):
        """Those of ``partners`` who may get what starts campaigns."""
        partners = super()._filter_marketable(partners)
        if not self.respect_opt_out:
            return partners
        return self.env["inboost.customer.consent"]._filter_opted_in(partners)

    # -- offer ---------------------------------------------------------------------

    def _prepare_customer(self, partner):
        """A customer whom InBoost does not have is offered before their purchase."""
        if "customer_upsert" not in self._get_recording()["endpoints"]:
            return
        self.env["inboost.customer.offer"]._offer(self, partner)
