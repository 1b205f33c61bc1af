"""The demo shop is there for who asks for demo data, and for nobody else."""

import cluster
import demo
import pytest
from workspace import MODULES

DATABASE = "e2e_demo"
#: What somebody who looks at the demo should find.
STATES = {"done", "pending", "parked", "held", "failed", "cancelled", "expired"}


@pytest.fixture(scope="module")
def shop():
    """:return: a function that asks the demo database"""
    demo.make(DATABASE)
    yield lambda statement: cluster.query(DATABASE, statement).splitlines()
    cluster.drop(DATABASE)


def test_tests_and_production_have_no_demo_shop():
    template = cluster.template("test", MODULES)
    assert cluster.query(template, demo.MADE) == ""
    assert cluster.query(template, "SELECT count(*) FROM inboost_backend") == "0"


def test_it_has_sales_of_both_kinds_over_three_months(shop):
    for kind in ("pos.order", "sale.order"):
        months = shop(
            "SELECT count(DISTINCT date_trunc('month', occurred_at)) FROM inboost_event"
            f" WHERE res_model = '{kind}' AND operation = 'purchase_details'"
        )
        assert int(months[0]) >= 3, kind


def test_it_has_an_event_in_every_state_that_a_person_meets(shop):
    assert set(shop("SELECT DISTINCT state FROM inboost_event")) == STATES


def test_its_ledger_agrees_with_its_cards(shop):
    wrong = shop(
        "SELECT c.id FROM loyalty_card c JOIN loyalty_program p ON p.id = c.program_id"
        " WHERE p.inboost_validity_days > 0 AND abs(c.points - ("
        "  SELECT sum(m.change) FROM inboost_bonus_move m WHERE m.card_id = c.id"
        " )) > 0.001"
    )
    assert wrong == []


def test_points_are_about_to_expire(shop):
    count = shop(
        "SELECT count(*) FROM inboost_bonus_move WHERE won > 0"
        " AND time BETWEEN now() - interval '91 days' AND now() - interval '80 days'"
    )
    assert int(count[0]) > 0


def test_conflicts_and_missing_points_wait_for_somebody(shop):
    assert len(shop("SELECT id FROM inboost_customer WHERE state = 'conflict'")) == 2
    assert shop("SELECT state FROM inboost_bonus_missing") == ["open"]


def test_nothing_leaves_before_somebody_connects_it(shop):
    assert shop("SELECT state FROM inboost_backend") == ["paused"]
