"""What people delete and archive."""

import pytest

from tests.lives.shop import Shop, arrived

PHONE = "380670000500"


@pytest.fixture(scope="module")
def shop(inboost):
    inboost.control("POST", "reset")
    shop = Shop("lives_deletions", inboost)
    shop.connect()
    yield shop
    shop.drop()


def attempt(shop, script):
    """:return: how ``script`` was refused; the name of what it returned otherwise"""
    [said] = shop.do(
        "from odoo.exceptions import UserError\n"
        "from odoo.service.model import retrying\n"
        'backend = env["inboost.backend"].search([])\n'
        "try:\n"
        # As a button's request is made, errors of the database put in words.
        f"    result = retrying(lambda: {script}, env)\n"
        '    print("said done", type(result).__name__)\n'
        "except UserError as error:\n"
        "    env.cr.rollback()\n"
        '    print("said refused:", str(error).replace("\\n", " "))'
    )
    return said


@pytest.mark.parametrize(
    "script",
    [
        "backend.unlink()",
        "backend.company_id.sudo().unlink()",
        "backend.program_ids.sudo()[:1].unlink()",
        "config.sudo().unlink()",
    ],
    ids=["backend", "company", "program", "register"],
)
def test_what_is_in_use_cannot_be_deleted(shop, script):
    if not shop.sql("SELECT 1 FROM inboost_event"):
        shop.sell(1, first=1)
        card(shop, 2)
    said = attempt(shop, script)
    assert said.startswith("refused:"), said
    for word in ("Traceback", "psycopg2", "violates", "null value"):
        assert word not in said


def card(shop, number, points=50):
    shop.do(
        'program = env["inboost.backend"].search([]).program_ids[:1]\n'
        'env["loyalty.card"].create({"program_id": program.id,'
        f' "partner_id": customer({number}).id, "points": {points}}})'
    )


def test_archiving_a_backend_with_waiting_events_is_a_decision(shop):
    """It is refused, or a person is asked; it does not happen without a word."""
    shop.sell(1, first=100)
    said = attempt(shop, "backend.action_archive()")
    [[active]] = shop.sql("SELECT active FROM inboost_backend")
    shop.sql("UPDATE inboost_backend SET active = true")
    assert said.startswith("refused:") or said == "done dict"
    assert active == "t"


def test_deleting_a_contact_with_a_card_tells_the_balance(shop, inboost):
    card(shop, 500)
    shop.deliver()
    balances = {row["phone"]: row for row in inboost.control("GET", "balances")}
    assert balances[PHONE]["amount"] == 50
    shop.do(
        f'env["res.partner"].search([("phone", "=", "+{PHONE}")]).sudo().unlink()\n'
        'run_job("reconcile")\nrun_job("deliver")'
    )
    balances = {row["phone"]: row for row in inboost.control("GET", "balances")}
    assert balances[PHONE]["amount"] == 0


def test_a_deleted_job_is_made_again(shop, inboost):
    """Nobody has to upgrade the addon for it, and somebody hears of it."""
    shop.do('jobs = find_job("deliver") | find_job("pull")\njobs.unlink()')
    uuids = shop.sell(1, first=600)
    said = attempt(shop, "backend.action_synchronise()")
    assert "External ID" not in said
    shop.do('run_job("reconcile")\nrun_job("deliver")')
    assert len(arrived(inboost, uuids)) == 2
