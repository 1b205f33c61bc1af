"""Tasks and answers for the tests of what sends and decides."""

from datetime import datetime

from inboost_connector.lib.client import Exchange
from inboost_connector.lib.desk import Desk, Place
from inboost_connector.lib.log_row import LogRules
from inboost_connector.lib.outcome import AnswerRules, Outcome, Verdict
from inboost_connector.lib.sending import Landed, Target, Task

NOW = datetime(2026, 1, 2, 12, 0)
BACKEND, ENDPOINT = 3, 7


def target(endpoint_id=ENDPOINT, **values):
    return Target(
        **{
            "endpoint_id": endpoint_id,
            "backend_id": BACKEND,
            "operation": "purchase",
            "guarantee": "at_most_once",
            "method": "POST",
            "url": "https://shop.example.com/api/webhok/token/",
            "auth": None,
            "query": "",
            "headers": "",
            "body": "",
            "body_format": "json",
            "timeout": 20.0,
            "max_answer": 1000,
            "phone_style": "national",
            "zone": "Europe/Kyiv",
            "rules": AnswerRules(),
            "log": LogRules(),
            **values,
        }
    )


def task(number=1, where=None, **values):
    return Task(
        **{
            "id": number,
            "event_id": f"event-{number}",
            "key": f"pos:{number}",
            "fact": {},
            "phone": "+380671234567",
            "attempts": 1,
            "queued_at": NOW,
            "target": where or target(),
            **values,
        }
    )


def desk(*places, retry_days=3):
    return Desk(
        places={place.target.endpoint_id: place for place in places or [place()]},
        companies={BACKEND: 1},
        retry_days={BACKEND: retry_days},
    )


def place(where=None, **values):
    return Place(target=where or target(), **values)


def landed(verdict, code="http_status", status=None, wait=None, text="", **values):
    """What became of a task that a server answered, or did not."""
    about = task(**values)
    exchange = Exchange(about.target.prepare_request({}), status, sent=True)
    args = {"status": status} if status else {}
    return Landed(about, Outcome(Verdict(verdict), code, args, wait, text), exchange)


class Answers:
    """A client that answers with what it is given, one by one; an exception is raised.

    :ivar requests: those that were sent"""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def send(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer


def answering(status, answer="", data=None, headers=None):
    def answer_to(request):
        return Exchange(request, status, headers or {}, answer, data, sent=True)

    return answer_to
