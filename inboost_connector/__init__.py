from . import controllers, models, wizards


def post_init_hook(env):
    """Points that there are already enter the ledger."""
    env["inboost.bonus.reconciliation"]._open_ledger()
