"""The HTTP client against real sockets on the loopback."""

import socket
import threading
import time
from contextlib import closing
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ..lib import client as lib_client
from ..lib.client import Client, Request
from .fake_inboost import FakeInBoost


@tagged("post_install", "-at_install")
class TestClient(BaseCase):
    def setUp(self):
        super().setUp()
        self.fake = FakeInBoost()
        self.addCleanup(self.fake.close)
        self.client = Client(allow_http=True, allowed_networks=["127.0.0.0/8"])
        self.addCleanup(self.client.close)

    def send(self, path="/x", **kwargs):
        return self.client.send(Request("POST", self.fake.url + path, **kwargs))

    def raw_server(self, talk):
        """A server that does ``talk(connection)`` for each connection."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    connection, _peer = listener.accept()
                except OSError:
                    return
                with closing(connection):
                    talk(connection)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    def test_answer(self):
        self.fake.script["/x"] = [(200, {"X": "y"}, '{"ключ": 1}'.encode())]
        exchange = self.send(body={"a": "ї"}, event_id="id-1")
        self.assertEqual((exchange.status, exchange.data), (200, {"ключ": 1}))
        self.assertTrue(exchange.sent)
        self.assertEqual(self.fake.requests[0]["body"], {"a": "ї"})
        self.assertEqual(self.fake.requests[0]["headers"]["Idempotency-Key"], "id-1")

    def test_brackets_without_end_are_no_answer(self):
        self.fake.script["/x"] = [(200, {}, b"[" * 60_000 + b"]" * 60_000)]
        exchange = self.send(max_answer=200_000)
        self.assertEqual((exchange.status, exchange.data), (200, None))

    def test_an_answer_that_breaks_off_says_so(self):
        self.fake.script["/x"] = [(200, {"Content-Length": "99"}, b'{"a":')]
        exchange = self.send()
        self.assertEqual((exchange.status, exchange.data), (200, None))
        self.assertTrue(exchange.error)

    def test_a_slow_name_server_holds_the_caller_no_longer_than_asked(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def slow(*args, **kwargs):
            release.wait(20)
            raise socket.gaierror(-2, "unknown")

        with patch("socket.getaddrinfo", slow):
            request = Request("POST", "http://localhost:9/", body={})
            exchange = self.client.send_within(request, 0.2)
        self.assertFalse(release.is_set(), "still asking")
        self.assertIn("no answer within 0.2 s", exchange.error)
        self.assertTrue(exchange.sent, "nobody knows")

    def test_nothing_listens(self):
        exchange = self.client.send(Request("POST", "http://127.0.0.1:1/", body={}))
        self.assertFalse(exchange.sent)
        self.assertIn("Connect error", exchange.error)

    def test_name_error(self):
        with patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "unknown")):
            exchange = self.client.send(Request("POST", "http://localhost:9/", body={}))
        self.assertFalse(exchange.sent)
        self.assertIn("Name error", exchange.error)

    def test_tls_error(self):
        url = self.raw_server(lambda connection: connection.sendall(b"no TLS\n" * 9))
        exchange = self.client.send(
            Request("POST", url.replace("http:", "https:"), body={})
        )
        self.assertFalse(exchange.sent)
        self.assertIn("TLS error", exchange.error)

    def test_closed_before_the_answer_is_sent_and_once(self):
        self.fake.script["/x"] = ["close"]
        exchange = self.send(body={})
        self.assertTrue(exchange.sent)
        self.assertIsNone(exchange.status)
        self.assertEqual(len(self.fake.requests), 1)

    def test_private_address_behind_a_public_name(self):
        guarded = Client(allow_http=True)
        self.addCleanup(guarded.close)
        exchange = guarded.send(
            Request("POST", self.fake.url.replace("127.0.0.1", "localhost") + "/x")
        )
        self.assertFalse(exchange.sent)
        self.assertIn("private or local", exchange.error)
        self.assertFalse(self.fake.requests)

    def test_http_only_for_developers(self):
        strict = Client(allowed_networks=["127.0.0.0/8"])
        self.addCleanup(strict.close)
        exchange = strict.send(Request("POST", self.fake.url))
        self.assertIn("https://", exchange.error)

    def test_redirect_is_not_followed(self):
        self.fake.script["/x"] = [(302, {"Location": "/y"})]
        self.assertEqual(self.send().status, 302)
        self.assertEqual(len(self.fake.requests), 1)

    def test_huge_answer_is_cut(self):
        self.fake.script["/x"] = [(200, {}, b"a" * 5_000_000)]
        exchange = self.send()
        self.assertEqual(exchange.status, 200)
        self.assertTrue(exchange.truncated)
        self.assertEqual(len(exchange.answer), lib_client.MAX_ANSWER)

    def test_unreadable_answer_keeps_its_status(self):
        self.fake.script["/x"] = [(200, {}, b"\xff\x00{")]
        exchange = self.send()
        self.assertEqual((exchange.status, exchange.data), (200, None))
        self.assertNotIn("\x00", exchange.answer)

    def test_dripping_answer_ends_at_the_deadline(self):
        def drip(connection):
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            for _n in range(200):
                try:
                    connection.sendall(b"x" * 9000)
                except OSError:
                    return
                time.sleep(0.02)

        url = self.raw_server(drip)
        exchange = self.client.send(Request("POST", url, timeout=0.1))
        self.assertEqual(exchange.status, 200)
        self.assertTrue(exchange.truncated)

    def test_connections_are_reused_but_not_after_idling(self):
        opened = []
        original = socket.socket.connect

        def connect(sock, target):
            opened.append(target)
            return original(sock, target)

        with patch("socket.socket.connect", connect):
            self.send()
            self.send()
            self.assertEqual(len(opened), 1)
            with patch.object(lib_client, "MAX_IDLE", 0.0):
                self.send()
            self.assertEqual(len(opened), 2)

    def test_cookies_are_not_kept(self):
        self.fake.script["/x"] = [(200, {"Set-Cookie": "a=b"})]
        self.send()
        self.send()
        self.assertNotIn("Cookie", self.fake.requests[1]["headers"])
