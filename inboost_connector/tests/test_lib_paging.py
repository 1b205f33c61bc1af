from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import TransactionCase

from ..lib import operations, paging

LIST = operations.OPERATIONS["customers_list"]
PATHS = {"rows": LIST.rows, "total": LIST.total, "next": LIST.next}


class Server:
    """A list as servers give it out.

    :ivar most: rows it gives at once, whatever is asked for"""

    def __init__(self, count, style, shape="entites", most=None, total=True):
        self.rows = [{"id": n} for n in range(count)]
        self.style, self.shape, self.total = style, shape, total
        self.most = most or 10**6
        self.asked = 0

    def answer(self, query):
        self.asked += 1
        size = min(query["limit"] or query["page_size"], self.most)
        if self.style == "page":
            start = (query["page"] - 1) * size
        elif self.style == "offset":
            start = query["offset"]
        else:
            start = int(query["cursor"] or 0)
        rows = self.rows[start : start + size]
        if self.shape == "bare":
            return rows
        end = start + size
        return {
            self.shape: rows,
            **({"totalCount": len(self.rows)} if self.total else {}),
            "nextCursor": str(end) if end < len(self.rows) else None,
        }


def read_all(server, size=10):
    rows, position, previous = [], None, ""
    while True:
        answer = server.answer(paging.query(server.style, position, size))
        page = paging.read(
            answer, PATHS, server.style, position, size, len(rows), previous
        )
        rows += page.rows
        if page.next is None:
            return rows
        position, previous = page.next, page.digest


class TestPaging(TransactionCase):
    @given(
        st.integers(0, 45),
        st.sampled_from(
            [
                ("page", "entites"),
                ("page", "data"),
                ("page", "bare"),
                ("offset", "entites"),
                ("offset", "data"),
                ("offset", "bare"),
                ("cursor", "entites"),
                ("cursor", "data"),
            ]
        ),
        st.one_of(st.none(), st.integers(1, 20)),
        st.booleans(),
    )
    def test_every_row_once(self, count, style, most, total):
        # By page number a server must give the size that it was asked for.
        server = Server(
            count, *style, most=most if style[0] != "page" else None, total=total
        )
        self.assertEqual(read_all(server), server.rows)

    def test_the_total_spares_a_request(self):
        server = Server(25, "page")
        read_all(server)
        self.assertEqual(server.asked, 3)
        bare = Server(25, "page", "bare")
        read_all(bare)
        self.assertEqual(bare.asked, 4)

    def test_a_server_that_gives_all_of_it_each_time(self):
        class Deaf(Server):
            def answer(self, query):
                self.asked += 1
                return self.rows

        for style in ("page", "offset"):
            server = Deaf(25, style)
            self.assertEqual(read_all(server), server.rows)
            self.assertEqual(server.asked, 2)

    def test_a_cursor_that_stands_still_ends(self):
        answer = {"data": [{"id": 1}], "nextCursor": "same"}
        page = paging.read(answer, PATHS, "cursor", "same", 10, 0)
        self.assertIsNone(page.next)

    def test_what_is_no_list(self):
        for answer in ({"data": "text"}, "text", None, 7, {}):
            with self.assertRaises(paging.PageError):
                paging.read(answer, PATHS, "page", None, 10, 0)

    def test_too_many_rows_at_once(self):
        with self.assertRaises(paging.PageError):
            paging.read([{}] * (paging.MAX_ROWS + 1), PATHS, "page", None, 10, 0)

    def test_a_total_that_is_none(self):
        answer = {"data": [{"id": 1}], "totalCount": "many"}
        self.assertIsNone(paging.read(answer, PATHS, "page", None, 10, 0).total)
