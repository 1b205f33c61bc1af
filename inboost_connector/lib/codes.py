"""Identities that are the same for ever: of events, accruals and redemptions."""

import hashlib
import json
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID, uuid5

#: Crockford's: no letter that is read as a digit, none that spells words.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIXES = {"bonus_accrual": "ACC", "bonus_redemption": "RED"}
#: Ours, drawn once. Another one would send every purchase again under a new id.
NAMESPACE = UUID("79a4422c-aa4c-4be6-849d-3bca7914d306")
_PORTS = {"http": 80, "https": 443}


def bonus_code(operation: str, key: str) -> str:
    """
    >>> bonus_code("bonus_accrual", "move:1")
    'ACC-4P4R-MEHT-VR18'

    :param str key: the fact's own key; 60 bits of its hash make the code
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 4
    letters = ""
    for _digit in range(12):
        number, index = divmod(number, 32)
        letters += ALPHABET[index]
    return "-".join((PREFIXES[operation], letters[:4], letters[4:8], letters[8:]))


def event_uuid(portal: str, operation: str, key: str) -> str:
    """The event id of a fact: after a restore or a reinstallation, too, so that InBoost
    can drop what it had before.

    >>> event_uuid("https://shop.inboost.ai", "purchase", "pos:1")
    '3d61b2d1-a227-53a7-b482-c96fcabb41f0'

    :param str portal: the address of the portal, in any spelling
    :param str operation: that the fact is sent by
    :param str key: the fact's own key
    """
    # As JSON: no two of them run into each other.
    name = json.dumps([portal_name(portal), operation, key])
    return str(uuid5(NAMESPACE, name))


@lru_cache(64)
def portal_name(address: str) -> str:
    """``address`` without what does not make another portal: scheme, case of the host,
    the usual port, slashes at the end.

    >>> portal_name("HTTPS://Shop.InBoost.ai:443/api/")
    'shop.inboost.ai/api'
    """
    address = address.strip()
    parts = urlsplit(address if "//" in address else f"//{address}")
    host = (parts.hostname or "").rstrip(".")
    port = parts.port
    if port and port != _PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    return host + parts.path.rstrip("/")
