"""Names as people write them: cleaned without losing any, compared by what they say."""

import re
import unicodedata

APOSTROPHES = "'’ʼ`′‘‛´ʹ＇"
DASHES = "-‐‑‒–—−"
#: Letters, marks and symbols that nobody sees, though Unicode counts them as visible.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_JOINERS = "\u200c\u200d"
_SPACES = str.maketrans("\u2800", " ")
#: Control, format, private and surrogate characters; what is unassigned may be an emoji
#: newer than this Python.
_HIDDEN = ("Cc", "Cf", "Co", "Cs")
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")
_LATIN, _CYRILLIC = "ABCEHIKMOPTXYaceiopxyïё", "АВСЕНІКМОРТХУасеіорхуїё"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)
_FORMS = str.maketrans(
    {**dict.fromkeys(APOSTROPHES, "'"), **dict.fromkeys(DASHES, "-")}
)


def clean(text: str) -> str:
    """``text`` in NFC, without invisible characters and idle blanks. Emoji stay, the
    joined ones as one."""
    text = unicodedata.normalize("NFC", _NONCHARACTERS.sub("", text)).translate(_SPACES)
    text = " ".join(text.split())
    kept = [
        char for at, char in enumerate(text) if _is_seen(char) or _is_joint(text, at)
    ]
    return " ".join("".join(kept).split())


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in _HIDDEN and char not in _INVISIBLE


def _is_joint(text: str, at: int) -> bool:
    """Whether a joiner has something to join: emoji, or letters of scripts that need
    it. Between the letters of Europe it is invisible."""
    around = text[at - 1 : at] + text[at + 1 : at + 2]
    return (
        text[at] in _JOINERS
        and len(around) == 2
        and all(char >= "\u0590" and _is_seen(char) for char in around)
    )


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters of ``text``, no letter or emoji taken apart that is
    not longer than that by itself."""
    end = limit if len(text) > limit else 0
    while end and (_is_bound(text[end]) or text[end - 1] in _JOINERS):
        end -= 1
    return text[: end or limit].rstrip()


def _is_bound(char: str) -> bool:
    return bool(unicodedata.combining(char)) or (
        char in _JOINERS or unicodedata.category(char) in ("Mn", "Me", "Sk")
    )


def mixed_word(text: str) -> str | None:
    """The first word of ``text`` with letters of the other alphabet that look alike."""
    return next((word for word in text.split() if _unmix(word) != word), None)


def _unmix(word: str) -> str:
    """``word`` in one alphabet, if it is in two that differ by look-alikes only."""
    latin = {char for char in word if "LATIN" in unicodedata.name(char, "")}
    cyrillic = {char for char in word if "CYRILLIC" in unicodedata.name(char, "")}
    if latin and cyrillic and latin <= set(_LATIN):
        return word.translate(_TO_CYRILLIC)
    if latin and cyrillic and cyrillic <= set(_CYRILLIC):
        return word.translate(_TO_LATIN)
    return word


def same_spelling(text: str) -> str:
    """A key that is the same for texts that differ only in what people do not see:
    kinds of apostrophe and dash, blanks, composed letters, look-alikes."""
    words = (_unmix(word) for word in clean(text).translate(_FORMS).split())
    return re.sub(" ?- ?", "-", " ".join(words))


def same_form(text: str) -> str:
    """As ``same_spelling``, whatever the case: the key of sources and specialties.

    >>> same_form("Б’юті -  салон") == same_form("б'юті-салон")
    True
    """
    folded = same_spelling(text).casefold()
    return unicodedata.normalize("NFC", folded)


def same_name(text: str) -> str:
    """As ``same_form``, without emoji and the like where letters remain."""
    words = "".join(char for char in text if char.isalnum() or _is_name_sign(char))
    return same_form(words) or same_form(text)


def _is_name_sign(char: str) -> bool:
    return (
        char.isspace()
        or char in APOSTROPHES
        or char in DASHES
        or bool(unicodedata.combining(char))
    )
