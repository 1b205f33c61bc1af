import json

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request
from odoo.tools import consteq

try:
    import prometheus_client
except ImportError:
    prometheus_client = None

TEXT = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]
JSON = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


class InboostHealth(http.Controller):
    """How it goes, for machines: with a token, in a header, where no log has it."""

    @http.route(
        "/inboost/health",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        readonly=True,
    )
    def health(self):
        """503 as long as something is due and nothing sends it."""
        if refusal := self._refuse():
            return refusal
        report = request.env["inboost.monitor"].sudo()._report()
        status = 200 if report["ok"] else 503
        return request.make_response(json.dumps(report), JSON, status=status)

    @http.route(
        "/inboost/metrics",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        readonly=True,
    )
    def metrics(self):
        if refusal := self._refuse():
            return refusal
        if prometheus_client is None:
            text = "prometheus_client is not installed: pip install prometheus_client\n"
            return request.make_response(text, TEXT, status=501)
        monitor = request.env["inboost.monitor"].sudo()
        registry = prometheus_client.CollectorRegistry()
        for name, about, labels, rows in monitor._find_metrics():
            gauge = prometheus_client.Gauge(name, about, labels, registry=registry)
            for values, number in rows:
                (gauge.labels(*values) if labels else gauge).set(number)
        content = prometheus_client.generate_latest(registry)
        headers = [("Content-Type", prometheus_client.CONTENT_TYPE_LATEST), TEXT[1]]
        return request.make_response(content, headers)

    def _refuse(self):
        """:return: the answer to who has no token; None for who has it"""
        token = request.env["inboost.monitor"].sudo()._get_token()
        if not token:
            # Nobody asked for it: there is nothing here.
            return request.not_found()
        given = request.httprequest.headers.get("Authorization", "")
        scheme, _blank, given = given.partition(" ")
        if scheme.lower() == "bearer" and consteq(given.strip(), token):
            return None
        headers = [*TEXT, ("WWW-Authenticate", "Bearer")]
        return request.make_response("A token is needed.\n", headers, status=401)

    @http.route("/inboost/support/<int:backend_id>", type="http", auth="user")
    def support(self, backend_id):
        backend = request.env["inboost.backend"].browse(backend_id).exists()
        try:
            content = request.env["inboost.support"]._build(backend)
        except AccessError as error:
            return request.make_response(str(error), TEXT, status=403)
        name = f"inboost_support_{backend_id}.zip"
        return request.make_response(
            content,
            [
                ("Content-Type", "application/zip"),
                ("Cache-Control", "no-store"),
                ("Content-Disposition", content_disposition(name)),
            ],
        )
