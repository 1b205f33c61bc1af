"""Crons that moved to other models, and ledger rows that were not sent."""

from odoo import SUPERUSER_ID, api

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
    env.cr.execute("SELECT id FROM inboost_bonus_move WHERE untold")
    env["inboost.capture.failure"].create(
        [
            {
                "what": "a change of points",
                "res_model": "inboost.bonus.move",
                "res_ids": [move_id],
                "method": "_capture_facts",
                "arguments": [],
            }
            for [move_id] in env.cr.fetchall()
        ]
    )
