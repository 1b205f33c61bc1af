"""A database that was restored does not know what has left since."""

import pytest

from tests.lives.shop import Shop, arrived, requests_of
from tests.support.dumps import dump, restore_anew, restore_in_place


@pytest.fixture(scope="module", params=[restore_anew, restore_in_place])
def morning(request, inboost, tmp_path_factory):
    """Sales that waited in the dump of this morning and have left since, and sales that
    the dump does not know; then the restore, and an administrator who connects.

    :return: the shop, with ``waited``, ``lost`` (uuids) and ``ids`` of the lost ones
    """
    inboost.control("POST", "reset")
    shop = Shop(f"lives_{request.param.__name__}", inboost)
    shop.connect()
    shop.waited = shop.sell(3, first=100)
    path = tmp_path_factory.mktemp("dumps") / "morning.dump"
    dump(shop.database, path)
    shop.deliver()
    shop.lost = shop.sell(3, first=200)
    shop.deliver()
    assert len(arrived(inboost, shop.waited + shop.lost)) == 12
    shop.ids = shop.ids_of(shop.lost)
    shop.before = requests_of(inboost)
    shop.rest()
    request.param(shop.database, path)
    shop.deliver()
    shop.silent = requests_of(inboost) == shop.before
    shop.state = shop.value("SELECT state FROM inboost_backend")
    shop.press_connect()
    shop.deliver()
    yield shop
    shop.drop()


def test_nothing_is_sent_before_somebody_connects(morning):
    assert morning.silent
    assert morning.state == "paused"


def test_what_waited_in_the_dump_is_unknown(morning, inboost):
    assert morning.states_of(morning.waited) == {"held": 6}
    assert [ids for ids in arrived(inboost, morning.waited).values() if ids[1:]] == []


def test_somebody_is_asked_about_it_once(morning):
    assert len(morning.activities()) == 1


def test_lost_orders_that_the_register_syncs_again_are_unknown(morning, inboost):
    """Under the ids that they had, so that InBoost can tell."""
    morning.do(
        f"for number, uuid in enumerate({morning.lost}):\n"
        "    sell(customer(200 + number), order_uuid=uuid)"
    )
    morning.deliver()
    assert morning.ids_of(morning.lost) == morning.ids
    assert morning.states_of(morning.lost) == {"held": 6}
    assert [ids for ids in arrived(inboost, morning.lost).values() if ids[1:]] == []


def test_a_sale_after_it_is_sent(morning, inboost):
    new = morning.sell(1, first=300)
    morning.deliver()
    assert morning.states_of(new) == {"done": 2}
    assert len(arrived(inboost, new)) == 2


def test_one_decision_settles_all_of_it(morning, inboost):
    """That they arrived: nothing is sent, nothing waits, nobody is asked any more."""
    assert morning.states_of(morning.waited) == {"held": 6}
    before = requests_of(inboost)
    morning.do(
        'env["inboost.event"].search([("state", "=", "held")]).action_mark_delivered()'
    )
    morning.deliver()
    assert morning.states_of(morning.waited) == {"done": 6}
    assert requests_of(inboost) == before
    assert morning.activities() == []
