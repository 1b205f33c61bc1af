"""The HTTP client against real sockets on the loopback."""

import contextlib
import http.server
import json
import os
import queue
import socket
import ssl
import threading
import time
from unittest.mock import patch

import pytest
import trustme

from inboost_connector.lib import client as lib_client
from inboost_connector.lib import connect as lib_connect
from inboost_connector.lib import pool as lib_pool
from inboost_connector.lib.client import Client, Request

LOOPBACK = ["127.0.0.0/8"]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Receiver(http.server.ThreadingHTTPServer):
    """Answers with ``answer`` (status, headers, body) and keeps what it was sent."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        receiver = self
        self.answer = (200, {}, b"{}")
        self.requests = []
        self.connections = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                receiver.connections += 1
                super().setup()

            def reply(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                receiver.requests.append(
                    (self.command, self.path, dict(self.headers), body)
                )
                status, headers, content = receiver.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" in headers:
                    # More was announced than comes.
                    self.close_connection = True
                else:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = reply

            def log_message(self, *args):
                """Quiet."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=[0.01], daemon=True).start()


@pytest.fixture
def receiver():
    with Receiver() as server:
        yield server
        server.shutdown()


@pytest.fixture
def http_client():
    with Client(allow_http=True, allowed_networks=LOOPBACK) as it:
        yield it


@pytest.fixture
def raw_server():
    """A server that does ``talk(connection)`` for each connection, on ``host``."""
    with contextlib.ExitStack() as open_ones:

        def start(talk, host="127.0.0.1", port=0):
            listener = open_ones.enter_context(socket.create_server((host, port)))

            def serve():
                while True:
                    try:
                        connection, _peer = listener.accept()
                    except OSError:
                        return
                    threading.Thread(target=run, args=[connection], daemon=True).start()

            def run(connection):
                with connection, contextlib.suppress(OSError):
                    talk(connection)

            threading.Thread(target=serve, daemon=True).start()
            return listener.getsockname()[1]

        yield start


def receive(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    return data


def resolving_to(*addresses):
    """Every name has these addresses: (host, port)."""

    def getaddrinfo(host, port, *args, **kwargs):
        return [
            (
                socket.AF_INET6 if ":" in ip else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                (ip, at),
            )
            for ip, at in addresses
        ]

    return patch("socket.getaddrinfo", getaddrinfo)


# -- requests ----------------------------------------------------------------------


def test_a_request_leaves_as_json_and_its_answer_is_parsed(receiver, http_client):
    receiver.answer = (200, {"X": "y"}, '{"ключ": 1}'.encode())
    exchange = http_client.send(
        Request("POST", receiver.url + "/x?a=1", body={"a": "ї"}, event_id="id-1")
    )
    assert (exchange.status, exchange.data) == (200, {"ключ": 1})
    assert exchange.headers["X"] == "y"
    assert exchange.sent and not exchange.trouble
    [(method, path, headers, body)] = receiver.requests
    assert (method, path, json.loads(body)) == ("POST", "/x?a=1", {"a": "ї"})
    assert headers["Idempotency-Key"] == "id-1"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_method_carries_a_body(receiver, http_client, method):
    assert http_client.send(Request(method, receiver.url, body=[1])).status == 200
    assert (receiver.requests[0][0], receiver.requests[0][3]) == (method, b"[1]")


def test_a_form(receiver, http_client):
    body = {"a": "ї &", "b": [1, 2.5], "c": True, "d": None}
    http_client.send(Request("POST", receiver.url, body=body, body_format="form"))
    _method, _path, headers, sent = receiver.requests[0]
    assert sent == b"a=%D1%97+%26&b=1&b=2.5&c=true"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_get_has_no_body(receiver, http_client):
    assert http_client.send(Request("GET", receiver.url)).status == 200
    assert "Content-Type" not in receiver.requests[0][2]
    assert receiver.requests[0][3] == b""


@pytest.mark.parametrize(
    "request_of",
    [
        dict(method="GET", body={}),
        dict(method="POST", body={"a": {}}, body_format="form"),
        dict(method="POST", body=[], body_format="form"),
        dict(method="POST", body={"a": float("nan")}),
        dict(method="POST", body={"a": "\ud83d"}),
        dict(method="POST", body={"a": object()}),
        dict(method="POST", headers={"host": "evil.example.com"}),
        dict(method="POST", headers={"Content-Length": "0"}),
        dict(method="POST", headers={"X": "a\r\nY: b"}),
        dict(method="POST", headers={"X": "ї"}),
    ],
)
def test_what_cannot_be_sent_is_our_error_and_nothing_leaves(
    receiver, http_client, request_of
):
    exchange = http_client.send(Request(url=receiver.url, **request_of))
    assert exchange.status is None
    assert (exchange.trouble, exchange.sent) == ("our_error", False)
    assert exchange.error
    assert not receiver.requests


def test_further_headers_replace_ours(receiver, http_client):
    request = Request("POST", receiver.url, {"accept": "text/plain", "X-A": "b"})
    http_client.send(request)
    sent = {name.lower(): value for name, value in receiver.requests[0][2].items()}
    assert (sent["accept"], sent["x-a"]) == ("text/plain", "b")
    assert request.headers["User-Agent"], "the log shows all that left"


def test_letters_of_an_address_are_percent_encoded(receiver, http_client):
    http_client.send(Request("GET", receiver.url + "/шлях%20a?ї=1#part"))
    assert receiver.requests[0][1] == "/%D1%88%D0%BB%D1%8F%D1%85%20a?%D1%97=1"


# -- answers -----------------------------------------------------------------------


def test_brackets_without_end_are_no_answer(receiver, http_client):
    receiver.answer = (200, {}, b"[" * 60_000 + b"]" * 60_000)
    exchange = http_client.send(Request("POST", receiver.url, max_answer=200_000))
    assert (exchange.status, exchange.data) == (200, None)


def test_an_answer_that_breaks_off_says_so(receiver, http_client):
    receiver.answer = (200, {"Content-Length": "99"}, b'{"a":')
    exchange = http_client.send(Request("POST", receiver.url))
    assert (exchange.status, exchange.data) == (200, None)
    assert exchange.truncated and exchange.trouble == "connection_lost"


def test_a_chunked_answer_is_read_and_its_connection_kept(http_client, raw_server):
    talks = []

    def talk(connection):
        talks.append(1)
        for _n in range(2):
            receive(connection)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"2\r\n{}\r\n0\r\n\r\n"
            )

    url = f"http://127.0.0.1:{raw_server(talk)}"
    answers = [http_client.send(Request("GET", url)) for _n in range(2)]
    assert [a.data for a in answers] == [{}, {}]
    assert len(talks) == 1


def test_a_redirect_is_not_followed(receiver, http_client):
    receiver.answer = (302, {"Location": "/y"}, b"")
    assert http_client.send(Request("POST", receiver.url)).status == 302
    assert len(receiver.requests) == 1


def test_a_huge_answer_is_cut(receiver, http_client):
    receiver.answer = (200, {}, b"a" * 5_000_000)
    exchange = http_client.send(Request("POST", receiver.url))
    assert exchange.status == 200
    assert exchange.truncated and not exchange.trouble
    assert len(exchange.answer) == lib_client.MAX_ANSWER


def test_an_unreadable_answer_keeps_its_status(receiver, http_client):
    receiver.answer = (200, {}, b"\xff\x00{")
    exchange = http_client.send(Request("POST", receiver.url))
    assert (exchange.status, exchange.data) == (200, None)
    assert "\x00" not in exchange.answer


def test_what_does_not_speak_http_is_said(http_client, raw_server):
    def talk(connection):
        receive(connection)
        connection.sendall(b"220 mail.example.com ESMTP\r\n")

    exchange = http_client.send(
        Request("POST", f"http://127.0.0.1:{raw_server(talk)}", body={})
    )
    assert (exchange.status, exchange.trouble) == (None, "unreadable")
    assert exchange.sent


def test_the_answer_of_a_server_that_did_not_read_all_counts(http_client, raw_server):
    def talk(connection):
        connection.recv(1000)
        connection.sendall(
            b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        connection.shutdown(socket.SHUT_RD)
        while connection.recv(65536):
            """A hard reset would take the answer away with it."""

    url = f"http://127.0.0.1:{raw_server(talk)}"
    exchange = http_client.send(Request("POST", url, body="x" * 8_000_000))
    assert exchange.status == 413


def test_headers_that_come_twice_are_joined(http_client, raw_server):
    def talk(connection):
        receive(connection)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nLink: <a>\r\nLink: <b>\r\nContent-Length: 0\r\n\r\n"
        )

    url = f"http://127.0.0.1:{raw_server(talk)}"
    assert http_client.send(Request("GET", url)).headers["Link"] == "<a>, <b>"


def test_cookies_are_not_kept(receiver, http_client):
    receiver.answer = (200, {"Set-Cookie": "a=b"}, b"{}")
    for _n in range(2):
        http_client.send(Request("POST", receiver.url))
    assert "Cookie" not in receiver.requests[1][2]


def test_a_proxy_of_the_environment_is_not_used(receiver, http_client):
    with patch.dict(os.environ, {"http_proxy": "http://127.0.0.1:1"}):
        assert http_client.send(Request("GET", receiver.url)).status == 200


# -- what did not arrive -----------------------------------------------------------


def test_nothing_listens(http_client):
    exchange = http_client.send(Request("POST", "http://127.0.0.1:1/", body={}))
    assert not exchange.sent
    assert exchange.trouble == "no_connection"


def test_a_name_that_nobody_knows(http_client):
    with patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "unknown")):
        exchange = http_client.send(Request("POST", "http://nowhere:9/", body={}))
    assert not exchange.sent
    assert exchange.trouble == "name_error"


def test_a_server_without_tls(http_client, raw_server):
    port = raw_server(lambda connection: connection.sendall(b"no TLS\n" * 9))
    exchange = http_client.send(Request("POST", f"https://127.0.0.1:{port}/", body={}))
    assert not exchange.sent
    assert exchange.trouble == "tls_error"


def test_closed_before_the_answer_is_sent_and_once(http_client, raw_server):
    seen = []
    port = raw_server(lambda connection: seen.append(receive(connection)))
    exchange = http_client.send(Request("POST", f"http://127.0.0.1:{port}", body={}))
    assert exchange.sent and exchange.status is None
    assert exchange.trouble == "connection_lost"
    assert len(seen) == 1


def test_a_private_address_behind_a_public_name(receiver):
    port = receiver.server_port
    with Client(allow_http=True) as guarded, resolving_to(("127.0.0.1", port)):
        exchange = guarded.send(Request("POST", f"http://shop.example.com:{port}"))
    assert not exchange.sent
    assert exchange.trouble == "address_refused"
    assert "private or local" in exchange.error
    assert not receiver.requests


def test_one_private_address_among_public_ones_is_refused(http_client):
    with resolving_to(("8.8.8.8", 80), ("10.0.0.1", 80)):
        exchange = http_client.send(Request("POST", "http://shop.example.com"))
    assert (exchange.sent, exchange.trouble) == (False, "address_refused")


def test_http_is_for_developers_only(receiver):
    with Client(allowed_networks=LOOPBACK) as strict:
        exchange = strict.send(Request("POST", receiver.url))
    assert "https://" in exchange.error


# -- TLS ---------------------------------------------------------------------------


@pytest.fixture
def authority():
    """One that the client trusts while the test runs."""
    authority = trustme.CA()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    with patch.object(lib_client, "_tls", lambda: trusted):
        yield authority


def serve_tls(authority, name, raw_server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            while True:
                receive(secure)
                secure.sendall(ANSWER)

    return raw_server(talk)


def test_tls_with_a_trusted_certificate(authority, http_client, raw_server):
    port = serve_tls(authority, "shop.example.com", raw_server)
    with resolving_to(("127.0.0.1", port)):
        for _n in range(2):
            exchange = http_client.send(
                Request("POST", f"https://shop.example.com:{port}/x", body={})
            )
            assert (exchange.status, exchange.data) == (200, {})


def test_a_certificate_of_another_name_is_refused(authority, http_client, raw_server):
    port = serve_tls(authority, "other.example.com", raw_server)
    with resolving_to(("127.0.0.1", port)):
        exchange = http_client.send(
            Request("POST", f"https://shop.example.com:{port}/x", body={})
        )
    assert (exchange.sent, exchange.trouble) == (False, "tls_error")


def test_a_certificate_that_nobody_vouches_for_is_refused(http_client, raw_server):
    port = serve_tls(trustme.CA(), "shop.example.com", raw_server)
    with resolving_to(("127.0.0.1", port)):
        exchange = http_client.send(
            Request("POST", f"https://shop.example.com:{port}/x", body={})
        )
    assert (exchange.sent, exchange.trouble) == (False, "tls_error")


# -- time --------------------------------------------------------------------------


def trickle(data, first=b""):
    """Sends ``data`` byte by byte, for ever as it were."""

    def talk(connection):
        connection.recv(4096)
        connection.sendall(first)
        for _n in range(500):
            connection.sendall(data)
            time.sleep(0.02)

    return talk


@pytest.mark.parametrize(
    "scheme, first",
    [
        ("https", b"\x16\x03\x03\x40\x00"),
        ("http", b"HTTP/1.1 "),
        ("http", b"HTTP/1.1 200 OK\r\nX: "),
    ],
    ids=["TLS handshake", "status", "header"],
)
def test_a_trickle_of_bytes_holds_nobody(http_client, raw_server, scheme, first):
    """A byte at a time, none slow enough for a socket's own timeout."""
    port = raw_server(trickle(b"x", first))
    url = f"{scheme}://127.0.0.1:{port}"
    exchange = http_client.send(Request("POST", url, body={}, timeout=0.3))
    assert (exchange.trouble, exchange.status) == ("timeout", None)
    assert exchange.sent is (scheme == "http")
    assert exchange.duration < 5


@pytest.mark.parametrize("length", [b"Content-Length: 100000\r\n", b""])
def test_a_dripping_answer_ends_at_the_deadline(http_client, raw_server, length):
    first = b"HTTP/1.1 200 OK\r\n" + length + b"\r\n"
    port = raw_server(trickle(b"1", first))
    url = f"http://127.0.0.1:{port}"
    exchange = http_client.send(Request("POST", url, timeout=0.3))
    assert exchange.status == 200
    assert exchange.truncated and exchange.trouble == "timeout"
    assert exchange.data is None
    assert exchange.duration < 5


def test_a_server_that_reads_nothing_holds_nobody(http_client, raw_server):
    release = threading.Event()
    port = raw_server(lambda connection: release.wait(20))
    request = Request(
        "POST", f"http://127.0.0.1:{port}", body="x" * 20_000_000, timeout=1
    )
    exchange = http_client.send(request)
    release.set()
    assert (exchange.trouble, exchange.sent) == ("timeout", True)


def test_what_was_given_up_does_not_arrive_later(http_client, raw_server):
    """A server that wakes up, or a network that comes back, must not get it after what
    left later."""
    release, ends = threading.Event(), queue.SimpleQueue()

    def wake_up(connection):
        release.wait(20)
        try:
            while connection.recv(1_000_000):
                pass
            ends.put("all of it that had left the program")
        except ConnectionResetError:
            ends.put("thrown away")

    port = raw_server(wake_up)
    url = f"http://127.0.0.1:{port}"
    http_client.send(Request("POST", url, body="x" * 20_000_000, timeout=0.5))
    release.set()
    assert ends.get(timeout=20) == "thrown away"


def test_many_deadlines_need_one_thread(http_client, raw_server):
    release = threading.Event()
    port = raw_server(lambda connection: release.wait(20))
    results = []

    def send(timeout):
        request = Request("GET", f"http://127.0.0.1:{port}", timeout=timeout)
        results.append(http_client.send(request).trouble)

    senders = [
        threading.Thread(target=send, args=[seconds])
        for seconds in (0.5, 0.1, 0.3, 0.2, 0.4)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(10)
    release.set()
    assert results == ["timeout"] * 5
    watchers = [t for t in threading.enumerate() if "_run" in t.name]
    assert len(watchers) == 1


def test_the_watchdog_works_in_a_forked_worker(receiver, http_client, raw_server):
    http_client.send(Request("GET", receiver.url))
    port = raw_server(trickle(b"x", b"HTTP/1.1 200 OK\r\nX: "))
    child = os.fork()
    if not child:
        code = 1
        with contextlib.suppress(BaseException), Client(True, LOOPBACK) as own:
            url = f"http://127.0.0.1:{port}"
            exchange = own.send(Request("GET", url, timeout=0.2))
            code = 0 if exchange.trouble == "timeout" else 2
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_slow_name_server_holds_the_caller_no_longer_than_asked(http_client):
    release = threading.Event()

    def slow(*args, **kwargs):
        release.wait(20)
        raise socket.gaierror(-2, "unknown")

    with patch("socket.getaddrinfo", slow):
        request = Request("POST", "http://shop.example.com:9/", body={})
        exchange = http_client.send_within(request, 0.2)
        assert not release.is_set(), "still asking"
        release.set()
    assert "no answer within 0.2 s" in exchange.error
    assert exchange.sent, "nobody knows"


def test_nothing_leaves_once_the_time_is_up(receiver, http_client):
    """The name server took all the time that there was."""

    def slow(host, port, **kwargs):
        time.sleep(0.3)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with patch("socket.getaddrinfo", slow):
        url = f"http://shop.example.com:{receiver.server_port}"
        exchange = http_client.send(Request("POST", url, timeout=0.2))
    assert (exchange.sent, exchange.trouble) == (False, "timeout")
    assert not receiver.requests


# -- connecting --------------------------------------------------------------------


@contextlib.contextmanager
def silent_port():
    """Takes connections and never answers SYNs: its queue is full."""
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind(("127.0.0.2", 0))
        listener.listen(0)
        for _n in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_dead_address_beside_a_live_one_costs_a_moment(receiver, http_client):
    port = receiver.server_port
    with silent_port() as dead:
        with resolving_to(("127.0.0.2", dead), ("127.0.0.1", port)):
            url = f"http://shop.example.com:{port}"
            exchange = http_client.send(Request("GET", url, timeout=2))
    assert exchange.status == 200
    assert exchange.duration >= lib_connect.NEXT_ADDRESS


def test_a_refused_address_is_followed_by_the_next_at_once(receiver, http_client):
    port = receiver.server_port
    with (
        resolving_to(("::1", 1), ("127.0.0.2", 1), ("127.0.0.1", port)),
        patch.object(lib_connect, "NEXT_ADDRESS", 60),
    ):
        with Client(True, [*LOOPBACK, "::1/128"]) as own:
            exchange = own.send(Request("GET", f"http://a.example.com:{port}"))
    assert exchange.status == 200


def test_only_dead_addresses_take_no_more_than_the_time_there_is(http_client):
    with silent_port() as dead, resolving_to(("127.0.0.2", dead)):
        exchange = http_client.send(
            Request("GET", "http://shop.example.com", timeout=0.4)
        )
    assert (exchange.sent, exchange.trouble) == (False, "timeout")
    assert exchange.duration < 5


def test_connecting_has_a_limit_of_its_own(http_client):
    with (
        silent_port() as dead,
        resolving_to(("127.0.0.2", dead)),
        patch.object(lib_client, "CONNECT_TIMEOUT", 0.2),
    ):
        exchange = http_client.send(Request("GET", "http://shop.example.com"))
    assert exchange.trouble == "timeout"


# -- connections -------------------------------------------------------------------


def test_connections_are_used_again(receiver, http_client):
    for _n in range(3):
        http_client.send(Request("POST", receiver.url, body={}))
    assert receiver.connections == 1


def test_a_connection_that_idled_is_not_used_again(receiver, http_client):
    http_client.send(Request("POST", receiver.url, body={}))
    with patch.object(lib_pool, "MAX_IDLE", 0.0):
        http_client.send(Request("POST", receiver.url, body={}))
    assert receiver.connections == 2


def test_a_connection_that_the_server_closed_is_not_used_again(http_client, raw_server):
    """Else the outcome of the next request would be unknown for nothing."""
    closed = threading.Event()
    talks = []

    def talk(connection):
        talks.append(1)
        receive(connection)
        connection.sendall(ANSWER)
        connection.close()
        closed.set()

    url = f"http://127.0.0.1:{raw_server(talk)}"
    for _n in range(3):
        closed.clear()
        assert http_client.send(Request("POST", url, body={})).status == 200
        assert closed.wait(10)
    assert len(talks) == 3


def test_no_file_descriptor_is_left_behind(http_client, receiver):
    def send_some():
        for timeout in (5, 5, 0):
            http_client.send(Request("POST", receiver.url, timeout=timeout))
        http_client.send(Request("POST", "http://127.0.0.1:1"))
        http_client.close()

    with patch.object(lib_pool, "MAX_IDLE", 0.0):
        send_some()
        receiver.answer = (200, {"Connection": "close"}, b"{}")
        before = len(os.listdir("/proc/self/fd"))
        for _n in range(10):
            send_some()
    # The receiver's own ends are in this process too, and close when they hear of it.
    end = time.monotonic() + 10
    while len(os.listdir("/proc/self/fd")) > before and time.monotonic() < end:
        time.sleep(0.01)
    assert len(os.listdir("/proc/self/fd")) <= before
