"""What the benchmarks know of the connector's own names; runs inside a worker."""

#: Facts that the outbox still has to deliver.
WAITING = "state IN ('pending', 'sending')"
ADDON = "inboost_connector"


def connect(env, url):
    """A connected backend with all its endpoints at ``url``. To be called again in
    each copy of a database, which would not send otherwise."""
    backend = env["inboost.backend"].search([], limit=1)
    if not backend:
        backend = backend.create({"name": "Benchmark", "address": url})
    backend.write({"address": url, "secret_entry": "benchmark"})
    for endpoint in backend.endpoint_ids:
        if endpoint.kind == "webhook":
            endpoint.address_entry = f"{url}/hook/{endpoint.operation}"
    backend.program_ids = env["loyalty.program"].search([("name", "=", "Bonuses")])
    backend.notice_hour = 0
    if backend.is_moved:
        backend.action_keep_portal()
    backend._connect()
    # Odoo's own scheduled actions would only add noise.
    env.cr.execute(
        "UPDATE ir_cron SET active = FALSE WHERE id NOT IN (SELECT res_id"
        " FROM ir_model_data WHERE model = 'ir.cron' AND module LIKE 'inboost%')"
    )
    env.cr.execute("DELETE FROM ir_cron_trigger")


def run_cron(env, name):
    """Run one of our scheduled actions once, as Odoo's scheduler does."""
    outcome = env.ref(f"{ADDON}.{name}").sudo().method_direct_trigger()
    if outcome is not True:
        raise RuntimeError(outcome["params"]["data"]["message"])


def run_cron_until(env, name, remaining):
    """Run it again and again until ``remaining``, a statement, counts nothing."""

    def left():
        env.cr.rollback()
        env.cr.execute(remaining)
        found = env.cr.fetchone()
        return found[0] if found else 0

    before = left()
    while before:
        run_cron(env, name)
        now = left()
        if now >= before:
            raise RuntimeError(f"{name} does not come forward: {now} remain")
        before = now


def deliver(env):
    """All that waits in the outbox."""
    remaining = f"SELECT count(*) FROM inboost_event WHERE {WAITING}"
    run_cron_until(env, "ir_cron_deliver", remaining)


def queue_pull(env):
    """:return: the id of a synchronisation that the next turn of its cron works on"""
    return env["inboost.backend"].search([], limit=1).action_synchronise()["res_id"]


def trigger_delivery(env):
    """As a capture does: to be committed."""
    env.ref(f"{ADDON}.ir_cron_deliver").sudo()._trigger()


def balance(env, phone):
    backend = env["inboost.backend"].search([], limit=1)
    return env["inboost.bonus.balance"]._read_amounts(backend, [phone])[phone]


def lots(env):
    """:return: how many lots the cards of the backend's programs have"""
    programs = env["inboost.backend"].search([], limit=1).program_ids
    return sum(count for *_, count in env["inboost.bonus.lots"]._sum_by_day(programs))
