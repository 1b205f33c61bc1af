from odoo import api, fields, models

from ...lib.operations import EXPRESSIONS


class InboostPreviewMixin(models.AbstractModel):
    """An operation as a person sees it who sets it up: what it would send, what is
    wrong with it, what a server answers, and how well it is known."""

    _name = "inboost.preview.mixin"
    _description = "InBoost Preview"

    known = fields.Selection(
        [
            ("attested", "Several sources"),
            ("weak", "One source"),
            ("assumed", "Assumed"),
            ("confirmed", "Confirmed"),
        ],
        "Known From",
        readonly=True,
        tracking=True,
        help="How well the shipped default is known: InBoost publishes no reference. "
        "Ask InBoost about what is assumed, and correct it here.",
    )
    sample_event_id = fields.Many2one(
        "inboost.event",
        "Real Record",
        copy=False,
        ondelete="set null",
        domain="[('endpoint_id', '=', id)]",
        help="Shows what is sent for an event of yours. Empty: for the sample.",
    )
    sample_fact = fields.Text("Input", compute="_compute_preview", compute_sudo=True)
    preview = fields.Text(
        "Request",
        compute="_compute_preview",
        compute_sudo=True,
        help="What would be sent, with secrets as dots.",
    )
    warnings = fields.Text(compute="_compute_preview", compute_sudo=True)
    problems = fields.Json(
        compute="_compute_problems",
        help="What is wrong with expressions: {field: {text, position from 0}}.",
    )
    functions_help = fields.Html(compute="_compute_functions_help", sanitize=False)
    last_answer = fields.Text(readonly=True, copy=False)

    @api.depends(
        *("operation", "kind", "authorised", "method", "body_format"),
        *("address", "address_entry"),
        *("query", "headers", "body", "row_map", "paging", "sample_event_id"),
        *("batch_size", "batch_body"),
        *("backend_id.address", "backend_id.phone_style", "backend_id.auth_kind"),
    )
    def _compute_preview(self):
        mappings = self.env["inboost.mapping"]
        for endpoint in self:
            endpoint._take_typed_address()
            endpoint.sample_fact = mappings._show_input(endpoint)
            endpoint.preview = mappings._show_request(endpoint)
            endpoint.warnings = "\n".join(mappings._find_warnings(endpoint))

    @api.depends(*EXPRESSIONS)
    def _compute_problems(self):
        for endpoint in self:
            endpoint.problems = self.env["inboost.mapping"]._find_problems(endpoint)

    def _compute_functions_help(self):
        self.functions_help = self.env["inboost.mapping"]._describe_functions()

    def action_confirm(self):
        """An administrator knows now that this is how InBoost wants it."""
        self.check_access("write")
        self.known = "confirmed"

    def action_send_sample(self):
        """Send it for real, and show the answer and what is made of it beside it."""
        self.ensure_one()
        self.check_access("write")
        values, envelope = self.env["inboost.mapping"]._prepare_input(self)
        result = self.env["inboost.connection"]._exchange(self, values, **envelope)
        self.last_answer = self.env["inboost.mapping"]._show_answer(self, result)
        problem = self.env["inboost.connection"]._explain(self, result)
        return self.backend_id._notify(
            problem or self.env._("The sample was accepted."),
            "danger" if problem else "success",
        )
