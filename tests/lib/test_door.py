"""Who is let in, and what is read of what they bring."""

import base64
import gc
import json
import sys
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import door, signing, storable

TOKEN = "a-token-nobody-can-guess-1234"
ONE, TWO, THREE = (
    "whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3)
)
BODY = b'{"a": 1}'
CLOSED = door.Door()
BY_TOKEN = door.Door(door.digest(TOKEN))
BY_SECRET = door.Door(secrets=(ONE, TWO))
BY_BOTH = door.Door(door.digest(TOKEN), (ONE,))


def carrying(token=None, secret=None, body=BODY):
    headers = signing.sign([secret], body, "m-1") if secret else {}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return headers


@pytest.mark.parametrize(
    "where, token, secret, let_in",
    [
        (CLOSED, None, None, False),
        (CLOSED, TOKEN, ONE, False),
        (CLOSED, "", None, False),
        (BY_TOKEN, TOKEN, None, True),
        (BY_TOKEN, TOKEN, THREE, True),
        (BY_TOKEN, TOKEN + "x", None, False),
        (BY_TOKEN, "", None, False),
        (BY_TOKEN, None, ONE, False),
        (BY_SECRET, None, ONE, True),
        (BY_SECRET, None, TWO, True),
        (BY_SECRET, "whatever", ONE, True),
        (BY_SECRET, TOKEN, THREE, False),
        (BY_SECRET, TOKEN, None, False),
        (BY_BOTH, TOKEN, ONE, True),
        (BY_BOTH, TOKEN, None, False),
        (BY_BOTH, TOKEN, THREE, False),
        (BY_BOTH, "x", ONE, False),
    ],
)
def test_all_that_is_set_is_asked_for(where, token, secret, let_in):
    assert door.lets_in(where, carrying(token, secret), BODY) is let_in


@pytest.mark.parametrize("value", [TOKEN, f"bearer  {TOKEN} ", f" {TOKEN}"])
def test_a_token_may_come_with_bearer_before_it_or_without(value):
    assert door.lets_in(BY_TOKEN, {"authorization": value}, BODY)


@pytest.mark.parametrize("value", [f"Basic {TOKEN}", "Bearer", "\udc80", TOKEN[:-1]])
def test_another_header_lets_nobody_in(value):
    assert not door.lets_in(BY_TOKEN, {"authorization": value}, BODY)


def count_calls(where, headers, body):
    """Every function that is called on the way to a refusal, Python's own included."""
    calls = Counter()

    def note(frame, event, called):
        if event == "call":
            calls[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            calls[called.__qualname__] += 1

    # It calls whoever wants to know of it, whatever is done at the moment.
    gc.disable()
    sys.setprofile(note)
    try:
        let_in = door.lets_in(where, headers, body)
    finally:
        sys.setprofile(None)
        gc.enable()
    assert not let_in
    return calls


def test_the_same_is_done_whatever_is_wrong_with_a_request():
    """So that its time tells nothing. Times themselves are too noisy to be compared,
    and what a comparison that ends early would show is nanoseconds: that it does not
    end early is what ``compare_digest`` is for."""
    wrong = carrying("y" * len(TOKEN), THREE)
    done = count_calls(CLOSED, wrong, BODY)
    assert done["compare_digest"] >= 3, done
    for kind in (BY_TOKEN, BY_SECRET, BY_BOTH):
        assert count_calls(kind, wrong, BODY) == done


# -- what is read ----------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def depth_of(value):
    if not isinstance(value, dict | list):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth_of, inner), default=0)


@given(JSON, st.booleans())
def test_the_depth_is_known_before_anything_is_parsed(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert door.find_depth(text.encode("utf-8", "surrogatepass")) == depth_of(value)


@given(st.dictionaries(st.text(), JSON, max_size=3) | st.lists(JSON, max_size=3))
def test_what_is_well_formed_is_read_as_it_can_be_kept(value):
    if depth_of(value) > door.MAX_DEPTH:
        return
    found = door.read(json.dumps(value).encode())
    assert found == storable.clean(found)
    assert depth_of(found) == depth_of(value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"1",
        b'"text"',
        b"null",
        b"[NaN]",
        b"[-Infinity]",
        b"[" * 33 + b"]" * 33,
        b"[" * door.MAX_BODY,
        b'{"a":' * 10_000,
        b"[1" + b"0" * 5000 + b"]",
    ],
)
def test_what_is_none_is_refused_in_words(body):
    with pytest.raises(ValueError, match="."):
        door.read(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body):
    try:
        assert isinstance(door.read(body), dict | list)
    except ValueError:
        pass


@pytest.mark.parametrize("piece", [b'"', b"[", b'"\\', b"\\", b'{"', b'"a"'])
def test_the_depth_of_the_largest_body_is_found_in_no_time(piece):
    """Linear: a body sixteen times as large takes sixteen times as long, or so."""

    def cost(size):
        body = piece * (size // len(piece))
        begin = time.process_time()
        door.find_depth(body)
        return time.process_time() - begin

    cost(1000)
    small = min(cost(door.MAX_BODY // 16) for _n in range(9))
    large = min(cost(door.MAX_BODY) for _n in range(9))
    assert large < 80 * small


@pytest.mark.parametrize(
    "headers, data, expected",
    [
        ({"webhook-id": "m-1"}, {"eventId": "x"}, "m-1"),
        ({"idempotency-key": "k-1"}, {}, "k-1"),
        ({}, {"eventId": "e-1"}, "e-1"),
        ({}, {"event_id": 7}, "7"),
        ({"webhook-id": "a\x00b"}, {}, "ab"),
    ],
)
def test_an_announcement_has_the_id_that_the_sender_gave_it(headers, data, expected):
    assert door.get_id(headers, data) == expected


@pytest.mark.parametrize(
    "data", [{}, [], {"eventId": True}, {"eventId": {}}, {"id": 1}]
)
def test_what_has_no_id_is_a_new_one_each_time(data):
    # An "id" alone may be the customer's.
    assert door.get_id({}, data) != door.get_id({}, data)


def test_a_long_id_is_kept_as_its_hash():
    found = {door.get_id({"webhook-id": "x" * n}, {}) for n in (128, 129, 5000)}
    assert len(found) == 3
    assert max(map(len, found)) == door.MAX_ID


@pytest.mark.parametrize("token", ["", "x" * 23, "x" * 30 + " y", "ключ" * 9])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(token):
    with pytest.raises(ValueError, match="24 characters"):
        door.check_token(token)
    door.check_token(TOKEN)


def test_a_bucket_gives_so_many_at_once_and_so_many_a_second():
    bucket = door.Bucket(size=3, rate=2)
    assert [bucket.take(100) for _n in range(5)] == [True, True, True, False, False]
    assert [bucket.take(100.5) for _n in range(2)] == [True, False]
    # A clock that goes back gives nothing away.
    assert not bucket.take(90)
    assert [bucket.take(200) for _n in range(4)] == [True, True, True, False]
