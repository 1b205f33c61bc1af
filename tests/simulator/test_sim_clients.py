"""The clients' list: paging, filters, and rows no one should have stored."""

import pytest

STYLES = [
    ("page", "entites"),
    ("page", "data"),
    ("page", "bare"),
    ("offset", "entites"),
    ("offset", "data"),
    ("offset", "bare"),
    ("cursor", "entites"),
    ("cursor", "data"),
]


@pytest.fixture
def clients(simulator):
    simulator.control(
        "POST",
        "clients",
        [
            {
                "userPhoneNumber": f"+380 67 {n:07}",
                "userName": f"Name {n}",
                "changed": f"2026-01-{n + 1:02}T10:00:00",
                "age": n,
            }
            for n in range(25)
        ],
    )
    return simulator


def rows_of(answer, shape):
    return answer if shape == "bare" else answer[shape]


@pytest.mark.parametrize(("style", "shape"), STYLES)
def test_every_client_comes_once(clients, style, shape):
    clients.control("PUT", "paging", {"style": style, "shape": shape})
    ask, seen = {"Page": 1, "Offset": 0, "PageSize": 10, "Limit": 10}, []
    sizes = []
    while not sizes or sizes[-1] == 10:
        answer = clients.send("wapi/Clients", ask).json()
        rows = rows_of(answer, shape)
        sizes.append(len(rows))
        seen += [row["userPhoneNumber"] for row in rows]
        ask["Page"] += 1
        ask["Offset"] += 10
        if shape != "bare":
            assert answer["totalCount"] == 25
            ask["Cursor"] = answer.get("nextCursor")
    assert sizes == [10, 10, 5]
    assert seen == [f"38067{n:07}" for n in range(25)]
    assert style != "cursor" or ask["Cursor"] is None


def test_a_bare_array_has_no_cursor(simulator):
    simulator.control("PUT", "paging", {"style": "cursor", "shape": "bare"}, expect=422)
    assert simulator.control("GET", "settings")["style"] == "page"


# The last is a number that no table counts to.
@pytest.mark.parametrize("cursor", ["zzz?", "LTE=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk="])
def test_wrong_cursor_is_refused(simulator, cursor):
    simulator.control("PUT", "paging", {"style": "cursor"})
    assert simulator.send("wapi/Clients", {"Cursor": cursor}).status_code == 400


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (("Changed", "IsGreaterThanOrEqualTo", "2026-01-20T10:00"), 6),
        (("Changed", 4, "2026-01-20T10:00:00"), 6),
        (("Changed", 6, "2026-01-20T10:00:00"), 20),
        (("Changed", 3, "2026-01-20T10:00:00"), 5),
        (("Changed", 5, "2026-01-03"), 2),
        (("UserPhoneNumber", "Equals", "380670000003"), 1),
        (("userPhoneNumber", "In", "380670000003, 380670000004,1"), 2),
        (("UserPhoneNumber", 12, "380670000003"), 24),
        (("UserName", "Contains", "e 2"), 6),
        (("UserName", "NotContains", "e 2"), 19),
        (("UserName", 100, "Name 1"), 11),
        (("Age", "IsGreaterThan", 9), 15),
        (("Email", "IsNull", None), 25),
        (("Email", 8, None), 0),
        (("UserName", 2, "Name 1"), 24),
    ],
)
def test_filters(clients, wanted, found):
    names = ("property", "opr", "filterValue")
    ask = {"Filters": [dict(zip(names, wanted, strict=True))], "PageSize": 3}
    answer = clients.send("wapi/Clients", ask).json()
    assert answer["totalCount"] == found
    assert len(answer["entites"]) == min(found, 3)


def test_known_client_is_updated_and_keeps_its_place(clients):
    old = clients.control("GET", "clients/380670000000")
    clients.control(
        "POST", "clients", [{"userPhoneNumber": "380670000000", "lastName": "New"}]
    )
    new = clients.control("GET", "clients/380670000000")
    assert (new["id"], new["userName"]) == (old["id"], "Name 0")
    assert (new["lastName"], new["changed"] > old["changed"]) == ("New", True)
    assert clients.send("wapi/Clients", {}).json()["entites"][0] == new


def test_raw_rows_are_kept_as_broken_as_they_are(simulator):
    rows = [
        {"userPhoneNumber": "380671234567", "userName": "No id"},
        {"id": "a", "userPhoneNumber": "06x-letters"},
        {"id": "b", "userPhoneNumber": None},
        {"id": 7, "userPhoneNumber": 380671234567, "birth": "31.02.1990"},
        {},
        None,
        "text",
        [1],
    ]
    simulator.control("POST", "clients", {"clients": rows, "raw": True})
    ask = {"Filters": [{"property": "Changed", "opr": 4, "filterValue": "2020-01-01"}]}
    assert simulator.send("wapi/Clients", ask).json()["entites"] == rows
    simulator.control(
        "POST", "clients", {"clients": [{"id": "a", "userName": "x"}], "raw": True}
    )
    assert len(simulator.control("GET", "clients")) == len(rows)


def test_rows_without_a_phone_have_to_be_raw(simulator):
    simulator.control("POST", "clients", [{"userName": "x"}], expect=422)
    assert simulator.control("GET", "clients") == []


def test_find(clients):
    def find(phone):
        return clients.send("api/booking_settings/getUser", {"userPhone": phone})

    assert find("380670000003").json()["userName"] == "Name 3"
    assert find("380999999999").json() == {}
    clients.control("PUT", "settings", {"unknown_client": "404"})
    assert find("380999999999").status_code == 404
