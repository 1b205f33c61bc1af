"""The codes of accruals and redemptions: readable, unique, the same over all tries."""

import hashlib

#: Crockford's: no letter that is read as a digit, none that spells words.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIXES = {"bonus_accrual": "ACC", "bonus_redemption": "RED"}


def bonus_code(operation, key):
    """
    >>> bonus_code("bonus_accrual", "move:1")
    'ACC-FT5C-31NR-4ZYA'

    :param str key: the fact's own key; 60 bits of its hash make the code
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 4
    letters = ""
    for _digit in range(12):
        number, index = divmod(number, 32)
        letters += ALPHABET[index]
    return "-".join((PREFIXES[operation], letters[:4], letters[4:8], letters[8:]))
