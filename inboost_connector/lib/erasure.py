"""Texts and facts without what identifies one person, who wants to be forgotten."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from . import redact

#: Digits at the end of a phone that are the same in every spelling of it.
TAIL = 9
#: What may stand between the digits of a phone.
GAP = r"[\s().\-–—/]{0,3}"
#: Names so short that other words begin with them are looked for as whole words only.
_WORD = r"(?<!\w)(?:%s)(?!\w)"


@dataclass(frozen=True)
class Person:
    """:ivar phones: E.164
    :ivar words: what means this person and nobody else: a full name, an e-mail address
    :ivar parts: what others share, such as a first name or a day of birth; it is taken
        out of a text that identifies the person anyway"""

    phones: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()

    @cached_property
    def search_pattern(self) -> str:
        """A regular expression of PostgreSQL (``~*``) that finds what identifies the
        person; empty when nothing is known of them."""
        found = [_tail_pattern(phone) for phone in sorted(self.phones)]
        return "|".join([*found, *_alternatives(self.words)])

    @cached_property
    def _phone(self) -> re.Pattern[str] | None:
        tails = "|".join(_tail_pattern(phone) for phone in sorted(self.phones))
        if not tails:
            return None
        # The country's code before it in any spelling: +380, 00 380, (0), 8.
        return re.compile(rf"(?<!\d)\+?\(?(?:\d{GAP}){{0,5}}(?:{tails})(?!\d)")

    @cached_property
    def _words(self) -> re.Pattern[str] | None:
        return _any_of(self.words)

    @cached_property
    def _parts(self) -> re.Pattern[str] | None:
        return _any_of(self.parts)

    def scrub_text(self, text: str, about: bool = False) -> str:
        """``text`` without the person; the same when it does not identify them.

        :param bool about: whether it is known to be about them

        >>> olena = Person(frozenset({"+380671234567"}), parts=frozenset({"Olena"}))
        >>> olena.scrub_text("Olena, (067) 123-45-67, order 17")
        '***, ***, order 17'
        >>> olena.scrub_text("Olena, 050 765 43 21")
        'Olena, 050 765 43 21'
        """
        scrubbed = text
        for pattern in (self._phone, self._words):
            if pattern:
                scrubbed = pattern.sub(redact.MASK, scrubbed)
        if (about or scrubbed != text) and self._parts:
            scrubbed = self._parts.sub(redact.MASK, scrubbed)
        return scrubbed

    def scrub(self, value: Any) -> Any:
        """``value`` (any JSON) without the person: what is nothing but their phone
        becomes null, and leaves a list of phones or of customers together with what
        belongs to it there. Notes are free text about whoever bought, and go as a
        whole."""
        if isinstance(value, str):
            return None if self._is_phone(value) else self.scrub_text(value)
        if isinstance(value, list):
            # Where a list is a row of different things, each keeps its place.
            alike = len({type(item) for item in value}) == 1
            rest = [v for v in value if not (alike and self._is_about(v))]
            return [self.scrub(item) for item in rest]
        if isinstance(value, dict):
            return {k: None if k == "note" else self.scrub(v) for k, v in value.items()}
        return value

    def _is_phone(self, text: str) -> bool:
        return bool(self._phone and self._phone.fullmatch(text.strip()))

    def _is_about(self, item: Any) -> bool:
        if isinstance(item, dict):
            return any(isinstance(v, str) and self._is_phone(v) for v in item.values())
        return isinstance(item, str) and self._is_phone(item)


def _tail_pattern(phone: str) -> str:
    return GAP.join(re.sub(r"\D", "", phone)[-TAIL:])


def _alternatives(words: Iterable[str]) -> list[str]:
    """The longest first, in every form in which they are sent and kept."""
    forms = {form for word in words if word for form in redact.spellings(word)}
    return [re.escape(form) for form in sorted(forms, key=lambda f: (-len(f), f))]


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    found = _alternatives(words)
    return re.compile(_WORD % "|".join(found), re.IGNORECASE) if found else None
