"""What moved to other models and fields, and settings that are new."""

import hashlib

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL, html2plaintext
from odoo.tools.sql import column_exists

from odoo.addons.inboost_connector.lib import codes, redact

#: Messages that are read at once.
BATCH = 1000
#: XML id of a cron -> the model and the code that it runs now. Crons are not updated
#: with the module, since people change when they run.
CRONS = {
    "ir_cron_deliver": ("inboost.delivery", "model._cron_deliver()"),
    "ir_cron_bonus_reconcile": ("inboost.bonus.reconciliation", "model._cron_prove()"),
    "ir_cron_bonus_burn": ("inboost.bonus.expiry", "model._cron_burn()"),
    "ir_cron_bonus_notice": ("inboost.bonus.notice", "model._cron_notify()"),
    "ir_cron_history": ("inboost.customer.history", "model._cron_history()"),
}


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _move_crons(env)
    _look_hourly(env)
    _keep_unsent(env)
    _keep_reasons(env)
    _release_pulls(env)
    _keep_decisions(env)
    _set_answers(env)
    # Operations that are new.
    backends = env["inboost.backend"].with_context(active_test=False)
    env["inboost.endpoint"]._create_missing(backends.search([]))
    _keep_connected(env)
    _keep_portals(env)
    _forget_addresses(env)
    # In which shop what is known from before happened.
    env["inboost.event"]._fill_shops()


def _move_crons(env):
    for name, (model, code) in CRONS.items():
        cron = env.ref(f"inboost_connector.{name}", raise_if_not_found=False)
        if cron:
            cron.write({"model_id": env["ir.model"]._get_id(model), "code": code})


def _look_hourly(env):
    """The notice has an hour of its own now; the job only looks whether it is due."""
    cron = env.ref("inboost_connector.ir_cron_bonus_notice", raise_if_not_found=False)
    if cron and (cron.interval_number, cron.interval_type) == (1, "days"):
        cron.write({"interval_type": "hours"})


def _keep_unsent(env):
    """Rows of the ledger whose facts were not sent wait as missed captures now."""
    env.cr.execute(
        "SELECT 1 FROM information_schema.columns"
        " WHERE table_name = 'inboost_bonus_move' AND column_name = 'untold'"
    )
    if not env.cr.fetchone():
        return
    env.cr.execute("SELECT id, company_id FROM inboost_bonus_move WHERE untold")
    env["inboost.capture.failure"].create(
        [
            {
                "what": "a change of points",
                "company_id": company_id,
                "res_model": "inboost.bonus.move",
                "res_ids": [move_id],
                "method": "_capture_facts",
                "arguments": [],
            }
            for move_id, company_id in env.cr.fetchall()
        ]
    )


def _keep_reasons(env):
    """Reasons were texts, and are codes with arguments now; those that are there keep
    their words."""
    for table, text, target in (
        ("inboost_customer", "reason", "reason_code = 'text', reason_args = %s"),
        ("inboost_sync_run", "reason", "reason_code = 'text', reason_args = %s"),
        (
            "inboost_sync_line",
            "text",
            "notes = jsonb_build_array(jsonb_build_array('text', %s))",
        ),
    ):
        if not column_exists(env.cr, table, text):
            continue
        column = SQL("jsonb_build_object('text', %s)", SQL.identifier(text))
        env.cr.execute(
            SQL(
                "UPDATE %s SET %s WHERE %s IS NOT NULL",
                SQL.identifier(table),
                SQL(target, column),
                SQL.identifier(text),
            )
        )
        # Odoo leaves the columns of what is computed now.
        env.cr.execute(
            SQL(
                "ALTER TABLE %s DROP COLUMN %s",
                SQL.identifier(table),
                SQL.identifier(text),
            )
        )


def _release_pulls(env):
    """Where customers were synchronised before, nobody has to be asked again."""
    env.cr.execute(
        "UPDATE inboost_backend SET pull_released = TRUE WHERE id IN"
        " (SELECT backend_id FROM inboost_sync_run WHERE state = 'done')"
    )


def _keep_decisions(env):
    """What people decided about events stood in a chatter of each."""
    Message = env["mail.message"]
    while messages := Message.search([("model", "=", "inboost.event")], limit=BATCH):
        env.cr.execute_values(
            "INSERT INTO inboost_event_decision"
            " (event_id, user_id, action, note, create_uid, create_date)"
            " SELECT e.id, v.user_id, 'note', v.note, v.user_id, v.date"
            " FROM (VALUES %s) AS v(event_id, user_id, note, date)"
            " JOIN inboost_event e ON e.id = v.event_id ORDER BY v.date",
            [
                (
                    message.res_id,
                    message.create_uid.id or SUPERUSER_ID,
                    html2plaintext(message.body).strip(),
                    message.date,
                )
                for message in messages
            ],
        )
        messages.unlink()
    env["mail.followers"].search([("res_model", "=", "inboost.event")]).unlink()


def _set_answers(env):
    """What an answer means is a setting of the endpoint now; what an administrator
    chose stays."""
    names = ("failure_path", "text_path", "not_found", "conflict", "web_page")
    for endpoint in env["inboost.endpoint"].search([]):
        shipped = endpoint._prepare_default_values(endpoint.operation)
        values = {name: shipped[name] for name in names}
        values["shelf_life_days"] = shipped["shelf_life_days"]
        if endpoint.operation == "purchase_details":
            # The task says once, and nobody attests that InBoost drops repeats.
            values["guarantee"] = "at_most_once"
        endpoint.write(values)
    env["inboost.endpoint"].flush_model()
    env.cr.execute(
        "UPDATE inboost_endpoint p SET proven = TRUE"
        " WHERE EXISTS (SELECT FROM inboost_event e"
        " WHERE e.endpoint_id = p.id AND e.state = 'done')"
        " OR (p.backend_id, p.operation) IN (SELECT backend_id, operation"
        " FROM inboost_request_log WHERE status BETWEEN 200 AND 299)"
    )
    env["inboost.endpoint"].invalidate_model()


def _forget_addresses(env):
    """The address of a webhook is a secret: it was tracked, and stood in texts."""
    env.cr.execute(
        """
        DELETE FROM mail_tracking_value v
         USING mail_message m, ir_model_fields f
         WHERE m.id = v.mail_message_id
           AND m.model = 'inboost.endpoint'
           AND f.id = v.field_id
           AND f.name = 'address'
        """
    )
    webhooks = env["inboost.endpoint"].search(
        [("kind", "=", "webhook"), ("address", "!=", False)]
    )
    for address in set(webhooks.mapped("address")):
        shown = redact.url(address)
        for table, column in (
            ("mail_message", "body"),
            ("inboost_request_log", "url"),
            ("inboost_request_log", "error"),
            ("inboost_request_log", "answer"),
            ("inboost_endpoint", "last_answer"),
        ):
            name = SQL.identifier(column)
            env.cr.execute(
                SQL(
                    "UPDATE %(table)s"
                    " SET %(name)s = replace(%(name)s, %(old)s, %(new)s)"
                    " WHERE strpos(%(name)s, %(old)s) > 0",
                    table=SQL.identifier(table),
                    name=name,
                    old=address,
                    new=shown,
                )
            )


def _keep_connected(env):
    """The fingerprint tells more than before; a database that is the one that was
    connected stays so."""
    uuid = env["ir.config_parameter"].get_param("database.uuid")
    [(oid, name, system)] = env.execute_query(
        SQL(
            "SELECT d.oid, d.datname, c.system_identifier"
            " FROM pg_database d, pg_control_system() c"
            " WHERE d.datname = current_database()"
        )
    )
    before = hashlib.sha256(f"{uuid}/{oid}/{name}/{system}".encode()).hexdigest()
    backends = env["inboost.backend"].with_context(active_test=False)
    found = backends.search([("fingerprint", "=", before)])
    found.fingerprint = env["inboost.restoration"]._get_fingerprint()


def _keep_portals(env):
    """Which portal was connected, so that another one is noticed."""
    backends = env["inboost.backend"].with_context(active_test=False)
    for backend in backends.search([("connected_since", "!=", False)]):
        backend.connected_portal = codes.portal_name(backend.address)
