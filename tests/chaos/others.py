"""What sends sales without us, with the same sales, weather and accidents."""

import time
from collections import Counter

from tests.chaos.accidents import LASTS, WEATHER, Accidents
from tests.chaos.register import count_sales, open_tills
from tests.chaos.test_chaos import ONLY, SECONDS, SEED, close


class OthersAccidents(Accidents):
    """Nobody can be asked for the health of what sends here, and nothing of ours puts
    times right."""

    def wait_for_health(self, status):
        time.sleep(LASTS)

    def wait_for_corrections(self):
        pass


def sell_through(odoo, inboost, clock):
    """:return: (uuids of orders that were sold, how often each arrived)"""
    inboost.control("PUT", "faults/*", WEATHER)
    tills = open_tills(odoo, SEED)
    for till in tills:
        till.start()
    accidents = OthersAccidents(odoo, inboost, clock, {}, SEED, ONLY)
    accidents.happen(SECONDS, lambda: count_sales(tills))
    close(tills, accidents)
    inboost.control("DELETE", "faults")
    print(f"seed {SEED}, accidents: {accidents.counts}")
    print(f"met {inboost.counts()['by_fault']}")
    return {uuid for till in tills for uuid in till.sold}


def compare(sold, inboost):
    """:return: orders that never arrived, and those that did more than once"""
    found = inboost.control("GET", "events?limit=100000&processed=true")
    bodies = [arrival["body"] for arrival in found]
    took = Counter(body["uuid"] for body in bodies if body and "uuid" in body)
    assert set(took) <= sold
    lost, doubled = sold - set(took), {uuid for uuid, n in took.items() if n > 1}
    print(f"{len(sold)} sales, {len(lost)} lost, {len(doubled)} doubled")
    return lost, doubled
