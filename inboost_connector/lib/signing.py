"""Webhooks signed as Standard Webhooks (standardwebhooks.com): ours, and those that we
get. Two secrets are in use while one replaces the other."""

import base64
import binascii
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from uuid import uuid4

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PREFIX = "whsec_"
#: Bytes of a secret: what the standard asks for, and a little more is no harm.
MIN_SECRET, MAX_SECRET = 24, 128


def check_secret(secret: str) -> None:
    """:raise ValueError: when ``secret`` is none of the standard"""
    try:
        raw = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not MIN_SECRET <= len(raw) <= MAX_SECRET:
        raise ValueError(
            f"a signing secret is {PREFIX} and at least {MIN_SECRET} bytes as base64"
        )


def sign(
    secrets: Iterable[str], body: bytes, message_id: str | None = None
) -> dict[str, str]:
    """The headers that go with ``body``, signed now by each of ``secrets``.

    :param message_id: the same over all tries; a new one where there is none
    """
    message_id = message_id or str(uuid4())
    moment = datetime.fromtimestamp(int(time.time()), timezone.utc)
    signatures = [
        Webhook(secret).sign(message_id, moment, body.decode()) for secret in secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether ``secret`` signed ``body`` within the last five minutes."""
    try:
        Webhook(secret).verify(body, {**headers}, json_parse=False)
    except (WebhookVerificationError, ValueError):
        # Whatever else is no signature: not base64, no UTF-8, no comma.
        return False
    return True
