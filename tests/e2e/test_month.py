"""A month of a shop, made of a seed: what the simulator has of each customer is what
Odoo's own reports, cards and ledger say of them."""

import json
from collections import defaultdict

import pytest

from tests.support.month import MONTH, REPORT
from tests.support.odoo_server import wait_until


def printed(output, word):
    return json.loads(output.partition(f"{word} ")[2].splitlines()[0])


@pytest.fixture(scope="module")
def phones(odoo):
    """The month is over, and all of it has arrived.

    :return: {customer id: phones that they had}
    """
    # Whoever sells does not wait for jobs: the server's stand still meanwhile.
    odoo.stop()
    found = printed(odoo.shell(MONTH).stdout, "month")
    odoo.start()
    ended = {"done", "superseded", "cancelled"}
    odoo.wake()
    wait_until(lambda: set(odoo.states()) <= ended, 240, "an empty queue")
    return {int(partner): set(some) for partner, some in found.items()}


@pytest.fixture(scope="module")
def report(odoo, phones):
    return printed(odoo.shell(REPORT).stdout, "report")


def sum_by_customer(phones, amounts):
    """:param amounts: list of (phone, amount)"""
    total = defaultdict(float)
    for phone, amount in amounts:
        for partner, some in phones.items():
            if phone in some:
                total[partner] += amount
    return total


def test_turnover_of_each_customer_is_that_of_the_reports(inboost, phones, report):
    bodies = [one.get("body", one) for one in inboost.control("GET", "purchases")]
    turnover = sum_by_customer(
        phones, [(body["userPhoneNumber"], body["total"]) for body in bodies]
    )
    for partner in phones:
        assert turnover[partner] == pytest.approx(
            report["turnover"][str(partner)], abs=0.005
        )
    assert report["pos"] == pytest.approx(report["details"], abs=0.005)
    assert report["failures"] == 0


def test_accruals_less_redemptions_are_the_balance_the_cards_and_the_ledger(
    inboost, phones, report
):
    # An order that wins more than it spends is an accrual in the ledger, net.
    assert {"accrual", "reversal", "expiry"} <= set(report["kinds"])
    signs = {"bonus_accrual": 1, "bonus_redemption": -1}
    hooks = [hook["body"] for hook in inboost.control("GET", "webhooks")]
    assert signs.keys() <= {body.get("event") for body in hooks}
    moved = sum_by_customer(
        phones,
        [
            (body["UserPhoneNumber"], signs[body["event"]] * body["amount"])
            for body in hooks
            if body.get("event") in signs
        ],
    )
    balance = sum_by_customer(
        phones,
        [(row["phone"], row["amount"]) for row in inboost.control("GET", "balances")],
    )
    for partner in phones:
        assert moved[partner] == pytest.approx(balance[partner], abs=0.0001)
        for book in ("cards", "ledger"):
            assert moved[partner] == pytest.approx(
                report[book].get(str(partner), 0), abs=0.0001
            )


def test_nothing_came_twice(inboost, phones):
    assert inboost.counts()["doubled"] == []
