"""The rules of lib/, by tables and by properties."""

from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..lib import address, backoff, outcome, redact
from ..lib.client import Exchange, Request
from ..lib.outcome import Verdict


def answered(status, **headers):
    return Exchange(Request("POST", "https://x.org"), status, headers, sent=True)


@tagged("post_install", "-at_install")
class TestOutcome(BaseCase):
    def test_table(self):
        table = {
            Verdict.DONE: (200, 201, 202, 204, 299),
            Verdict.DUPLICATE: (409,),
            Verdict.RETRY: (425, 429, 500, 502, 503),
            Verdict.PAUSE_BACKEND: (401, 403),
            Verdict.PAUSE_ENDPOINT: (404, 410),
            Verdict.FAILED: (300, 302, 308, 400, 405, 413, 415, 422, 451),
            Verdict.UNKNOWN: (408, 501, 504, 505, 520, 599),
        }
        for verdict, statuses in table.items():
            for status in statuses:
                self.assertIs(
                    outcome.classify(answered(status)).verdict, verdict, status
                )

    @given(st.integers(100, 999))
    def test_every_status_has_a_verdict(self, status):
        self.assertIsInstance(outcome.classify(answered(status)).verdict, Verdict)

    def test_without_an_answer(self):
        lost = Exchange(Request("POST", "https://x.org"), sent=True)
        self.assertIs(outcome.classify(lost).verdict, Verdict.UNKNOWN)
        unsent = Exchange(Request("POST", "https://x.org"), sent=False)
        self.assertIs(outcome.classify(unsent).verdict, Verdict.RETRY)

    def test_unknown_by_guarantee(self):
        self.assertIs(outcome.after_unknown("at_most_once"), Verdict.UNKNOWN)
        self.assertIs(outcome.after_unknown("at_least_once"), Verdict.RETRY)

    @given(st.text(max_size=40))
    def test_retry_after_is_bounded(self, value):
        seconds = outcome.retry_after({"retry-after": value})
        if seconds is not None:
            self.assertTrue(0 <= seconds <= outcome.MAX_RETRY_AFTER)

    def test_retry_after_forms(self):
        now = datetime(2026, 1, 1, tzinfo=timezone.utc)
        cases = {
            "7": 7,
            "-1": None,
            "9" * 1000: 3600,
            "Thu, 01 Jan 2026 00:01:00 GMT": 60,
            "Wed, 31 Dec 2025 00:00:00 GMT": 0,
            "soon": None,
        }
        for value, seconds in cases.items():
            self.assertEqual(outcome.retry_after({"Retry-After": value}, now), seconds)


@tagged("post_install", "-at_install")
class TestBackoff(BaseCase):
    @given(st.integers(-5, 10**9))
    def test_bounded(self, attempt):
        seconds = backoff.delay(attempt)
        self.assertGreaterEqual(seconds, backoff.BASE * (1 - backoff.JITTER))
        self.assertLessEqual(seconds, backoff.CAP * (1 + backoff.JITTER))

    def test_grows_and_jitters(self):
        self.assertLess(backoff.delay(1), backoff.delay(3))
        self.assertGreater(len({backoff.delay(5) for _n in range(20)}), 1)

    @given(st.integers(0, 10**9))
    def test_circuit(self, failures):
        pause = backoff.circuit_pause(failures)
        self.assertEqual(pause > 0, failures >= backoff.CIRCUIT_THRESHOLD)
        self.assertLessEqual(pause, backoff.CIRCUIT_CAP)


@tagged("post_install", "-at_install")
class TestRedact(BaseCase):
    def test_headers(self):
        masked = redact.headers(
            {"Authorization": "Bearer x", "X-Own": "y", "Accept": "z"}, ["x-own"]
        )
        self.assertEqual(
            masked, {"Authorization": "***", "X-Own": "***", "Accept": "z"}
        )

    @given(st.text(min_size=4, max_size=20), st.text(max_size=20), st.text(max_size=20))
    def test_secret_never_stays(self, secret, before, after):
        if secret not in redact.MASK:
            found = redact.text(before + secret + after, [secret])
            self.assertNotIn(secret, found.replace(redact.MASK, ""))

    def test_url(self):
        self.assertEqual(
            redact.url("https://s.inboost.ai/api/webhok/0123456789/?key=1"),
            "https://s.inboost.ai/api/webhok/0123***/?***",
        )

    def test_personal(self):
        masked = redact.personal(
            {
                "userPhoneNumber": "38",
                "total": 5,
                "rows": [{"lastName": "K"}],
                "sku": "a",
            }
        )
        self.assertEqual(
            masked,
            {
                "userPhoneNumber": "***",
                "total": 5,
                "rows": [{"lastName": "***"}],
                "sku": "a",
            },
        )


@tagged("post_install", "-at_install")
class TestAddress(BaseCase):
    def test_urls(self):
        address.check_url("https://shop.inboost.ai/api")
        for url in (
            "http://shop.inboost.ai",
            "ftp://shop.inboost.ai",
            "https://",
            "https://u:p@shop.inboost.ai",
            "https://shop.inboost.ai:0",
            "https://shop.inboost.ai:99999",
            "https://shop .inboost.ai",
        ):
            with self.assertRaises(address.AddressRefused, msg=url):
                address.check_url(url)

    def test_ips(self):
        address.check_ip("8.8.8.8")
        address.check_ip("10.1.2.3", ["10.0.0.0/8"])
        for ip in (
            "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
            "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "fe80::1%2",
            "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
        ):  # fmt: skip
            with self.assertRaises(address.AddressRefused, msg=ip):
                address.check_ip(ip)
