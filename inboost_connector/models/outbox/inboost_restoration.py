import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...lib import codes
from ...lib.operations import OPERATIONS

#: Portals that an earlier installation in this database sent to, as JSON.
PORTALS = "inboost_connector.portals"


class InboostRestoration(models.AbstractModel):
    """A database that was restored does not know what left since. What waits in it, or
    comes again, may have arrived: one decision of a person settles it all."""

    _name = "inboost.restoration"
    _description = "InBoost Restoration"

    @api.model
    def _begin(self, backend):
        """Called when ``backend`` connects: what happened before is unknown, if this is
        not where it was connected last."""
        backend._check_portal()
        if self._is_restored(backend):
            self._begin_doubt(backend)

    @api.model
    def _begin_doubt(self, backend):
        """From now on, what happened before is unknown."""
        backend.write({"doubt_before": fields.Datetime.now(), "doubt_decision": "ask"})
        self._hold(backend)

    @api.model
    def _is_restored(self, backend):
        if backend.connected_since:
            return backend.fingerprint != self._get_fingerprint()
        return codes.portal_name(backend.address) in self._get_portals()

    @api.model
    def _filter_moving(self, backends, address):
        """Those in use that ``address`` points at another portal."""
        portal = codes.portal_name(address or "")
        return backends.filtered(
            lambda backend: (
                backend.state != "draft"
                and codes.portal_name(backend.address) != portal
            )
        )

    @api.model
    def _get_fingerprint(self):
        """What tells this database from its copies: Odoo's uuid travels with a copy,
        the cluster's identifier and the database's own number do not; nor does that of
        our table when it was restored into the database that it came from."""
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        [(oid, name, system, table)] = self.env.execute_query(
            SQL(
                "SELECT d.oid, d.datname, c.system_identifier,"
                " 'inboost_event'::regclass::oid::bigint"
                " FROM pg_database d, pg_control_system() c"
                " WHERE d.datname = current_database()"
            )
        )
        text = f"{uuid}/{oid}/{name}/{system}/{table}"
        return hashlib.sha256(text.encode()).hexdigest()

    @api.model
    def _get_portals(self):
        text = self.env["ir.config_parameter"].sudo().get_param(PORTALS) or ""
        return text.split()

    @api.model
    def _remember_portals(self):
        """Before the addon goes: what was sent cannot be known once it is back."""
        backends = self.env["inboost.backend"].with_context(active_test=False)
        names = {
            codes.portal_name(backend.address)
            for backend in backends.search([("connected_since", "!=", False)])
        }
        self.env["ir.config_parameter"].sudo().set_param(
            PORTALS, " ".join(sorted(names | set(self._get_portals())))
        )

    @api.model
    def _hold(self, backend):
        """What waits and must not arrive twice is held."""
        self.env["inboost.event"].flush_model()
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_event e
                   SET state = 'held', reason_code = 'restored', reason_args = NULL,
                       lease = NULL, lease_until = NULL, next_try = NULL
                  FROM inboost_endpoint p
                 WHERE p.id = e.endpoint_id
                   AND p.guarantee = 'at_most_once'
                   AND e.backend_id = %s
                   AND e.state IN ('pending', 'parked', 'sending')
             RETURNING e.id
                """,
                backend.id,
            )
        )
        self.env["inboost.event"].invalidate_model()

    @api.model
    def _doubt(self, settings, entry):
        """Values of an event that may be in InBoost already; None for others.

        :param dict settings: see ``inboost.backend._get_recording``
        :param lib.capture.Capture entry: what is captured
        """
        before, decision = settings["doubt_before"], settings["doubt_decision"]
        _id, _shelf_life, at_most_once = settings["endpoints"][entry.operation]
        if not before or not at_most_once or entry.occurred_at >= before:
            return None
        if decision == "ask":
            return {"state": "held", "reason_code": "restored"}
        if decision == "delivered":
            return {"state": "done", "reason_code": "assumed"}
        return None

    # -- decision ------------------------------------------------------------------

    @api.model
    def _count(self, backend):
        return self.env["inboost.event"].search_count(self._get_domain(backend))

    @api.model
    def _get_domain(self, backend):
        return [
            ("backend_id", "=", backend.id),
            ("state", "=", "held"),
            ("reason_code", "=", "restored"),
        ]

    @api.model
    def _decide(self, backend, decision):
        """Settle what is unknown, and what comes again later.

        :param str decision: ``send`` or ``delivered``
        """
        backend.ensure_one()
        if backend.doubt_decision != "ask":
            raise UserError(self.env._("There is nothing to decide."))
        backend = backend.sudo()
        if decision == "send":
            self._park(backend)
        self.env["inboost.event"].flush_model()
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE inboost_event
                   SET state = %(state)s, reason_code = %(code)s, reason_args = NULL,
                       next_try = %(next_try)s, done_at = %(done_at)s,
                       queued_at = %(now)s, write_date = %(now)s
                 WHERE backend_id = %(backend)s
                   AND state = 'held'
                   AND reason_code = 'restored'
             RETURNING id
                """,
                state="pending" if decision == "send" else "done",
                code=None if decision == "send" else "assumed",
                next_try=now if decision == "send" else None,
                done_at=None if decision == "send" else now,
                now=now,
                backend=backend.id,
            )
        )
        self.env["inboost.event"].invalidate_model()
        backend.doubt_decision = decision
        backend.message_post(
            body=self.env._(
                "%(user)s decided about %(count)s events from before the restore: "
                "%(decision)s.",
                user=self.env.user.name,
                count=len(rows),
                decision=dict(
                    backend._fields["doubt_decision"]._description_selection(self.env)
                )[decision],
            )
        )
        self.env["inboost.event"]._release_parked()
        self.env["inboost.event"]._trigger_delivery()
        self.env["inboost.alarm"]._refresh(backend)
        return backend._notify(
            self.env._("%s events are settled.", len(rows)), "success"
        )

    @api.model
    def _park(self, backend):
        """What waited for a phone before goes on waiting for it."""
        events = self.env["inboost.event"].search(
            [*self._get_domain(backend), ("phone", "=", False)]
        )
        personal = [name for name, one in OPERATIONS.items() if one.personal]
        events.filtered_domain([("operation", "in", personal)])._queue()
