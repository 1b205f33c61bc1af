import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import storable

#: As somebody may write them, or another program may leave them behind.
ODD = ["\x00", "\\u0000", "\\\\u0000", "\\\x00", "\\\\\x00", "\ud800", "\\ud800", '"\\']


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a\x00\x00b", "ab"),
        ("a\\u0000b", "a\\u0000b"),
        ("a\\\\u0000b", "a\\\\u0000b"),
        ("a\\\x00b", "a\\b"),
        ("a\ud800b", "a?b"),
    ],
)
def test_only_what_cannot_be_kept_goes(value, kept):
    assert storable.clean({value: [value]}) == {kept: [kept]}


@given(st.lists(st.sampled_from(ODD) | st.text(max_size=3)).map("".join))
def test_any_text_is_json_that_can_be_kept(value):
    written = storable.dumps([value])
    assert json.loads(written) == [storable.text(value)]
