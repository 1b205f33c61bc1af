import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inboost_connector.lib import mapping
from inboost_connector.lib.functions import FUNCTIONS
from inboost_connector.lib.mapping import MappingError

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["+380671234567", "2026-01-31T22:30:00Z", "2026-01-31", "12"])
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4)
    ),
    max_leaves=15,
)
BUILTIN = ["length", "to_string", "to_number", "keys", "sum", "sort", "max", "join"]
LITERALS = [
    "'yyyy-MM-dd'", "'national'", "'Europe/Kyiv'", "','", "''", "`2`", "`-1`",
    "`1e300`", "`null`", "`[1, null]`", "`{\"a\": 1}`", "`true`", "'+380671234567'",
]  # fmt: skip


def grow(inner):
    """Larger expressions out of smaller ones, with calls of all kinds."""
    calls = st.tuples(
        st.sampled_from([*FUNCTIONS, *BUILTIN, "nobody_knows"]),
        st.lists(inner, max_size=4),
    )
    return st.one_of(
        st.tuples(inner, inner).map(".".join),
        st.tuples(inner, inner).map(" | ".join),
        st.tuples(inner, inner).map(" || ".join),
        st.tuples(inner, inner).map(" < ".join),
        inner.map("!{}".format),
        inner.map("{}[]".format),
        inner.map("{}[0]".format),
        inner.map("{}[::-1]".format),
        inner.map("{}.*".format),
        inner.map("[{}]".format),
        st.tuples(inner, inner).map("{0[0]}[?{0[1]}]".format),
        inner.map("{{a: {}}}".format),
        inner.map("to_array(&{})".format),
        st.tuples(inner, inner).map("map(&{0[0]}, {0[1]})".format),
        calls.map(lambda call: f"{call[0]}({', '.join(call[1])})"),
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "c.d", "@", *LITERALS]), grow, max_leaves=8
)


@given(EXPRESSIONS | st.text(max_size=20), ANY_JSON)
@settings(max_examples=300)
def test_any_expression_over_any_data_is_a_value_or_an_error_of_ours(text, data):
    try:
        mapping.search(text, data)
        value = mapping.apply(text, data, "Europe/Kyiv")
    except MappingError as error:
        assert str(error)
    else:
        # What is sent.
        json.dumps(value, allow_nan=False)


@given(EXPRESSIONS | st.text(max_size=20), ANY_JSON)
def test_misspelt_names_are_looked_for_in_any_expression(text, data):
    try:
        names = mapping.unknown_names(text, data)
    except MappingError:
        return
    assert all(isinstance(name, str) for name in names)


@given(EXPRESSIONS, st.dictionaries(st.sampled_from(["a", "b", "c"]), ANY_JSON))
@settings(max_examples=300, deadline=None)
def test_what_is_unread_changes_nothing(text, data):
    def evaluate(some):
        try:
            return repr(mapping.apply(text, some, None))
        except MappingError as error:
            return str(error)

    unread = mapping.find_unread(data, text)
    lean = {name: value for name, value in data.items() if name not in unread}
    assert evaluate(lean) == evaluate(data)


@pytest.mark.parametrize(
    "text, unread",
    [
        ("{to: a, and: c.d}", ["b"]),
        ("a[*].b", ["c"]),
        ("'abc'", []),
        ("", ["a", "b", "c"]),
        ("to_string(@)", []),
        ("* | [0]", []),
        ("a.* ", []),
        ('"\\u0062"', []),
    ],
)
def test_a_name_is_unread_where_no_expression_may_mean_it(text, unread):
    assert mapping.find_unread(["a", "b", "c"], text) == unread


@given(st.text("{}abc.'`\"|/?= \\(", max_size=20), ANY_JSON)
@settings(max_examples=300)
def test_any_address_is_filled_or_refused(template, data):
    try:
        address = mapping.fill(template, data)
    except MappingError:
        return
    assert "{" not in address.replace(template, "")


@given(ANY_JSON)
def test_prune_leaves_no_null_key(value):
    def keys(item):
        if isinstance(item, dict):
            assert None not in item.values()
        for inner in item.values() if isinstance(item, dict) else item:
            if isinstance(inner, dict | list):
                keys(inner)

    try:
        pruned = mapping.prune(value)
    except MappingError:
        return
    keys([pruned])


@pytest.mark.parametrize(
    "expression, position",
    [
        ("", 0),
        ("{a: ", 4),
        ("a = b", 2),
        ("a..b", 2),
        ("'open", 0),
        ("nope(a)", 0),
        ("{a: b, c: nope(a)}", 10),
        ("a[?x == nope(@)]", 8),
        ("phone(a, 'digit')", 9),
        ("date(a, 'yyyy-nn')", 8),
        ("date(a, 'yyyy', 'Mars')", 16),
        ("date(a)", 0),
        ("money(a, 'x')", 9),
        ("length(a, b)", 0),
        ("length(money())", 7),
        ("parse_date(a, 'yy')", 14),
        ("(" * 9999, 0),
    ],
)
def test_what_is_wrong_is_refused_when_it_is_saved_with_its_place(expression, position):
    with pytest.raises(MappingError) as caught:
        mapping.compile_expression(expression)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "expression",
    [
        "phone(a, b)",
        "date(a, b, c)",
        "merge(a, b, c)",
        "map(&date(@, 'yyyy'), a)",
        "join(',', split(a, ')'))",
        "a[?contains(b, `1`)].{x: y[0]} | [].x",
        "phone(a, b || 'anything')",
    ],
)
def test_what_may_be_right_is_saved(expression):
    mapping.compile_expression(expression)


def test_a_note_that_is_not_a_phone_is_an_error_that_says_so():
    fact = {"lines": [{"note": "без пакета"}]}
    with pytest.raises(MappingError, match="“без пакета” is not a phone number"):
        mapping.apply("{a: phone(lines[0].note, 'national')}", fact)


@pytest.mark.parametrize(
    "expression, data",
    [
        ("sum(a)", {"a": ["x"]}),
        ("a < b", {"a": 1, "b": "x"}),
        ("max_by(a, &b)", {"a": [{"b": 1}, {"b": "x"}]}),
        ("to_number(a)", {"a": "nan"}),
        ("times(a, a)", {"a": 1e300}),
        ("a", {"a": math.inf}),
        ("&a", {}),
        ("base64(a)", {"a": "\ud800"}),
        ("money(a, `2`)", {"a": True}),
        ("split(a, '')", {"a": "x"}),
    ],
)
def test_whatever_goes_wrong_is_one_kind_of_error(expression, data):
    with pytest.raises(MappingError):
        mapping.apply(expression, data)


@pytest.mark.parametrize(
    "expression, text",
    [
        ('sum(`["x"]`)', "sum() expects a list of numbers, and “x” is text"),
        ("abs(a)", "abs() expects a number, and “None” is nothing (null)"),
        (
            "length(`5`)",
            "length() expects text or a list or an object, and “5” is a number",
        ),
        ("money('x', `2`)", "money(): “x” is not a number; to_number() makes one"),
        ("date('31.13.2026', 'dd')", "date(): “31.13.2026” is not a date"),
        (
            "date('1/2/2026', 'dd')",
            "date(): whether the day or the month comes first is not clear",
        ),
        (
            "parse_date('x', 'yyyy-MM-dd')",
            "parse_date(): “x” is not written as “yyyy-MM-dd”",
        ),
        ("&a", "what stands after & is an expression, which cannot be sent"),
    ],
)
def test_what_does_not_fit_the_data_is_said_in_our_words(expression, text):
    """No words of a library, which nobody could translate."""
    with pytest.raises(MappingError) as caught:
        mapping.apply(expression, {})
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "expression, text",
    [
        (
            "phone(a, 'short')",
            "“short” is not a style of phones; choose from digits, e164, national",
        ),
        ("date(a, 'yyyy-nn')", "“n” in the pattern “yyyy-nn” has no meaning"),
        ("date(a, 'yyyy', 'Mars')", "“Mars” is not a time zone"),
        ("money(a, `13`)", "13 digits are not between 0 and 12"),
        ("length(a, b)", "write length() with 1 in the brackets"),
        ("date(a)", "write date(time, pattern[, zone])"),
        ("'open", "the quote is not closed"),
        ("a = b", "'=' is not expected there"),
    ],
)
def test_a_wrong_constant_is_said_in_our_words(expression, text):
    with pytest.raises(MappingError) as caught:
        mapping.compile_expression(expression)
    assert str(caught.value) == text


def test_an_expression_is_parsed_once():
    first = mapping.compile_expression("{a: b}")
    assert mapping.compile_expression("{a: b}") is first


def test_misspelt_names_are_found():
    sample = {"number": 1, "lines": [{"qty": 1}], "refund_of": None, "phone": "+1"}
    table = {
        "number": [],
        "{a: numbr, b: number}": ["numbr"],
        "lines[].{s: sku, q: qty}": ["sku"],
        "number || nmber": ["nmber"],
        "lines && lnes": ["lnes"],
        "phone(phoen, 'digits')": ["phoen"],
        "map(&qtty, lines)": ["qtty"],
        "lines[?totl > `1`].qtty": ["totl", "qtty"],
        # Nobody knows what is in it.
        "refund_of.nmber": [],
        "{a: number} | b": ["b"],
    }
    for expression, names in table.items():
        assert mapping.unknown_names(expression, sample) == names, expression


def test_values_of_an_address_are_percent_encoded():
    data = {"p": "+380671234567", "q": "чай / кава?&=", "n": 5, "no": False}
    address = mapping.fill("/c/{p}/{n}?q={q}&no={no}&d={phone(p, 'digits')}", data)
    assert address == (
        "/c/%2B380671234567/5?q=%D1%87%D0%B0%D0%B9%20%2F%20%D0%BA%D0%B0%D0%B2%D0%B0"
        "%3F%26%3D&no=false&d=380671234567"
    )
    assert mapping.fill("/plain", {}) == "/plain"
    assert mapping.fill("/{join('}', [p, q])}", {"p": "a", "q": "b"}) == "/a%7Db"


@pytest.mark.parametrize(
    "template, position",
    [("/{a", 1), ("/a}", 2), ("/{}", 2), ("/x/{nope(a)}", 4), ("/{a | b c}", 8)],
)
def test_a_wrong_address_is_refused_with_the_place(template, position):
    with pytest.raises(MappingError) as caught:
        mapping.template_names(template)
    assert caught.value.position == position


@pytest.mark.parametrize("value", [None, "", ".", "..", [], {}, "a\nb", math.nan])
def test_an_address_with_a_hole_is_never_asked(value):
    with pytest.raises(MappingError):
        mapping.fill("/customers/{a}", {"a": value})


def test_the_names_of_an_address_can_be_checked_when_it_is_saved():
    template = "/c/{phone(phone, 'digits')}/{order.uuid || key}?p={phone}"
    assert mapping.template_names(template) == ["phone", "order", "key"]


def test_query_and_headers_are_objects_of_texts():
    data = {"a": 1, "b": None, "c": "чай"}
    assert mapping.query("{x: a, y: b, z: c}", data) == {"x": "1", "z": "чай"}
    assert mapping.headers("{\"X-Key\": 'k', n: a}", data) == {"X-Key": "k", "n": "1"}
    for expression in ("a", "[a]", "{x: [a]}", "b"):
        with pytest.raises(MappingError):
            mapping.query(expression, data)
    for expression in ('{"a b": a}', "{x: c}", "{x: 'a\nb'}"):
        with pytest.raises(MappingError):
            mapping.headers(expression, data)
