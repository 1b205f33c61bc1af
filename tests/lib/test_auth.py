"""Credentials: what is carried, tokens that are got once, kept, and renewed once."""

import base64
import json
import threading
import time
from datetime import datetime, timezone

import pytest

from inboost_connector.lib import auth
from inboost_connector.lib.auth import Auth, read_expiry
from inboost_connector.lib.client import Exchange, Request
from inboost_connector.lib.log_row import LogRules, describe
from inboost_connector.lib.outcome import AnswerRules, Verdict, classify

OAUTH = Auth(
    "oauth", user="shop 1", secret="s3cret&key", token_url="https://x.example/token"
)


class Server:
    """Gives tokens t1, t2, …, of which the last is good."""

    def __init__(self, life=3600, **answer):
        self.requests, self.given, self.life = [], 0, life
        self.answer, self.refuses = answer, False

    def send(self, request):
        self.requests.append(request)
        if request.url == OAUTH.token_url:
            return self.give(request)
        carried = request.headers.get("Authorization")
        good = carried == f"Bearer t{self.given}" and not self.refuses
        return Exchange(request, status=200 if good else 401, sent=True)

    def give(self, request):
        if self.answer:
            return Exchange(request, **self.answer)
        self.given += 1
        data = {"access_token": f"t{self.given}", "expires_in": self.life}
        return Exchange(request, status=200, data=data)

    @property
    def asked(self):
        return [r for r in self.requests if r.url == OAUTH.token_url]


@pytest.fixture(autouse=True)
def fresh():
    auth.tokens.clear()


def event():
    return Request("POST", "https://x.example/events")


@pytest.mark.parametrize(
    "given, headers",
    [
        (Auth(secret="key"), {"Authorization": "Bearer key"}),
        (Auth(header="X-Api-Key", prefix="", secret="key"), {"X-Api-Key": "key"}),
        (Auth(secret=""), {}),
        (Auth("none", secret="key"), {}),
        (
            Auth("basic", user="Олена", secret="k:1"),
            {
                "Authorization": "Basic "
                + base64.b64encode("Олена:k:1".encode()).decode()
            },
        ),
    ],
)
def test_what_a_request_carries(given, headers):
    assert given.prepare_headers() == headers


def test_the_credentials_win_over_a_header_of_the_same_name():
    server = Server()
    request = Request("GET", "https://x.example/", {"authorization": "mine"})
    auth.send(server, request, Auth(secret="key"))
    assert server.requests[0].headers == {"Authorization": "Bearer key"}


def test_a_token_is_got_once_and_kept():
    server = Server()
    for _event in range(3):
        assert auth.send(server, event(), OAUTH).status == 200
    assert len(server.asked) == 1
    token_request = server.asked[0]
    assert token_request.body == {"grant_type": "client_credentials"}
    assert token_request.body_format == "form"
    pair = base64.b64decode(token_request.headers["Authorization"].split()[1])
    assert pair == b"shop+1:s3cret%26key"


def test_client_id_and_secret_in_the_form():
    server = Server()
    given = Auth("oauth_form", "", "", "shop", "key", OAUTH.token_url, "events")
    auth.send(server, event(), given)
    assert server.asked[0].body == {
        "grant_type": "client_credentials",
        "scope": "events",
        "client_id": "shop",
        "client_secret": "key",
    }
    assert server.asked[0].headers == {}


def test_a_token_that_ran_out_is_got_anew():
    server = Server(life=0)
    auth.send(server, event(), OAUTH)
    auth.send(server, event(), OAUTH)
    assert len(server.asked) == 2


@pytest.mark.parametrize("life", [None, "soon", [], float("inf")])
def test_a_life_that_nobody_can_read_is_no_trouble(life):
    server = Server(life=life)
    assert auth.send(server, event(), OAUTH).status == 200
    assert auth.send(server, event(), OAUTH).status == 200
    assert len(server.asked) == 1


def test_a_refused_token_is_renewed_once():
    server = Server()
    auth.send(server, event(), OAUTH)
    server.given = 10  # The server forgot its tokens.
    assert auth.send(server, event(), OAUTH).status == 200
    assert len(server.asked) == 2
    server.refuses = True
    assert auth.send(server, event(), OAUTH).status == 401
    assert len(server.asked) == 3


def test_threads_that_are_refused_together_renew_once():
    server = Server()
    auth.send(server, event(), OAUTH)
    server.given = 10
    barrier, found = threading.Barrier(8), []

    def work():
        barrier.wait()
        found.append(auth.send(server, event(), OAUTH).status)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 8
    assert len(server.asked) == 2


def test_one_failure_is_enough_for_all_who_wait_for_it():
    asked, entered = [], threading.Event()

    def act(request):
        asked.append(request)
        entered.set()
        time.sleep(0.2)
        return Exchange(request, trouble="timeout", error="Timeout")

    threads = [
        threading.Thread(target=auth.tokens.get, args=(OAUTH, act)) for _ in range(6)
    ]
    threads[0].start()
    entered.wait(5)
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


@pytest.mark.parametrize(
    "answer, verdict",
    [
        ({"status": 401}, Verdict.CREDENTIALS),
        ({"status": 400}, Verdict.CREDENTIALS),
        ({"status": 404}, Verdict.CREDENTIALS),
        ({"status": 200, "data": "a login page"}, Verdict.CREDENTIALS),
        ({"status": 500}, Verdict.RETRY),
        ({"status": 429, "headers": {"Retry-After": "7"}}, Verdict.RETRY),
        ({"trouble": "timeout", "sent": True}, Verdict.RETRY),
        ({"trouble": "connection_lost", "sent": True}, Verdict.RETRY),
    ],
)
def test_without_a_token_nothing_leaves_and_nothing_is_unknown(answer, verdict):
    server = Server(**answer)
    exchange = auth.send(server, event(), OAUTH)
    assert [r.url for r in server.requests] == [OAUTH.token_url]
    outcome = classify(exchange, AnswerRules(authorised=True))
    assert outcome.verdict is verdict
    assert not exchange.sent
    assert outcome.wait == (7 if answer.get("headers") else None)
    assert "No access token" in exchange.error


def test_neither_token_nor_secret_is_kept():
    server = Server()
    exchange = auth.send(server, event(), OAUTH)
    exchange.request.headers["Authorization"] = "Bearer 0123456789-token"
    exchange.answer = "you sent 0123456789-token and s3cret&key"
    row = describe(exchange, LogRules(secrets=(OAUTH.secret,), webhook=False))
    assert "0123456789" not in str(row)
    assert "s3cret" not in str(row)
    assert "s3cret" not in repr(OAUTH)
    refused = auth.send(Server(status=401), event(), Auth("oauth", secret="s3cret"))
    assert "s3cret" not in str(describe(refused, LogRules(webhook=False)))


def jwt(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256'})}.{part(claims)}.c2lnbmF0dXJl"


def test_the_end_of_a_jwt_is_read():
    end = datetime(2026, 7, 1, 12, 0, tzinfo=timezone.utc)
    found = read_expiry(jwt(exp=end.timestamp(), UserId=7))
    assert found == end.replace(tzinfo=None)


@pytest.mark.parametrize(
    "secret",
    ["", "plain-key", "a.b.c", "a.b", jwt(), jwt(exp="soon"), jwt(exp=1e30), "é.é.é"]
    + [jwt(exp=None), "e30.bnVsbA.x", "e30.W10.x"],
)
def test_what_has_no_end_has_none(secret):
    assert read_expiry(secret) is None
