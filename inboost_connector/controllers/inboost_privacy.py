import json

from odoo import http
from odoo.http import content_disposition, request


class InboostPrivacy(http.Controller):
    """A person's data as a file, which is nowhere kept."""

    @http.route(
        "/inboost/personal_data/<int:partner_id>",
        type="http",
        auth="user",
        readonly=True,
    )
    def export(self, partner_id):
        partner = request.env["res.partner"].browse(partner_id).exists()
        privacy = request.env["inboost.privacy"]
        privacy._check_may_decide(partner)
        content = json.dumps(privacy._export(partner), indent=2, ensure_ascii=False)
        return request.make_response(
            content,
            [
                ("Content-Type", "application/json"),
                ("Cache-Control", "no-store"),
                (
                    "Content-Disposition",
                    content_disposition(f"inboost_{partner_id}.json"),
                ),
            ],
        )
