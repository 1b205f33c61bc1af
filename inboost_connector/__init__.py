from . import controllers, demo, models, wizards


def post_init_hook(env):
    """Points that there are already enter the ledger, and the setup is opened."""
    env["inboost.bonus.reconciliation"]._open_ledger()
    # Whoever activates it is led through the setup.
    first = env.ref("inboost_connector.inboost_setup_action_first")
    env["ir.actions.todo"].create({"name": first.name, "action_id": first.id})


def uninstall_hook(env):
    """What was sent cannot be known any more once this is installed again."""
    env["inboost.restoration"]._remember_portals()
