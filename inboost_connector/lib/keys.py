"""The keys of facts. One fact has one key in a backend and operation, and a key is made
of a uuid, a phone or a day that belongs to the fact: a serial id alone is handed out
again after a restore."""

import hashlib


def of_document(source: str, uuid: str) -> str:
    """A purchase or a refund. ``source`` is the kind of document, such as "pos"."""
    return f"{source}:{uuid}"


def of_points(document: str, card: str) -> str:
    """Points of one card by a document whose points may be confirmed again."""
    return f"{document}:{card}"


def of_returned_points(document: str, original: str, card: str) -> str:
    """Points of one card that the refund ``document`` takes back or gives back. The
    same document may win points, too.

    :param original: the uuid of what is refunded
    """
    return f"{document}:{card}:returned:{original}"


def of_move(uuid: str) -> str:
    """Points of a ledger row that is like no other."""
    return f"move:{uuid}"


def of_balance(uuid: str) -> str:
    """A balance that is to be sent; each change is one of its own."""
    return f"balance:{uuid}"


def of_customer(phone: str) -> str:
    """A customer offered to InBoost: a phone is who they are. Their key outlives an
    erasure, and does not reveal it."""
    return f"customer:{hashlib.sha256(phone.encode()).hexdigest()}"


def of_notice(day: str) -> str:
    """The notice of points that expire soon, one a day."""
    return f"expiring:{day}"


def of_notice_part(notice: str, part: int) -> str:
    """A part of a notice that was too large. ``notice``: its key."""
    return f"{notice}.{part}"
