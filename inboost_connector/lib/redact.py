"""Keeps secrets, and personal data where wanted, out of what is stored and shown."""

from urllib.parse import urlsplit, urlunsplit

MASK = "***"
SECRET_HEADERS = {
    "authorization",
    "authorize",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
}
PERSONAL_KEYS = (
    "phone",
    "name",
    "mail",
    "birth",
    "workplace",
)
#: Names of things, not of people.
IMPERSONAL_KEYS = {"name", "eventname"}


def headers(mapping, secret_names=()):
    """A copy of ``mapping`` with the values of secret headers masked."""
    secret = SECRET_HEADERS | {name.lower() for name in secret_names if name}
    return {
        name: MASK if name.lower() in secret else value
        for name, value in mapping.items()
    }


def text(value, secrets=()):
    """``value`` with every one of ``secrets`` masked, longest first."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        value = value.replace(secret, MASK)
    return value


def url(value):
    """``value`` without the token of a webhook: the address may be the only secret."""
    parts = urlsplit(value)
    segments = parts.path.split("/")
    if "webhok" in segments:
        place = segments.index("webhok") + 1
        if place < len(segments) and segments[place]:
            segments[place] = segments[place][:4] + MASK
    query = MASK if parts.query else ""
    return urlunsplit((parts.scheme, parts.netloc, "/".join(segments), query, ""))


def personal(value, people=False, key=""):
    """``value`` (any JSON) with what tells of a person masked, by the names of keys.

    :param bool people: it is about people, so that ``name`` is one's name"""
    if isinstance(value, dict):
        return {k: personal(v, people, str(k).lower()) for k, v in value.items()}
    if isinstance(value, list):
        return [personal(item, people, key) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if key in IMPERSONAL_KEYS and not people:
        return value
    if any(word in key for word in PERSONAL_KEYS):
        return MASK
    return value
