"""Days and moments as the stricter styles take them."""

from datetime import datetime, timezone

DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
#: RFC 3339, to the second, with an offset or Z.
MOMENT = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
KEPT = "%Y-%m-%dT%H:%M:%S"


def as_utc(text):
    """A moment with an offset as the UTC text that the store keeps; what no calendar
    knows (31 February) stays as it is."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.astimezone(timezone.utc).strftime(KEPT)
    except (ValueError, OverflowError):
        return text
