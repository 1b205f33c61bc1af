"""From 19.0.1.0.0 to this checkout: nothing is lost, doubled or sent twice."""

import re
from contextlib import suppress

import cluster
import pytest
from workspace import LOGS

from tests.support.dumps import ServerOf
from tests.support.odoo_server import wait_until
from tests.support.orders import PRELUDE
from tests.upgrade import changes, old_data
from tests.upgrade.old_version import OldVersion
from tests.upgrade.snapshot import Snapshot, doubled

DATABASE = "upgrade"
STATES = "parked pending sending done held failed cancelled superseded".split()


@pytest.fixture(scope="module")
def before(inboost, tmp_path_factory):
    """The database as 19.0.1.0.0 left it."""
    old = OldVersion(tmp_path_factory.mktemp("old_addons"))
    cluster.copy(old.template(), DATABASE)
    assert "filled-ok" in old.shell(DATABASE, old_data.script(inboost))
    yield Snapshot(DATABASE)
    cluster.drop(DATABASE)


@pytest.fixture(scope="module")
def after(before):
    cluster.odoo(DATABASE, "-u", "inboost_connector", log="upgrade.update.log")
    return Snapshot(DATABASE)


@pytest.fixture(scope="module")
def shop(after):
    server = ServerOf(DATABASE)
    server.start()
    yield server
    server.stop()


# -- before --------------------------------------------------------------------------


def test_the_old_database_has_every_state(before):
    def values(table, column):
        return {row[column] for row in before.tables[table].values()}

    assert values("inboost_event", "state") == set(STATES)
    assert values("inboost_customer", "state") == {"linked", "conflict", "ignored"}
    assert values("inboost_customer", "history_state") == {"none", "waiting", "done"}
    assert len(values("inboost_bonus_move", "kind")) == 6
    assert values("inboost_bonus_move", "untold") == {True, None}
    assert values("inboost_backend", "state") == {"draft", "connected", "paused"}
    assert len(values("inboost_sync_run", "state")) == 5
    assert len(values("inboost_sync_line", "kind")) == 6
    empty = {table for table, rows in before.tables.items() if not rows}
    assert empty == set()


# -- what is there afterwards --------------------------------------------------------


def test_every_row_and_value_is_kept(before, after):
    found = sorted(set(differences(before, after)))
    assert not found, "\n".join(found[:50])


def differences(before, after):
    found = []
    for table, rows in before.tables.items():
        now = after.tables[changes.RENAMED_TABLES.get(table, table)]
        found += [
            f"{table} {key} is gone"
            for key in rows.keys() - now.keys()
            if not moved(table, rows[key])
        ]
        if table not in changes.NEW_ROWS:
            found += [f"{table} {key} is new" for key in now.keys() - rows.keys()]
        for key in rows.keys() & now.keys():
            found += changed(table, rows[key], now[key])
    return found


def moved(table, row):
    column, value = changes.MOVED_ROWS.get(table, (None, None))
    return column is not None and row[column] == value


def changed(table, row, now):
    for column, value in row.items():
        place = (table, column)
        if place in changes.GONE_COLUMNS or place in changes.CHANGED_VALUES:
            continue
        convert = changes.CONVERTED.get(place)
        expected = convert(row) if convert else {column: value}
        for name, value in expected.items():
            if name not in now:
                yield f"{table}.{name} is gone"
            elif now[name] != value:
                yield f"{table} {row.get('id')} {name}: {value!r} is now {now[name]!r}"


def test_what_people_decided_is_kept_with_who_and_when(before, after):
    texts = {
        re.sub("<[^<>]*>", "", message["body"]): (
            message["res_id"],
            message["create_uid"],
            message["date"],
        )
        for message in before.tables["messages"].values()
        if message["model"] == "inboost.event"
    }
    decisions = {
        row["note"]: (row["event_id"], row["user_id"], row["create_date"])
        for row in after.tables["inboost_event_decision"].values()
    }
    assert len(texts) == 3
    assert decisions == texts


def test_points_that_were_not_sent_are_missed_captures(before, after):
    unsent = [
        [key]
        for key, row in before.tables["inboost_bonus_move"].items()
        if row["untold"]
    ]
    missed = after.tables["inboost_capture_failure"].values()
    assert [row["res_ids"] for row in missed] == unsent
    assert {row["res_model"] for row in missed} == {"inboost.bonus.move"}


def test_events_are_of_the_shop_that_sold(after):
    def shops(model, *columns):
        rows = after.tables["inboost_event"].values()
        found = [row for row in rows if row["res_model"] == model]
        assert found
        return {bool(row[column]) for row in found for column in columns}

    assert shops("pos.order", "pos_config_id", "warehouse_id") == {True}
    assert shops("sale.order", "team_id") == {True}
    assert shops("sale.order", "pos_config_id") == {False}


def test_what_ever_worked_is_proven(after):
    endpoints = after.tables["inboost_endpoint"].values()
    proven = {row["operation"] for row in endpoints if row["proven"]}
    sent = {"purchase", "purchase_details", "balance_set", "bonuses_expiring"}
    assert sent <= proven
    assert "bonus_accrual" not in proven, "nothing was delivered there"


def test_xml_ids_name_the_records_that_they_named(before, after):
    wrong = []
    for name, record in before.xml_ids.items():
        if name in changes.GONE_XML_IDS:
            wrong += [name] if name in after.xml_ids else []
            continue
        new = changes.RENAMED_XML_IDS.get(name, name)
        if new != name and name in after.xml_ids:
            wrong.append(f"{name} is still there beside {new}")
        now = after.xml_ids.get(new, {})
        wrong += [
            f"{name}: {what} {record[what]} is now {now.get(what)}"
            for what in ("model", "res_id", "noupdate")
            if record[what] != now.get(what)
        ]
    assert not wrong, "\n".join(wrong[:50])


def test_what_is_said_to_be_renamed_was_there(before):
    listed = changes.RENAMED_XML_IDS.keys() | changes.GONE_XML_IDS.keys()
    assert listed - before.xml_ids.keys() == set()
    columns = {
        (table, column)
        for table, rows in before.tables.items()
        for row in rows.values()
        for column in row
    }
    listed = {
        *changes.CONVERTED,
        *changes.GONE_COLUMNS,
        *changes.CHANGED_VALUES,
    }
    assert listed - columns == set()
    tables = changes.RENAMED_TABLES.keys() | changes.MOVED_ROWS.keys()
    assert tables - before.tables.keys() == set()


def test_nothing_of_ours_is_there_twice(before, after):
    for what, names in after.names.items():
        assert doubled(names) - doubled(before.names[what]) == set(), what


def test_the_log_of_the_upgrade_has_no_warning_of_ours(after):
    lines = (LOGS / "upgrade.update.log").read_text().splitlines()
    bad = [line for line in lines if " WARNING " in line or " ERROR " in line]
    # Said at each start about the configuration of the tests.
    assert [line for line in bad if "unknown option 'inboost_" not in line] == []


def test_updating_the_sale_addon_afterwards_changes_nothing(after):
    cluster.odoo(DATABASE, "-u", "inboost_connector_sale", log="upgrade.sale.log")
    again = Snapshot(DATABASE)
    assert again.tables == after.tables
    assert again.xml_ids == after.xml_ids


LOOK = """
views = env["ir.ui.view"].search([("model", "like", "inboost.%")])
for view in views.filtered(lambda v: not v.inherit_id):
    view._check_xml()
arch = env["inboost.event"].get_view(view_type="list")["arch"]
print("own column", "Our own column" in arch)
records = env["ir.model.data"].search([("module", "like", "inboost_connector%")])
orphans = [
    record.complete_name for record in records
    if record.model not in env or not env[record.model].browse(record.res_id).exists()]
print("orphans", orphans)
fresh = [
    name for name, model in env.items()
    if name.startswith("inboost.") and model._auto and not model._transient
    and not env["ir.model.access"].search_count([("model_id.model", "=", name)])]
print("without rights", fresh)
form = env["res.partner"].get_view(view_type="form")["arch"]
print("own field", "Our own field" in form)
stale = []
for model in env.values():
    for object_ in model._table_objects.values():
        if not object_._module.startswith("inboost"):
            continue
        name = object_.full_name(model)
        env.cr.execute(
            "SELECT coalesce(obj_description(oid, 'pg_constraint'), 'none')"
            " FROM pg_constraint WHERE conname = %s UNION ALL"
            " SELECT coalesce(obj_description(oid, 'pg_class'), 'none')"
            " FROM pg_class WHERE relname = %s AND relkind = 'i'", (name, name))
        found = [row[0] for row in env.cr.fetchall()]
        if object_.get_definition(env.registry) not in found:
            stale.append(name)
print("stale", stale)
print("looked-ok")
"""


def test_views_people_made_still_work_and_nothing_is_old_or_orphaned(shop):
    said = shop.shell(LOOK).stdout
    assert "looked-ok" in said
    assert "own column True" in said
    assert "orphans []" in said
    assert "own field True" in said
    assert "stale []" in said
    assert "without rights []" in said
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
    for table in ("inboost_event", "inboost_endpoint", "inboost_bonus_move"):
        here = {row[0] for row in shop.sql(columns % f"'{table}'")}
        assert here & {"reason", "pause_reason", "amount_sent", "untold"} <= (
            {"reason"} if table == "inboost_bonus_move" else set()
        )


# -- it goes on ----------------------------------------------------------------------


def job(name):
    """:return: the name of its XML id now"""
    old = f"inboost_connector.ir_cron_{name}"
    return changes.RENAMED_XML_IDS.get(old, old).partition(".")[2]


def arrived(inboost):
    """:return: {event id: how often}"""
    return inboost.counts()["by_event_id"]


def test_what_waited_arrives_once_under_its_old_id(before, inboost, shop):
    due_ids = {
        event["event_id"]
        for event in before.tables["inboost_event"].values()
        if event["state"] == "pending"
        and event["operation"] in ("purchase", "purchase_details", "balance_set")
        and not event["attempts"]
    }
    assert len(due_ids) > 10
    drain(shop)
    superseded = shop.sql(
        "SELECT event_id FROM inboost_event WHERE state = 'superseded'"
    )
    missing = due_ids - {row[0] for row in superseded} - arrived(inboost).keys()
    ids = ",".join(f"'{event_id}'" for event_id in missing)
    assert not missing, shop.sql(
        "SELECT operation, state, reason_code, key FROM inboost_event"
        f" WHERE event_id IN ({ids})"
    )
    assert inboost.counts()["doubled"] == []


def test_what_was_settled_or_rests_is_left_alone(before, inboost, shop):
    settled = {
        event["event_id"]: event["state"]
        for event in before.tables["inboost_event"].values()
        if event["state"] in ("done", "cancelled", "superseded", "held", "failed")
        or event["operation"] in ("purchase_refund", "bonus_accrual")
    }
    assert arrived(inboost).keys() & settled.keys() == set()
    ids = ",".join(f"'{event_id}'" for event_id in settled)
    now = shop.sql(
        f"SELECT event_id, state FROM inboost_event WHERE event_id IN ({ids})"
    )
    assert dict(now) == settled


SELL = (
    PRELUDE
    + """
sold = sell(env["res.partner"].create({"name": "New", "phone": "+380509999999"}))
env.cr.commit()
print("sold", sold.uuid)
"""
)


def test_a_sale_is_sent(inboost, shop):
    uuid = shop.shell(SELL).stdout.split("sold ")[1].split()[0]

    def sent():
        purchases = [row["orderId"] for row in inboost.control("GET", "purchases")]
        hooks = [hook["body"] for hook in inboost.control("GET", "webhooks")]
        return uuid in purchases and [h for h in hooks if h.get("orderId") == uuid]

    [hook] = wait_until(sent, 60, "the sale")
    assert hook["till"], "the body that the shop had changed is used"


AGAIN = (
    PRELUDE
    + f"""
sell(order_uuid="{old_data.TOLD_ORDER}")
env["inboost.customer"].sudo().search([("partner_id", "!=", False)]).write(
    {{"history_state": "waiting"}})
env.cr.commit()
for name in JOBS:
    env.ref(name).method_direct_trigger()
print("again-ok")
"""
)


def test_what_was_known_before_is_not_recorded_again(shop, inboost):
    """A sale that is synced again, and each net, know it by its key of old."""
    nets = ("reconcile", "history", "bonus_reconcile")
    jobs = [f"inboost_connector.{job(name)}" for name in nets]
    # Its own scheduler runs the same jobs, and Odoo lets one of the two fail.
    shop.stop()
    said = shop.shell(f"JOBS = {jobs}\n{AGAIN}")
    shop.start()
    assert "again-ok" in said.stdout and "Traceback" not in said.stderr, said.stderr
    twice = shop.sql(
        "SELECT res_model, res_id, operation FROM inboost_event"
        " WHERE operation LIKE 'purchase%' AND res_id > 0"
        " GROUP BY 1, 2, 3 HAVING count(*) > 1"
    )
    assert twice == []
    adjusted = "reason LIKE 'Found by the nightly%'"
    assert shop.sql(f"SELECT 1 FROM inboost_bonus_move WHERE {adjusted}") == []
    drain(shop)
    purchases = [row["orderId"] for row in inboost.control("GET", "purchases")]
    hooks = [hook["body"] for hook in inboost.control("GET", "webhooks")]
    sold = [hook["orderId"] for hook in hooks if hook["event"] == "purchase"]
    assert doubled(purchases) | doubled(sold) == set()
    assert old_data.TOLD_ORDER not in purchases + sold
    assert inboost.counts()["doubled"] == []


def drain(shop):
    # A server's own first turn comes after a minute.
    shop.wake(job("deliver"))
    with suppress(AssertionError):
        wait_until(lambda: not due(shop), 60)
    assert due(shop) == []


def due(shop):
    """Events that may go now."""
    return shop.sql(
        "SELECT e.operation, e.key, e.state, e.reason_code"
        " FROM inboost_event e JOIN inboost_endpoint p ON p.id = e.endpoint_id"
        " WHERE e.state = 'pending' AND e.next_try < now() AT TIME ZONE 'UTC'"
        " AND p.enabled AND p.paused IS NOT TRUE AND p.rest_until IS NULL"
    )


def test_a_pull_goes_on_where_it_stopped(shop):
    shop.wake(job("pull"))
    wait_until(
        lambda: (
            shop.sql(
                "SELECT 1 FROM inboost_sync_run WHERE state IN ('queued', 'running')"
            )
            == []
        ),
        60,
        "the end of the open runs",
    )
