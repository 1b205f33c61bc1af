"""The hostile forms of an address, one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import address_guard
from inboost_connector.lib.address_guard import AddressRefused, check_ip, check_url


@pytest.mark.parametrize(
    "url, parts",
    [
        ("https://shop.inboost.ai", ("shop.inboost.ai", 443, "/")),
        ("https://shop.inboost.ai/api?a=1#b", ("shop.inboost.ai", 443, "/api?a=1")),
        ("https://SHOP.inboost.ai:8443/a%20b", ("shop.inboost.ai", 8443, "/a%20b")),
        ("https://a_b-c.example.com/ї", ("a_b-c.example.com", 443, "/%D1%97")),
        ("https://xn--80ak6aa92e.com/", ("xn--80ak6aa92e.com", 443, "/")),
        ("https://крамниця.укр/", ("xn--80aqejfp0c4d.xn--j1amh", 443, "/")),
        ("https://8.8.8.8/x", ("8.8.8.8", 443, "/x")),
        ("https://[2606:4700::1111]/", ("2606:4700::1111", 443, "/")),
        ("https://1password.example.com", ("1password.example.com", 443, "/")),
    ],
)
def test_what_an_address_is_made_of(url, parts):
    found = check_url(url)
    assert (found.scheme, found.host, found.port, found.target) == ("https", *parts)


@pytest.mark.parametrize(
    "url, code",
    [
        ("http://shop.inboost.ai", "no_https"),
        ("ftp://shop.inboost.ai", "no_https"),
        ("file:///etc/passwd", "no_https"),
        ("//shop.inboost.ai", "no_https"),
        ("shop.inboost.ai", "no_https"),
        ("", "no_https"),
        ("https://", "no_host"),
        ("https:///path", "no_host"),
        ("https://:443", "no_host"),
        ("https://user:pass@shop.inboost.ai", "user"),
        ("https://user@shop.inboost.ai", "user"),
        ("https://@shop.inboost.ai", "user"),
        ("https://good.example.com@127.0.0.1", "user"),
        ("https://good.example.com\\@evil.example.com", "backslash"),
        ("https:\\\\evil.example.com", "backslash"),
        ("https://shop.inboost.ai:0", "port"),
        ("https://shop.inboost.ai:99999", "invalid"),
        ("https://shop.inboost.ai:x", "invalid"),
        ("https://[::1", "invalid"),
        ("https://shop .inboost.ai", "blanks"),
        (" https://shop.inboost.ai", "blanks"),
        ("https://shop.inboost.ai/\r\nHost:x", "blanks"),
        ("https://shop.\tinboost.ai", "blanks"),
        ("https://shop.inboost.ai/\x00", "blanks"),
        ("https://shop.inboost.ai/\x7f", "blanks"),
        ("https://shop.inboost.ai/\u2028", "blanks"),
        ("https://shop.inboost.ai.", "dot"),
        ("https://localhost./", "dot"),
        ("https://a..b/", "host"),
        ("https://.a/", "host"),
        ("https://" + "a" * 64 + ".com/", "host"),
        ("https://127%2e0%2e0%2e1/", "host"),
        ("https://exa%6dple.com/", "host"),
        ("https://a,b.example.com/", "host"),
        ("https://2130706433/", "host"),
        ("https://127.1/", "host"),
        ("https://0x7f.1/", "host"),
        ("https://0x7f000001/", "host"),
        ("https://0177.0.0.1/", "host"),
        ("https://127.0.0.0x1/", "host"),
        ("https://127.0.0.1.5/", "host"),
        ("https://256.1.1.1/", "host"),
        ("https://1.1.1.0x/", "host"),
        ("https://[fe80::1%25eth0]/", "host"),
        ("https://[2606:4700::1%25eth0]/", "host"),
        ("https://127.0.0.1/", "private"),
        ("https://１２７.0.0.1/", "private"),
        ("https://127。0。0。1/", "private"),
        ("https://①②⑦.0.0.1/", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://0.0.0.0/", "private"),
        ("https://[::]/", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:127.0.0.1]/", "private"),
        ("https://[::7f00:1]/", "private"),
        ("https://[fec0::1]/", "private"),
    ],
)
def test_hostile_addresses_are_refused(url, code):
    with pytest.raises(AddressRefused) as caught:
        check_url(url)
    assert caught.value.problem.code == f"address_{code}"
    assert str(caught.value)


def test_http_is_for_developers():
    assert check_url("http://shop.inboost.ai/x", True).port == 80
    with pytest.raises(AddressRefused):
        check_url("gopher://shop.inboost.ai/x", True)


def test_a_literal_of_an_allowed_network():
    assert check_url("https://10.1.2.3/", False, ("10.0.0.0/8",)).host == "10.1.2.3"


@given(st.text(max_size=60) | st.text(max_size=30).map("https://{}".format))
def test_any_text_is_an_address_or_refused(url):
    try:
        found = check_url(url)
    except AddressRefused:
        return
    assert found.host and found.target.startswith("/")
    for part in (found.host, found.target):
        assert part.isascii() and part.isprintable() and " " not in part


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",  # metadata of clouds
        "169.254.0.1",
        "100.64.0.1",  # shared by a provider
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",
        "0.1.2.3",
        "192.0.2.1",  # documentation
        "198.51.100.1",
        "203.0.113.1",
        "198.18.0.1",  # benchmarks
        "224.0.0.1",
        "224.0.1.1",  # multicast
        "239.255.255.255",
        "240.0.0.1",  # reserved
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",  # IPv4-compatible
        "::a9fe:a9fe",
        "::ffff:127.0.0.1",  # IPv4-mapped
        "::ffff:10.0.0.1",
        "::ffff:a9fe:a9fe",
        "64:ff9b::7f00:1",  # NAT64
        "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",  # NAT64 of a local network
        "64:ff9b:1::808:808",
        "2002:7f00:1::",  # 6to4
        "2002:a00:1::1",
        "2002:c0a8:101::",
        "2001:0:7f00:1::",  # Teredo
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",  # benchmarks
        "2001:10::1",  # ORCHID
        "2001:db8::1",  # documentation
        "3fff::1",
        "100::1",  # discarded
        "5f00::1",
        "fc00::1",  # local
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%2",
        "fe80::1%eth0",
        "fec0::1",  # site-local
        "feff::1",
        "ff02::1",  # multicast
        "ff0e::1",
    ],
)
def test_addresses_inside_are_refused(ip):
    with pytest.raises(AddressRefused, match="private or local"):
        check_ip(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "8.8.8.8",
        "1.1.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "2a00:1450::1",
        "64:ff9b::808:808",
        "::ffff:8.8.8.8",
    ],
)
def test_public_addresses_are_not(ip):
    check_ip(ip)


@pytest.mark.parametrize(
    "ip, network",
    [
        ("10.1.2.3", "10.0.0.0/8"),
        ("::ffff:10.1.2.3", "10.0.0.0/8"),
        ("::1", "::1/128"),
        ("fd12::1", "fd00::/8"),
        ("64:ff9b:1::1", "64:ff9b:1::/48"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_configuration_may_allow_networks(ip, network):
    check_ip(ip, [network])
    with pytest.raises(AddressRefused):
        check_ip(ip, ["203.0.113.0/24"])


@given(st.integers(0, 2**32 - 1), st.sampled_from(["::", "64:ff9b::", "::ffff:0:0"]))
def test_an_embedded_address_is_no_better_than_what_it_embeds(number, prefix):
    ipv4 = str(address_guard.ipaddress.IPv4Address(number))
    outer = address_guard.ipaddress.IPv6Address(
        int(address_guard.ipaddress.IPv6Address(prefix)) + number
    )
    try:
        check_ip(ipv4)
    except AddressRefused:
        with pytest.raises(AddressRefused):
            check_ip(str(outer))
