# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import json
import random
from datetime import timedelta
from uuid import UUID

from psycopg2.extras import Json

from odoo import fields, models
from odoo.tools import SQL

from .inboost_demo import INBOOST_IDS

#: What became of the newest events: (state, reason, its arguments).
FATES = [
    ("held", "connection_lost", {}),
    ("failed", "refused", {"text": "Невідомий товар: LYPA-50"}),
    ("pending", "busy", {"status": 503}),
    ("held", "timeout", {}),
    ("failed", "http_status", {"status": 400, "text": "date: невірний формат"}),
]


class InboostDemo(models.AbstractModel):
    """What became of the sales of the demo shop, and what waits for somebody."""

    _inherit = "inboost.demo"

    # -- events --------------------------------------------------------------------

    def _find_unsent(self, backend, after=0):
        """Events after id ``after`` that could go."""
        return self.env["inboost.event"].search(
            [
                ("backend_id", "=", backend.id),
                ("state", "=", "pending"),
                ("id", ">", after),
            ]
        )

    def _deliver(self, events):
        """They have gone, and the log has those of the last weeks."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE inboost_event
                   SET state = 'done', attempts = 1, next_try = NULL,
                       sent = CASE WHEN operation = 'balance_set' THEN fact END,
                       done_at = occurred_at + interval '1 second'
                 WHERE id = ANY(%s)
                """,
                events.ids,
            )
        )
        self.env.invalidate_all()
        recent = fields.Datetime.subtract(fields.Datetime.now(), days=20)
        for event in events.sorted("occurred_at").filtered(
            lambda e: e.occurred_at > recent
        ):
            self._log(event, "done", 200, '{"success": true}')
        events.endpoint_id.write({"proven": True, "last_answer": "200"})

    def _log(self, event, verdict, status, answer, error=False):
        backend = event.backend_id
        path = (event.endpoint_id.address or "").removeprefix(backend.address)
        if event.endpoint_id.kind == "webhook":
            path = "/api/webhok/…/"
        chance = random.Random(event.id)  # nosec B311
        log = self.env["inboost.request.log"].create(
            {
                "backend_id": backend.id,
                "operation": event.operation,
                "event_id": event.id,
                "event_uuid": event.event_id,
                "verdict": verdict,
                "method": "POST",
                "url": f"{backend.address}{path}",
                "request_headers": json.dumps({"Authorization": "…"}, indent=2),
                "request_body": event.body_text,
                "status": status,
                "answer": answer,
                "reason_code": error and "connection_lost",
                "error": error,
                "duration": round(chance.uniform(0.06, 0.4), 3),
                "attempt": event.attempts,
            }
        )
        self._put(log, create_date=event.done_at or event.occurred_at)

    def _go_wrong(self, backend):
        """Of the newest purchases: held, failed, pending, cancelled, expired."""
        purchases = self.env["inboost.event"].search(
            [
                ("backend_id", "=", backend.id),
                ("operation", "in", ("purchase", "purchase_details")),
                ("state", "=", "done"),
            ],
            order="occurred_at DESC, id",
            limit=8,
        )
        webhook = self.env["inboost.event"].search(
            [
                ("operation", "=", "purchase"),
                ("state", "=", "done"),
                ("occurred_at", "<", self._ago(days=4)),
            ],
            order="occurred_at DESC",
            limit=1,
        )
        for event, (state, code, arguments) in zip(purchases, FATES, strict=False):
            self._put(
                event,
                state=state,
                reason_code=code,
                reason_args=Json(arguments),
                done_at=None,
                next_try=self._ago(minutes=-4) if state == "pending" else None,
            )
            event.log_ids.unlink()
            verdict = {"held": "unknown", "pending": "retry"}.get(state, state)
            status = arguments.get("status", 0 if state == "held" else 200)
            words = arguments.get("text", "Service Unavailable")
            answer = json.dumps(
                {"success": False, "errors": [words]}, ensure_ascii=False
            )
            error = (
                not status
                and "Connection lost: Remote end closed connection without response"
            )
            self._log(event, verdict, status, status and answer, error=error)
        self._cancel(purchases[6])
        self._stop_duplicate(purchases[7])
        self._expire(webhook)

    def _cancel(self, event):
        self._put(event, state="cancelled", done_at=None)
        self.env["inboost.event.decision"].create(
            {
                "event_id": event.id,
                "user_id": self.env.uid,
                "action": "cancel",
                "state_before": "failed",
            }
        )

    def _expire(self, event):
        """Of a register that was without a network for days."""
        event.log_ids.unlink()
        reason = {"reason_code": "too_old", "reason_args": Json({"days": 3})}
        self._put(event, state="expired", done_at=None, attempts=0, **reason)

    def _stop_duplicate(self, event):
        self.env["inboost.request.log"]._record_duplicates(
            event.backend_id,
            [(event.operation, event.key)],
            "paid_again",
        )

    def _sum_up(self, backend):
        """The charts of the last week."""
        traffic = self.env["inboost.traffic"]
        traffic.search([("backend_id", "=", backend.id)]).unlink()
        begin, end = (
            self._ago(**ago).replace(minute=0, second=0, microsecond=0)
            for ago in ({"days": 8}, {"hours": 1})
        )
        traffic._sum_up_between(backend, begin, end)

    def _make_up_for_waiting(self):
        """Points that an administrator gave by hand."""
        owner = self._ref("demo_customer_9")
        card = self.env["loyalty.card"].search([("partner_id", "=", owner.id)], limit=1)
        change = {
            "card_id": card.id,
            "new_balance": card.points + 20,
            "description": "Вибачення за довге чекання",
        }
        with self._at(self._ago(hours=18)):
            self.env["loyalty.card.update.balance"].create(
                change
            ).action_update_card_point()

    # -- customers -----------------------------------------------------------------

    def _synchronise(self, backend):
        """Runs: a dry run, the first one, one that failed, those of the last days."""
        wrong = ("answer_too_large", None)
        for days, state, counts, reason in (
            (91, "done", {"dry_run": True, "created_count": 24}, None),
            (91, "done", {"created_count": 18, "linked_count": 6}, None),
            (2, "failed", {"read_count": 0}, wrong),
            (1, "done", {"updated_count": 1, "unchanged_count": 23}, None),
            (0, "done", {"conflict_count": 2, "error_count": 1}, None),
        ):
            run = self.env["inboost.sync.run"].create(
                {
                    "backend_id": backend.id,
                    "total_count": 27,
                    "read_count": 27,
                    **counts,
                }
            )
            began = self._ago(days=days, minutes=25)
            self._put(
                run,
                state=state,
                page_count=1,
                reason_code=reason and reason[0],
                create_date=began,
                started_at=began,
                finished_at=began + timedelta(seconds=2),
            )
        self._report_lines(run)

    def _report_lines(self, run):
        """What the newest run says of single rows."""
        for number, kind, name, notes in (
            (4, "conflict", "demo_customer_4", []),
            (9, "updated", "demo_customer_9", [["changed", {
                "field": "email", "value": "solomiia@example.com"}]]),
            (11, "conflict", "demo_customer_moved", []),
            (26, "error", None, [["invalid_phone", {"value": "067 12"}]]),
        ):  # fmt: skip
            partner = self._ref(name) if name else self.env["res.partner"]
            self.env["inboost.sync.line"].create(
                {
                    "run_id": run.id,
                    "number": number,
                    "kind": kind,
                    "inboost_id": INBOOST_IDS[number % len(INBOOST_IDS)],
                    "phone": partner.phone_sanitized,
                    "partner_id": partner.id,
                    "notes": notes,
                    "received": {
                        "userName": partner.firstname or "Оксана",
                        "lastName": partner.lastname or "Гончар",
                        "userPhoneNumber": partner.phone_sanitized or "067 12",
                    },
                }
            )

    def _ask(self, backend):
        """Two customers about whom somebody has to decide."""
        first = self._ref("demo_customer_4")
        self._put(
            first.inboost_customer_ids,
            state="conflict",
            question=f"contacts:{first.phone_sanitized}",
            reason_code="contacts",
            reason_args=Json(
                {"count": 2, "phone": first.phone_sanitized, "contact": first.name}
            ),
        )
        moved = self._ref("demo_customer_moved")
        link = self._link(
            backend,
            moved,
            str(UUID(int=14, version=4)),
            state="conflict",
            phone="+380507001099",
        )
        self._put(
            link,
            question=f"phone:{link.phone}",
            reason_code="phone",
            reason_args=Json({"here": moved.phone_sanitized, "there": link.phone}),
        )
