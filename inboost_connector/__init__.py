from . import controllers, demo, models, wizards


def post_init_hook(env):
    """Points that there are already enter the ledger."""
    env["inboost.bonus.reconciliation"]._open_ledger()


def uninstall_hook(env):
    """What was sent cannot be known any more once this is installed again."""
    env["inboost.restoration"]._remember_portals()
