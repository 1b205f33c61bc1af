"""Texts with names in them, such as ``%(count)s``."""

from typing import Any


def _lt(text: str) -> str:
    """``text``, which the models translate: Odoo's export of texts looks for calls of
    this name in all of an addon, and lib knows nothing else of Odoo."""
    return text


class Arguments(dict[str, Any]):
    """What a text is filled with. What is missing is ``blank``."""

    def __init__(self, values: dict[str, Any] | None = None, blank: str = "") -> None:
        super().__init__(values or {})
        self.blank = blank

    def __missing__(self, key: str) -> str:
        return self.blank


def heading(text: str) -> str:
    """``text`` as the name of a group of what is filled differently.

    >>> heading("InBoost refused it: %(text)s")
    'InBoost refused it'
    >>> heading("%(count)s customers came of a list of %(total)s.")
    '… customers came of a list of ….'
    >>> heading("%(text)s")
    ''
    """
    open_text = text % Arguments(blank="…")
    return open_text.removesuffix("…").rstrip(" :")
