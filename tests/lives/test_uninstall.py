"""The addon goes, and comes back."""

import cluster
import pytest
from workspace import MODULES

from tests.lives.shop import WAITING, Shop, arrived

#: Of two events each, which make a number that nothing else on the screen has.
SALES = 19
OURS = '[("name", "=like", "inboost_connector%"), ("state", "=", "installed")]'


@pytest.fixture(scope="module")
def shop(inboost):
    inboost.control("POST", "reset")
    shop = Shop("lives_uninstall", inboost)
    shop.connect()
    shop.known = shop.sell(4, first=100)
    shop.deliver()
    shop.ids = {key: ids[0] for key, ids in arrived(inboost, shop.known).items()}
    assert len(shop.ids) == 8
    yield shop
    shop.drop()


def test_uninstalling_says_what_would_be_lost(shop):
    shop.sell(SALES, first=5000)
    waiting = shop.value(f"SELECT count(*) FROM inboost_event WHERE {WAITING}")
    assert waiting == str(2 * SALES)
    said = shop.do(
        f'wizard = env["base.module.uninstall"].create({{"module_ids": '
        f'env["ir.module.module"].search({OURS}).ids}})\n'
        "for name, field in wizard._fields.items():\n"
        '    if field.type in ("char", "text", "html") and wizard[name]:\n'
        '        print("said", str(wizard[name]).replace("\\n", " "))'
    )
    assert [text for text in said if waiting in text]


@pytest.fixture(scope="module")
def uninstalled(shop):
    shop.rest()
    shop.shell(f'env["ir.module.module"].search({OURS}).button_immediate_uninstall()')
    return shop


def test_nothing_of_ours_stays_and_the_register_sells(uninstalled):
    left = uninstalled.sql(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_name LIKE 'inboost%' OR column_name LIKE 'inboost%'"
        " UNION SELECT name FROM ir_model_data WHERE module LIKE 'inboost%'"
        " UNION SELECT cron_name FROM ir_cron WHERE cron_name ILIKE '%inboost%'"
    )
    assert left == []
    assert len(uninstalled.sell(1, first=900)) == 1


@pytest.fixture(scope="module")
def again(uninstalled, inboost):
    """Installed again, connected, all customers pulled, their history looked for."""
    uninstalled.rest()
    cluster.odoo(uninstalled.database, "-i", MODULES, log="again.log")
    clients = [
        {"id": f"client-{n}", "userPhoneNumber": f"38067{n:07}", "userName": "Olena"}
        for n in range(100, 104)
    ]
    inboost.control("POST", "clients", {"clients": clients, "raw": True})
    uninstalled.connect()
    # The first synchronisation is an administrator's.
    uninstalled.do(
        'env["inboost.backend"].search([]).action_synchronise()\n'
        'run_job("pull")\nrun_job("history")\nrun_job("deliver")'
    )
    return uninstalled


def test_the_pull_knows_the_customers_again(again):
    linked = "SELECT count(*) FROM inboost_customer WHERE partner_id IS NOT NULL"
    assert again.value(linked) == "4"


def test_a_purchase_has_the_id_that_it_had(again):
    rows = again.sql(
        "SELECT operation, fact->>'uuid', event_id FROM inboost_event"
        " WHERE operation LIKE 'purchase%'"
    )
    found = {(row[0], row[1]): row[2] for row in rows}
    known = {key: found[key] for key in found.keys() & again.ids.keys()}
    assert known, "the history of the customers was not looked for"
    assert known == {key: again.ids[key] for key in known}


def test_no_purchase_that_may_be_there_goes_again(again, inboost):
    twice = {key: ids for key, ids in arrived(inboost, again.known).items() if ids[1:]}
    assert twice == {}
    assert set(again.states_of(again.known)) == {"held"}
