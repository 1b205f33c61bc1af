"""Text and JSON as PostgreSQL takes them: without halves of characters, without NUL."""

import json
from typing import Any


def text(value: str) -> str:
    """
    >>> text("a\\x00b")
    'ab'
    """
    return value.encode("utf-8", "replace").decode().replace("\x00", "")


def dumps(value: Any) -> str:
    """
    >>> dumps({"a": "b\\x00"})
    '{"a": "b"}'
    """
    return text(json.dumps(value, ensure_ascii=False)).replace("\\u0000", "")


def clean(value: Any) -> Any:
    """
    >>> clean(["a\\x00"])
    ['a']
    """
    return json.loads(dumps(value))
