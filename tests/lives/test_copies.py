"""A copy of the database, on another host or for tests."""

import cluster
import pytest
from workspace import ODOO_CONF, PYTHON, STATE

from tests.lives.shop import Shop, requests_of
from tests.support.dumps import plain_dump

TOKEN, OLD_TOKEN = "purchase-token", "token-of-last-year"


@pytest.fixture(scope="module")
def original(inboost):
    inboost.control("POST", "reset")
    shop = Shop("lives_original", inboost)
    shop.connect()
    # The token was changed once.
    shop.do(
        "endpoint = env['inboost.endpoint'].sudo().search("
        "[('operation', '=', 'purchase')])\n"
        "address = endpoint.address\n"
        f"endpoint.address_entry = address.replace('{TOKEN}', '{OLD_TOKEN}')\n"
        "env.cr.commit()\n"
        "endpoint.address_entry = address"
    )
    shop.sell(1, first=100)
    shop.rest()
    yield shop
    shop.drop()


@pytest.fixture(scope="module")
def copy(original, inboost):
    """Made by PostgreSQL: the addon cannot know of it before it is asked to send."""
    shop = Shop("lives_copy", inboost, template=original.database)
    yield shop
    shop.drop()


@pytest.mark.parametrize(
    "script",
    [
        'env["inboost.endpoint"].search([("operation", "=", "purchase")])'
        ".action_send_sample()",
        'env["inboost.endpoint"].search([("operation", "=", "balance_set")])'
        ".action_send_sample()",
        'env["res.partner"].search([("phone", "=", "+380670000100")])'
        ".action_inboost_synchronise()",
        'find = env["inboost.customer.find"].create({"phone": "+380670000100"});'
        ' find.action_find(); print("said", find.answer)',
        'env["inboost.backend"].search([]).action_synchronise(); run_job("pull")',
    ],
    ids=["sample of a webhook", "sample", "contact", "look-up", "pull"],
)
def test_a_copy_asks_and_sends_nothing_and_says_why(copy, inboost, script):
    # Each finds the backend as the copy was made.
    copy.sql("UPDATE inboost_backend SET state = 'connected', pause_code = NULL")
    before = requests_of(inboost)
    said = copy.do(
        "from odoo.exceptions import UserError\n"
        "try:\n"
        f"    {script}\n"
        "except UserError as error:\n"
        '    print("said", error)\n'
        "env.cr.commit()\n"
        'print("said", env["inboost.backend"].search([]).pause_reason)'
    )
    assert requests_of(inboost) == before
    assert "copy" in " ".join(said)


@pytest.fixture(scope="module")
def neutralised(original, inboost):
    shop = Shop("lives_neutralised", inboost, template=original.database)
    command = (str(PYTHON), "-m", "odoo", "neutralize", "-c", str(ODOO_CONF))
    cluster.run(*command, "-d", shop.database, cwd=STATE)
    yield shop
    shop.drop()


def test_a_neutralised_copy_has_no_secret_anywhere(original, neutralised, inboost):
    secrets = (inboost.secret, TOKEN, OLD_TOKEN)
    live = plain_dump(original.database)
    # The chatter knows that the address was changed, and not the address.
    assert [secret for secret in secrets if secret in live] == [inboost.secret, TOKEN]
    text = plain_dump(neutralised.database)
    places = [
        line[:200] for line in text.splitlines() if any(s in line for s in secrets)
    ]
    assert places == []


def test_a_neutralised_copy_sends_nothing(neutralised, inboost):
    before = requests_of(inboost)
    neutralised.deliver()
    neutralised.do('run_job("pull")')
    assert requests_of(inboost) == before
