import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import operations, paging

LIST = operations.OPERATIONS["customers_list"]
PATHS = {"rows": LIST.rows, "total": LIST.total, "next": LIST.next}
ADDRESS = "https://shop.example.com/api/customers"
#: What a server may do: its style, and where it has the rows.
SHAPES = [
    *((style, shape) for style in ("page", "offset") for shape in ("data", "bare")),
    ("page", "entites"),
    ("cursor", "data"),
    ("cursor", "entites"),
    ("address", "data"),
    ("link", "bare"),
]


class Server:
    """A list as servers give it out.

    :ivar most: rows it gives at once, whatever is asked for"""

    def __init__(self, count, style, shape="entites", most=None, total=True):
        self.rows = [{"id": n} for n in range(count)]
        self.style, self.shape, self.total = style, shape, total
        self.most = most or 10**6
        self.asked = 0

    def answer(self, query, position):
        """:return: the JSON and the headers"""
        self.asked += 1
        size = min(query["limit"] or query["page_size"], self.most)
        if self.style == "page":
            start = (query["page"] - 1) * size
        elif self.style == "offset":
            start = query["offset"]
        else:
            start = int((position or "0").rpartition("=")[2])
        return self.give(self.rows[start : start + size], start + size)

    def give(self, rows, end):
        more = end < len(self.rows)
        headers = {}
        if self.style == "link" and more:
            headers["link"] = f'<{ADDRESS}?from={end}>; rel="next", </x>; rel="last"'
        if self.shape == "bare":
            return rows, headers
        pointer = f"?from={end}" if self.style == "address" else str(end)
        return {
            self.shape: rows,
            **({"totalCount": len(self.rows)} if self.total else {}),
            "nextCursor": pointer if more else None,
        }, headers


def read_all(server, size=10, style=None, paths=PATHS):
    """:return: the rows, the last page, and the first problem of all pages"""
    rows, position, previous, total, problem = [], None, "", None, None
    style = style or server.style
    for _page in range(100):
        query = paging.query(style, position, size)
        data, headers = server.answer(query, position)
        page = paging.read(
            data, paths, style, position, size, len(rows), previous,
            headers=headers, address=position if "//" in (position or "") else ADDRESS,
            total_before=total,
        )  # fmt: skip
        rows += page.rows
        problem = problem or page.problem
        if page.next is None:
            return rows, page, problem
        assert not page.complete
        position, previous, total = page.next, page.digest, page.total
    raise AssertionError("the list does not end")


@given(
    st.integers(0, 45),
    st.sampled_from(SHAPES),
    st.one_of(st.none(), st.integers(1, 20)),
    st.booleans(),
)
def test_every_row_once_and_the_list_is_complete(count, shape, most, total):
    # By page number a server must give the size that it was asked for.
    most = most if shape[0] != "page" else None
    server = Server(count, *shape, most=most, total=total)
    rows, page, problem = read_all(server)
    assert rows == server.rows
    assert page.complete and problem is None


def test_the_total_spares_a_request():
    server = Server(25, "page")
    read_all(server)
    assert server.asked == 3
    bare = Server(25, "page", "bare")
    read_all(bare)
    assert bare.asked == 4


class Deaf(Server):
    """Always the same rows, at most 100."""

    def answer(self, query, position):
        self.asked += 1
        return self.give(self.rows[:100], 0 if self.style == "page" else 100)


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("shape", ["data", "bare"])
@pytest.mark.parametrize("style", ["page", "offset"])
def test_a_server_that_ignores_the_page_number_is_not_done(style, shape, total):
    server = Deaf(250, style, shape, total=total)
    rows, page, problem = read_all(server, size=50)
    assert len(rows) == 100
    assert not page.complete
    assert problem.code == "repeated"
    assert server.asked == 2


def test_all_rows_at_once_are_the_list_when_size_or_total_shows_it():
    for shape, size in (("bare", 100), ("data", 10)):
        server = Deaf(25, "page", shape)
        rows, page, problem = read_all(server, size)
        assert rows == server.rows
        assert page.complete and not problem


@pytest.mark.parametrize(
    "envelope",
    [
        {"meta": {"next_cursor": "20"}},
        {"nextPageToken": "20"},
        {"paging": {"next": {"after": "20"}}},
        {"links": {"next": "/customers?from=20"}},
        {"hasMore": True},
    ],
)
@pytest.mark.parametrize("style", ["cursor", "address"])
def test_a_cursor_in_another_place_is_not_the_end(style, envelope):
    """20 of 45 rows came and the path of the cursor leads nowhere."""
    answer = {"data": [{"id": n} for n in range(20)], **envelope}
    page = paging.read(answer, PATHS, style, None, 20, 0, address=ADDRESS)
    assert page.next is None
    assert not page.complete
    assert page.problem.code == "cursor_left"
    assert str(page.problem)


def test_a_next_page_in_the_header_alone_is_noticed():
    headers = {"Link": f'<{ADDRESS}?page=2>; rel="next"'}
    page = paging.read([{"id": 1}], PATHS, "cursor", None, 1, 0, headers=headers)
    assert page.problem.code == "cursor_left"


def test_a_cursor_that_was_used_says_nothing():
    answer = {"data": [{"id": 1}], "cursor": "abc", "next": None, "has_more": False}
    page = paging.read(answer, PATHS, "cursor", "abc", 10, 10)
    assert page.complete


@pytest.mark.parametrize("style", ["page", "offset", "cursor"])
def test_a_list_that_ends_before_its_total_is_incomplete(style):
    server = Server(45, style)
    server.rows = server.rows[:30]
    give = server.give
    server.give = lambda rows, end: (
        {**give(rows, end)[0], "totalCount": 45}, {}
    )  # fmt: skip
    rows, page, problem = read_all(server)
    assert len(rows) == 30
    assert not page.complete
    assert (problem.code, problem.args) == ("short", {"count": 30, "total": 45})


def test_a_row_deleted_between_two_pages_is_noticed():
    """The list moves up by one, and the first row of the second page is skipped."""
    server = Server(20, "page")
    answer = server.answer

    def delete_and_answer(query, position):
        if query["page"] == 2:
            del server.rows[0]
        return answer(query, position)

    server.answer = delete_and_answer
    rows, _page, problem = read_all(server)
    assert {"id": 10} not in rows
    assert problem.code == "shrank"


def test_a_cursor_that_stands_still_is_not_the_end():
    answer = {"data": [{"id": 1}], "nextCursor": "same"}
    page = paging.read(answer, PATHS, "cursor", "same", 10, 0)
    assert page.next is None
    assert page.problem.code == "stuck"


def test_the_same_page_under_another_cursor_is_not_the_end():
    answer = {"data": [{"id": 1}], "nextCursor": "b"}
    first = paging.read(answer, PATHS, "cursor", None, 10, 0)
    answer["nextCursor"] = "c"
    page = paging.read(answer, PATHS, "cursor", "b", 10, 1, first.digest)
    assert page.next is None
    assert page.problem.code == "repeated"


def test_an_empty_page_with_a_cursor_goes_on_once():
    answer = {"data": [], "nextCursor": "b"}
    first = paging.read(answer, PATHS, "cursor", "a", 10, 5)
    assert first.next == "b"
    answer["nextCursor"] = "c"
    page = paging.read(answer, PATHS, "cursor", "b", 10, 5, first.digest)
    assert page.next is None
    assert not page.complete


@pytest.mark.parametrize(
    "pointer, following",
    [
        ("?page=2", ADDRESS + "?page=2"),
        ("/v2/next", "https://shop.example.com/v2/next"),
        ("HTTPS://Shop.example.com:443/x", "https://Shop.example.com:443/x"),
    ],
)
def test_a_next_address_may_be_relative(pointer, following):
    answer = {"data": [{"id": 1}], "nextCursor": pointer}
    page = paging.read(answer, PATHS, "address", None, 1, 0, address=ADDRESS)
    assert page.next == following
    assert paging.query("address", page.next, 1)["cursor"] is None


@pytest.mark.parametrize(
    "pointer",
    [
        "https://evil.example.com/api",
        "//evil.example.com/api",
        "http://shop.example.com/api",
        "https://shop.example.com:8443/api",
        "https://shop.example.com@evil.example.com/",
        "https://user:key@shop.example.com/",
        "https://shop.example.com:99999999/",
        "https://[",
        "ftp://shop.example.com/",
        "file:///etc/passwd",
    ],
)
def test_a_next_address_on_another_server_is_refused(pointer):
    answer = {"data": [{"id": 1}], "nextCursor": pointer}
    with pytest.raises(paging.PageError) as caught:
        paging.read(answer, PATHS, "address", None, 1, 0, address=ADDRESS)
    assert caught.value.problem.code == "foreign_address"


@pytest.mark.parametrize("answer", [{"data": "text"}, "text", None, 7, {}])
def test_what_is_not_a_list(answer):
    with pytest.raises(paging.PageError):
        paging.read(answer, PATHS, "page", None, 10, 0)


@pytest.mark.parametrize("pointer", [True, 1.5, [1], {"a": 1}])
def test_what_is_not_a_cursor(pointer):
    answer = {"data": [{"id": 1}], "nextCursor": pointer}
    with pytest.raises(paging.PageError):
        paging.read(answer, PATHS, "cursor", None, 1, 0)


def test_too_many_rows_at_once():
    with pytest.raises(paging.PageError):
        paging.read([{}] * (paging.MAX_ROWS + 1), PATHS, "page", None, 10, 0)


@pytest.mark.parametrize(
    "total, read", [("many", None), ("45", 45), (True, None), (3, 3), (None, None)]
)
def test_totals(total, read):
    answer = {"data": [{"id": 1}], "totalCount": total}
    assert paging.read(answer, PATHS, "page", None, 10, 0).total == read


@pytest.mark.parametrize(
    "style, position", [("page", "abc"), ("offset", "²"), ("link", "12")]
)
def test_a_position_of_another_style_is_named(style, position):
    with pytest.raises(paging.PageError) as caught:
        paging.query(style, position, 10)
    assert caught.value.problem.code == "other_style"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "entites", "totalCount", "nextCursor", "next"]),
            inner,
            max_size=3,
        )
    ),
)


@given(
    ANY_JSON,
    st.sampled_from(paging.STYLES),
    st.text("<>;,=\"' relnxt:/?", max_size=30),
    st.integers(0, 30),
    st.one_of(st.none(), st.integers(0, 30)),
)
def test_any_answer_is_a_page_or_a_refusal(data, style, link, seen, before):
    try:
        page = paging.read(
            data, PATHS, style, None, 10, seen,
            headers={"Link": link}, address=ADDRESS, total_before=before,
        )  # fmt: skip
    except paging.PageError as error:
        assert str(error)
        return
    assert not (page.complete and page.problem)
    if page.next is None:
        assert page.complete or page.problem
    elif style in paging.BY_ADDRESS:
        assert page.next.startswith("https://shop.example.com/")
