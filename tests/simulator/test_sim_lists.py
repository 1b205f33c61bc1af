"""Lists of customers that misbehave as real ones do, in every style."""

import re
import time

import pytest

from simulator.people import ODD, odd_people, people
from tests.simulator.conftest import Running
from tests.simulator.test_sim_styles import call, spoken  # noqa: F401

SIZE = 10


def pages(running, most=8):
    """Read the list as a client does that trusts what it gets.

    :return: for each page its rows, and the total that was told
    """
    read, step = {
        "rest-path": (_rest_page, 0),
        "envelope": (_envelope_page, None),
        "oauth": (_oauth_page, f"/customers?page_size={SIZE}"),
    }[running.style]
    found = []
    while len(found) < most:
        rows, total, step = read(running, step)
        found.append((rows, total))
        if step is None:
            break
    return found


def _rest_page(running, offset):
    path = f"/v1/customers?offset={offset}&limit={SIZE}"
    answer = call(running, "GET", path).json()
    end = len(answer["items"]) < SIZE
    return answer["items"], answer["total"], None if end else offset + SIZE


def _envelope_page(running, cursor):
    data = {"limit": SIZE} | ({"cursor": cursor} if cursor else {})
    path = "/loyalty/v2/contacts/search"
    answer = call(running, "POST", path, json={"data": data}).json()
    meta = answer["meta"]
    return answer["data"], meta["total_count"], meta.get("next_cursor")


def _oauth_page(running, path):
    answer = call(running, "GET", path)
    link = re.search(
        r'<http://[^/]+([^>]+)>; rel="next"', answer.headers.get("Link", "")
    )
    total = int(answer.headers["X-Total-Count"])
    return answer.json(), total, link and link.group(1)


@pytest.fixture
def filled(spoken):  # noqa: F811
    spoken.control("POST", "customers", {"count": 45})
    return spoken


def misbehave(running, listing):
    running.control("PUT", "settings", {"listing": listing})


def phones(found):
    rows = [row for rows, _ in found for row in rows]
    return [row.get("phone", row.get("phone_number")) for row in rows]


def test_right_list_gives_each_customer_once(filled):
    found = pages(filled)
    assert [len(rows) for rows, _ in found] == [10, 10, 10, 10, 5]
    assert {total for _, total in found} == {45}
    assert len(set(phones(found))) == 45


def test_list_that_ignores_the_page(filled):
    misbehave(filled, "ignores_page")
    found = pages(filled)
    assert len(found) == 8
    assert all(rows == found[0][0] for rows, _ in found)


def test_list_that_ends_before_its_total(filled):
    misbehave(filled, "ends_early")
    found = pages(filled)
    assert len(phones(found)) == 22
    assert found[0][1] == 45


def test_list_that_repeats_a_full_page(filled):
    misbehave(filled, "repeats_page")
    found = pages(filled)
    assert found[1] == found[0]
    assert len(found) == 5
    assert len(set(phones(found))) == 35


def test_row_that_goes_between_two_pages(filled):
    misbehave(filled, "deletes_row")
    found = pages(filled)
    assert [total for _, total in found[:2]] == [45, 44]
    # By offset everybody moves up, and one is never seen; a cursor keeps its place.
    seen = 44 if filled.style == "rest-path" else 45
    assert len(set(phones(found))) == seen
    assert filled.control("GET", "settings")["listing"] == "right"


def test_cursor_in_another_place(filled):
    if filled.style == "rest-path":
        body = {"listing": "cursor_elsewhere"}
        filled.control("PUT", "settings", body, expect=422)
        return
    misbehave(filled, "cursor_elsewhere")
    if filled.style == "oauth":
        answer = call(filled, "GET", "/customers?page_size=10")
        assert "Link" not in answer.headers
        assert "after=" in answer.json()["next"]
    else:
        ((rows, total),) = pages(filled)
        assert (len(rows), total) == (10, 45)


def test_cursor_in_another_place_at_inboost(simulator):
    simulator.control("POST", "customers", {"count": 45})
    simulator.control("PUT", "paging", {"style": "cursor"})
    misbehave(simulator, "cursor_elsewhere")
    answer = simulator.send("wapi/Clients", {"PageSize": 10}).json()
    assert "nextCursor" not in answer
    ask = {"PageSize": 10, "Cursor": answer["paging"]["cursors"]["after"]}
    assert simulator.send("wapi/Clients", ask).json()["entites"] != answer["entites"]


def test_page_number_is_ignored_at_inboost(simulator):
    simulator.control("POST", "customers", {"count": 45})
    misbehave(simulator, "ignores_page")
    asked = [
        simulator.send("wapi/Clients", {"Page": page, "PageSize": 10}).json()
        for page in (1, 2, 9)
    ]
    assert asked[0] == asked[1] == asked[2]
    assert asked[0]["totalCount"] == 45


def test_changed_since_leaves_out_who_has_not_changed(filled):
    since = "2100-01-01T00:00:00Z"
    path, body = {
        "rest-path": (f"/v1/customers?changed_since={since}", None),
        "oauth": (f"/customers?updated_after={since}", None),
        "envelope": ("/loyalty/v2/contacts/search", {"data": {"changed_since": since}}),
    }[filled.style]
    answer = call(filled, "POST" if body else "GET", path, json=body)
    rows = answer.json()
    assert (
        rows if filled.style == "oauth" else rows.get("items", rows.get("data"))
    ) == []


def test_odd_rows_are_given_as_they_are(simulator):
    made = simulator.control("POST", "customers", {"count": 5, "odd": True})
    assert made["clients"] == 5 + len(ODD)
    rows = simulator.send("wapi/Clients", {"PageSize": 100}).json()["entites"][5:]
    assert [{**row, "changed": 0} for row in rows] == [
        {**row, "changed": 0} for row in odd_people()
    ]
    names = [row["userName"] for row in rows]
    assert "Оксана 👩\u200d⚕️" in names
    assert "\ufeffЮлія\u200b" in names


def test_odd_rows_reach_every_style(spoken):  # noqa: F811
    spoken.control("POST", "customers", {"odd": True})
    found = pages(spoken)
    assert sum(len(rows) for rows, _ in found) == len(ODD)
    assert "8(067)123-45-67" in phones(found)


def test_made_up_people_are_the_same_each_time_and_have_their_own_phones():
    some = people(5000)
    assert [row["userPhoneNumber"] for row in some[:100]] == [
        row["userPhoneNumber"] for row in people(100)
    ]
    assert len({row["userPhoneNumber"] for row in some}) == 5000
    assert len({row["id"] for row in some}) == 5000
    assert people(3, seed=2)[0]["id"] != some[0]["id"]


def test_customers_are_there_at_the_start_and_not_twice(tmp_path):
    before = time.monotonic()
    running = Running(tmp_path / "db", "--customers", "50000")
    try:
        made = time.monotonic() - before
        assert made < 60, "the list would hold up whoever starts a demonstration"
        running.control("DELETE", "faults")
        answer = running.send("wapi/Clients", {"PageSize": 1}).json()
        assert answer["totalCount"] == 50_000
        running.stop()
        running.start()
        assert running.send("wapi/Clients", {"PageSize": 1}).json() == answer
    finally:
        running.stop()
