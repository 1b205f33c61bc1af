"""A database that was restored does not know what has left since."""

import pytest

from tests.lives.shop import Shop, arrived, requests_of
from tests.support.dumps import dump, restore_anew, restore_in_place


@pytest.fixture(scope="module", params=[restore_anew, restore_in_place])
def morning(request, inboost, tmp_path_factory):
    """Sales that waited in the dump of this morning and have left since, and sales that
    the dump does not know; then the restore, and an administrator who connects.

    :return: the shop, with ``waited``, ``lost`` (uuids), ``ids`` of the lost events
        and the ``dates`` of all orders
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
    shop.dates = dict(shop.sql("SELECT uuid, date_order FROM pos_order"))
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
    lost = [(uuid, morning.dates[uuid]) for uuid in morning.lost[:2]]
    morning.do(
        f"for number, (uuid, date) in enumerate({lost}):\n"
        "    sell(customer(200 + number), order_uuid=uuid, date=date)"
    )
    morning.deliver()
    assert morning.ids_of(morning.lost[:2]) <= morning.ids
    assert morning.states_of(morning.lost[:2]) == {"held": 4}
    assert [ids for ids in arrived(inboost, morning.lost).values() if ids[1:]] == []


def test_a_sale_after_it_is_sent(morning, inboost):
    new = morning.sell(1, first=300)
    morning.deliver()
    assert morning.states_of(new) == {"done": 2}
    assert len(arrived(inboost, new)) == 2


def test_one_decision_settles_all_of_it(morning, inboost):
    """That they arrived: nothing is sent, nothing waits, nobody is asked any more, and
    what a register brings later is settled likewise."""
    assert morning.states_of(morning.waited + morning.lost[:2]) == {"held": 10}
    assert morning.value("SELECT doubt_decision FROM inboost_backend") == "ask"
    before = requests_of(inboost)
    morning.do('env["inboost.backend"].search([]).action_keep_doubtful()')
    last, date = morning.lost[2], morning.dates[morning.lost[2]]
    morning.do(f'sell(customer(202), order_uuid="{last}", date="{date}")')
    morning.deliver()
    assert morning.states_of(morning.waited + morning.lost) == {"done": 12}
    assert morning.ids_of(morning.lost) == morning.ids
    assert requests_of(inboost) == before
    assert morning.activities() == []


def test_the_other_decision_sends_all_of_it(inboost, tmp_path):
    inboost.control("POST", "reset")
    shop = Shop("lives_send", inboost)
    shop.connect()
    waited = shop.sell(1, first=100)
    [nobody] = shop.do(
        'print("said", sell(env["res.partner"].create({"name": "No phone"})).uuid)'
    )
    dump(shop.database, tmp_path / "dump")
    shop.rest()
    restore_in_place(shop.database, tmp_path / "dump")
    shop.press_connect()
    assert shop.states_of([*waited, nobody]) == {"held": 4}
    shop.do('env["inboost.backend"].search([]).action_send_doubtful()')
    shop.deliver()
    assert shop.states_of(waited) == {"done": 2}
    assert shop.states_of([nobody]) == {"parked": 2}
    assert {len(ids) for ids in arrived(inboost, waited).values()} == {1}
    shop.drop()
