"""Silence is impossible: what is set up wrong says so, where one looks for it. The same
table is in docs/mapping.rst."""

import json

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..common_customer import LIST, CustomerCase

BALANCE = "/api/Bonuses/SetBalance"
PAGE = b"<html><body>Please sign in</body></html>"

#: What is wrong: (operation, values that are typed, the message).
REFUSED_WHEN_SAVED = {
    "an unknown function": (
        *("balance_set", {"body": "{a: fone(phone)}"}),
        r"Body is not a valid JMESPath expression: there is no function fone\(\) "
        r"\(at character 5: fone\(phone\)}\)",
    ),
    "a wrong number of arguments": (
        *("balance_set", {"body": "{a: money(amount)}"}),
        r"Body.*write money\(amount, digits\).*character 5",
    ),
    "a wrong pattern of a date": (
        *("balance_set", {"body": "{a: date(time, 'yyyy-nn')}"}),
        "Body.*yyyy-nn.*character 16",
    ),
    "a wrong style of a phone": (
        *("balance_set", {"body": "{a: phone(phone, 'swiss')}"}),
        "Body.*swiss.*digits.*e164.*character 18",
    ),
    "an expression that ends too early": (
        *("balance_set", {"failure_path": "error &&"}),
        "Refusal.*ends too early.*at the end",
    ),
    "a misspelt name in an address": (
        *("balance_set", {"address": "/c/{telephone}"}),
        "The address: telephone is not known when this is sent. Known are .*phone",
    ),
    "a phone in an address where none is known": (
        *("customers_list", {"address": "/c/{phone}"}),
        "The address: phone is not known when this is sent",
    ),
    "a phone in the address of many": (
        *("purchase_details", {"address": "/c/{phone}", "batch_size": 9}),
        "The address: phone is not known when this is sent",
    ),
    "a brace that is not closed": (
        *("balance_set", {"address": "/c/{phone"}),
        "The address: the { is not closed .at character 4",
    ),
    "a body of a GET": (
        *("balance_set", {"method": "GET"}),
        "A GET has no body: choose another method",
    ),
    "credentials for a stranger": (
        *("balance_set", {"address": "https://elsewhere.example/c"}),
        "requests to another host than the backend's carry no credentials",
    ),
}
#: The same, of what can be saved and is warned of above the form.
WARNED_OF = {
    "a misspelt name": (
        *("balance_set", {"body": "{a: amuont}"}),
        "Body: nothing is called amuont here",
    ),
    "a misspelt name around a list": (
        *("purchase_details", {"batch_size": 9, "batch_body": "{data: rosw}"}),
        "Around the List: nothing is called rosw here",
    ),
    "a paging that the request does not ask for": (
        *("customers_list", {"body": "{n: page}", "paging": "cursor"}),
        "Nothing of the request reads cursor, so that every page would be the first",
    ),
    "an unknown part of a customer": (
        *("customers_list", {"row_map": "{phone: p, firstnam: f}"}),
        "Customer: firstnam is not a part of a customer",
    ),
    "a customer without a phone": (
        *("customers_list", {"row_map": "{firstname: f}"}),
        "Customer: without a phone nobody can be found",
    ),
}
#: What a server says to what is set up wrong: (values, its answer, the message). Beside
#: the event, and beside the request when it is tried.
FAILED_WITH_A_REASON = {
    "a 200 with a refusal": (
        *({}, (200, {}, b'{"success": false, "message": "No such shop"}')),
        "InBoost refused it: No such shop",
    ),
    "a refusal in words of its own": (
        {"failure_path": "state == 'bad'", "text_path": "why"},
        (200, {}, b'{"state": "bad", "why": "Closed today"}'),
        "InBoost refused it: Closed today",
    ),
    "a web page": (
        *({}, (200, {"Content-Type": "text/html"}, PAGE)),
        r"web page",
    ),
    "content that does not fit": (
        *({}, (422, {}, b'{"message": "amount is not a text"}')),
        "HTTP 422.*amount is not a text",
    ),
    "a name that is nothing in this record": (
        *({"address": "/c/{phone}/{change}"}, 200),
        r"address: change is nothing \(null\)",
    ),
    "a function that does not fit the value": (
        *({"body": "{a: split(amount, ',')}"}, 200),
        r"body: split\(\): .* is not text",
    ),
}
#: (values, the answers page by page, the message in the run of the synchronisation).
RUNS_THAT_ARE_NOT_DONE = {
    "a server that ignores the page": (
        *({}, [{"totalCount": 9, "data": [{"id": 1}]}]),
        "same full page came twice",
    ),
    "a cursor that is elsewhere": (
        {"paging": "cursor", "body": "{c: cursor}"},
        [{"data": [{"id": 1}], "meta": {"next_cursor": "abc"}}],
        "next_cursor",
    ),
    "rows that are elsewhere": (
        *({"rows_path": "items"}, [{"data": [{"id": 1}]}]),
        "The path of the rows leads to nothing (null), not to a list",
    ),
    "fewer than the total": (
        *({}, [{"totalCount": 9, "data": [{"id": 1}]}, {"totalCount": 9, "data": []}]),
        "1 customers came of a list of 9",
    ),
}


@tagged("post_install", "-at_install")
class TestWrongSettings(CustomerCase):
    def check(self, table, test):
        """Each case by itself, as if none had been before."""
        for name, case in table.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.fake.script.clear()
                self.fake.requests.clear()
                test(*case)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_what_cannot_be_right_is_refused_when_saved_with_its_place(self):
        def case(operation, values, message):
            with self.assertRaisesRegex(ValidationError, message):
                self.endpoint(operation).write(values)

        self.check(REFUSED_WHEN_SAVED, case)

    def test_what_is_a_mistake_most_likely_is_warned_of_above_the_form(self):
        def case(operation, values, message):
            endpoint = self.endpoint(operation)
            self.assertFalse(endpoint.warnings)
            endpoint.write(values)
            self.assertRegex(endpoint.warnings, message)

        self.check(WARNED_OF, case)

    def test_what_a_server_does_not_take_fails_with_the_reason_beside_the_event(self):
        def case(values, answer, message):
            self.fake.script[BALANCE] = [answer]
            self.endpoint("balance_set").write(values)
            event = self.capture_some(operation="balance_set")
            self.deliver()
            self.assertEqual(event.state, "failed")
            self.assertRegex(event.reason, message)
            self.assertTrue(event.advice)
            self.env["inboost.alarm"]._refresh(self.backend)
            self.assertIn("failed", self.backend.alarm_ids.mapped("code"))

        self.check(FAILED_WITH_A_REASON, case)

    def test_the_same_is_seen_at_once_by_who_tries_it(self):
        def case(values, answer, message):
            endpoint = self.endpoint("balance_set")
            endpoint.write(values)
            if answer == 200:
                # It is wrong before it leaves.
                return
            self.fake.script[BALANCE] = [answer]
            with self.enter_registry_test_mode():
                endpoint.action_send_sample()
            self.assertRegex(endpoint.last_answer, message)

        self.check(FAILED_WITH_A_REASON, case)

    def test_a_list_that_was_not_read_to_its_end_is_never_done(self):
        def case(values, answers, message):
            endpoint = self.endpoint("customers_list")
            endpoint.write({"page_size": 1, **values})
            self.fake.script[LIST] = [
                (200, {}, json.dumps(answer).encode()) for answer in answers
            ]
            run = self.Run._queue(self.backend)
            self.run_cron("pull")
            self.assertIn(run.state, ("incomplete", "failed"))
            self.assertIn(message, run.reason)

        self.check(RUNS_THAT_ARE_NOT_DONE, case)
