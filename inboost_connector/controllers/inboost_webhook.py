from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..lib import door


class InboostWebhook(http.Controller):
    """Where InBoost announces what is new. What is wrong with a request is said to
    nobody but those who are let in."""

    @http.route(
        "/inboost/webhook/<int:backend_id>",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=door.MAX_BODY,
    )
    def announce(self, backend_id, **_parameters):
        received = request.httprequest
        if received.content_length is None:
            # It could be of any size.
            return self._answer(411)
        headers = {name.lower(): value for name, value in received.headers.items()}
        announcements = request.env(user=SUPERUSER_ID)["inboost.announcement"]
        return self._answer(
            *announcements._receive(backend_id, headers, received.get_data())
        )

    def _answer(self, status, text=""):
        headers = [("Content-Type", "text/plain"), ("Cache-Control", "no-store")]
        if status == 429:
            headers.append(("Retry-After", "30"))
        return request.make_response(text, headers, status=status)
