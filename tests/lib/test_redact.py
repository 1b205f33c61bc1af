"""What is stored and shown has no secret in it, and no person where that is wanted."""

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import redact

TOKEN = "Zq7-kY0_x9/4b+Ж=="
SENDABLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_secret_headers():
    masked = redact.headers(
        {"Authorization": "Bearer x", "X-Own": "y", "Accept": "z"}, ["x-own", ""]
    )
    assert masked == {"Authorization": "***", "X-Own": "***", "Accept": "z"}


# -- texts -------------------------------------------------------------------------


@given(st.text(min_size=4, max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_secret_never_stays(secret, before, after):
    if secret not in redact.MASK:
        found = redact.text(before + secret + after, [secret])
        assert secret not in found.replace(redact.MASK, "")


def basic(secret):
    return base64.b64encode(f"shop:{secret}".encode()).decode()


@pytest.mark.parametrize(
    "spell",
    [
        str,
        quote,
        lambda s: quote(s, safe=""),
        lambda s: re.sub("%..", lambda found: found[0].lower(), quote(s, safe="")),
        quote_plus,
        json.dumps,
        lambda s: json.dumps(s, ensure_ascii=False),
        lambda s: json.dumps(s).replace("/", "\\/"),
        html.escape,
        lambda s: base64.b64encode(s.encode()).decode(),
        lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    ],
)
@pytest.mark.parametrize("secret", [TOKEN, 'a"b\\c&d<e f\n', "0123456789abcdef"])
def test_every_spelling_of_a_secret_is_masked(spell, secret):
    spelled = spell(secret)
    found = redact.text(f"<{spelled}>", [secret])
    assert redact.MASK in found
    assert len(found) <= len(redact.MASK) + 6


@given(st.text(max_size=9), st.text("abcdefXYZ0189-_+/", min_size=8, max_size=40))
def test_a_secret_is_masked_within_the_credentials_of_basic(user, secret):
    coded = base64.b64encode(f"{user}:{secret}".encode("utf-8", "ignore")).decode()
    found = redact.text(f"Authorization: Basic {coded}", [secret])
    assert redact.MASK in found
    left = found.rpartition(redact.MASK)[0].rpartition(" ")[2]
    decoded = base64.b64decode(left + "=" * (-len(left) % 4)) if len(left) > 1 else b""
    assert secret.encode()[:2] not in decoded.partition(b":")[2]


def test_the_longest_secret_goes_first():
    assert redact.text("abcdef", ["abc", "abcdef", None, ""]) == "***"


# -- addresses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, shown",
    [
        (
            "https://shop.inboost.ai/api/webhok/0123456789abcdef/?key=1",
            "https://shop.inboost.ai/…••••••••cdef?key=***",
        ),
        (
            "https://hooks.example.com:8443/0123456789abcdef",
            "https://hooks.example.com:8443/…••••••••cdef",
        ),
        ("https://x.example.com/s/T0/short", "https://x.example.com/…••••••••"),
        ("https://x.example.com/?tok&a=b=c", "https://x.example.com/?***&a=***"),
        ("https://u:p@x.example.com/hook", "https://x.example.com/…••••••••"),
        ("https://x.example.com", "https://x.example.com"),
        ("https://[broken/0123456789abcdef", "***"),
    ],
)
def test_a_webhooks_address_is_a_secret(value, shown):
    assert redact.url(value) == shown


def test_an_api_address_keeps_its_path_and_no_value_of_its_query():
    url = "https://shop.inboost.ai/api/Bonuses?phone=380671234567&key=s3cret#x"
    assert (
        redact.url(url, webhook=False)
        == "https://shop.inboost.ai/api/Bonuses?phone=***&key=***"
    )


@given(st.text("abcdefghij0123456789/-_", min_size=12, max_size=60))
def test_no_more_than_four_characters_of_a_path_are_shown(path):
    shown = redact.url(f"https://x.example.com/{path}")
    rest = shown.removeprefix("https://x.example.com/").lstrip("…•")
    assert len(rest) <= 4


def test_a_webhooks_secrets_are_masked_in_texts():
    url = "https://shop.inboost.ai/api/webhok/0123456789abcdef/?key=s3cret%2B1"
    secrets = redact.url_secrets(url)
    for echo in (
        url,
        "no such hook: /api/webhok/0123456789abcdef",
        "0123456789abcdef is unknown",
        "bad key s3cret+1",
        "bad key s3cret%2B1",
    ):
        found = redact.text(echo, secrets)
        assert "0123456789" not in found and "s3cret" not in found, echo


# -- people ------------------------------------------------------------------------


def test_people_are_masked_by_the_names_of_keys():
    masked = redact.personal(
        {
            "userPhoneNumber": "38",
            "total": 5,
            "rows": [{"lastName": "K"}],
            "sku": "a",
            "name": "Cream",
        }
    )
    assert masked == {
        "userPhoneNumber": "***",
        "total": 5,
        "rows": [{"lastName": "***"}],
        "sku": "a",
        "name": "Cream",
    }
    assert redact.personal({"name": "Olena"}, people=True) == {"name": "***"}


def test_people_are_masked_wherever_they_stand():
    masked = redact.personal(
        {
            "message": "Client +38 (067) 123-45-67 <o.k@example.com> is unknown",
            "client": 380671234567,
            "380671234567": 5,
            "barcode": "4820000000001",
            "orderNumber": "00012-003-0004",
            "date": "2026-01-31T12:30",
            "total": 12345.67,
            "ok": True,
            "nothing": None,
        }
    )
    assert masked == {
        "message": "Client *** <***> is unknown",
        "client": "***",
        "***": 5,
        "barcode": "4820000000001",
        "orderNumber": "00012-003-0004",
        "date": "2026-01-31T12:30",
        "total": 12345.67,
        "ok": True,
        "nothing": None,
    }


@pytest.mark.parametrize(
    "phone",
    [
        "+380671234567",
        "380671234567",
        "0671234567",
        "+38 (067) 123-45-67",
        "067 123 45 67",
        "(067) 123-45-67",
        "067.123.45.67",
        "8(067)123-45-67",
        "+38\u00a0067\u00a0123\u00a045\u00a067",
        "00380671234567",
        "067/123–45–67",
    ],
)
def test_a_phone_in_any_spelling_is_masked_in_free_text(phone):
    for words in ("{}", "Client {} is unknown.", "тел:{},", '{{"a": "{}"}}'):
        found = redact.personal_text(words.format(phone))
        assert not any(char.isdigit() for char in found), found
        assert redact.MASK in found


@pytest.mark.parametrize(
    "mail", ["o.k@example.com", "олена@приклад.укр", "a+b@x-y.co.uk", "o%40example.com"]
)
def test_a_mail_address_is_masked_in_free_text(mail):
    found = redact.personal_text(f"Client <{mail}>, m={mail}.")
    assert found in ("Client <***>, m=***.", "Client <***>, m=***")


@pytest.mark.parametrize(
    "words",
    [
        "HTTP 404",
        "Order 12345678 of 2026-01-31 12:30:59 was refused",
        "paid 1234.50, 7 lines",
        "12345678901234567890 is too long",
        "a @ b",
    ],
)
def test_other_numbers_stay(words):
    assert redact.personal_text(words) == words


def test_a_long_text_is_masked_in_no_time():
    """Each pattern looks at each place a bounded number of times."""
    for text in (
        "a" * 200_000,
        "1-" * 100_000,
        "a@" * 100_000,
        "+(" * 100_000,
        "a%40" * 50_000,
    ):
        redact.personal_text(text)


@given(st.recursive(SENDABLE | st.integers() | st.none(), st.lists, max_leaves=5))
def test_any_json_can_be_masked(value):
    redact.personal({"a": value, "phone": value})
