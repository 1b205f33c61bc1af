"""The time as the database keeps it."""

from datetime import datetime, timezone


def utcnow() -> datetime:
    """Now, in UTC, naive, with the fractions of a second that Odoo's own clock drops: a
    retry that is due at half past is not due a second later."""
    return datetime.now(timezone.utc).replace(tzinfo=None)
