"""Which addresses we may send to. Checked when saving and again when connecting,
since a name may resolve to something else by then."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from .problems import ProblemError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = {"https": 443, "http": 80}
#: What may stand in path and query as it is; anything else is percent-encoded.
UNQUOTED = "%/:=&?~+!$,;'@()*[]"
HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
#: As the parsers of numbers read it: a host that ends so is an IPv4 address.
NUMBER = re.compile(r"\d+|0x[0-9a-f]*")

#: Never public, though some versions of ``ipaddress`` call them global.
REFUSED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments, a cloud's metadata among them
        "168.63.129.16/32",  # a cloud's own services, seen from inside it
        "2001::/23",  # Teredo and other protocol assignments
        "64:ff9b:1::/48",  # NAT64 of a local network
        "fec0::/10",  # site-local
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
    )
)
#: IPv6 networks whose last 32 bits are an IPv4 address: compatible, NAT64.
EMBEDDING_NETWORKS = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96")))


class AddressRefused(ProblemError):
    """The address is not allowed; the problem says why and what to do."""


@dataclass(frozen=True)
class Address:
    """:ivar host: in ASCII, as it is resolved; an IPv6 address without brackets
    :ivar target: path and query, percent-encoded"""

    scheme: str
    host: str
    port: int
    target: str


@lru_cache(1024)
def check_url(
    url: str, allow_http: bool = False, allowed_networks: tuple[str, ...] = ()
) -> Address:
    """What ``url`` is made of, read once, so that what is checked is what is called.

    :raise AddressRefused: when ``url`` is not an address we send to
    """
    # First: the parser would drop some of them without a word.
    if any(char.isspace() or ord(char) < 32 or ord(char) == 127 for char in url):
        raise AddressRefused("address_blanks")
    if "\\" in url:
        raise AddressRefused("address_backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("address_invalid", error=str(error)[:200]) from error
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        raise AddressRefused("address_no_https")
    if "@" in parts.netloc:
        raise AddressRefused("address_user")
    if port == 0:
        raise AddressRefused("address_port")
    host = _check_host(parts.hostname or "", allowed_networks)
    target = parts.path or "/"
    if parts.query:
        target += "?" + parts.query
    return Address(
        parts.scheme, host, port or PORTS[parts.scheme], quote(target, safe=UNQUOTED)
    )


def _check_host(host: str, allowed_networks: tuple[str, ...]) -> str:
    if not host:
        raise AddressRefused("address_no_host")
    if ":" in host:
        return _check_literal(host, allowed_networks)
    if host.endswith("."):
        raise AddressRefused("address_dot")
    try:
        # Digits and dots of other scripts become ours here, before we look at them.
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise AddressRefused("address_host", host=host[:80]) from error
    if not HOST_NAME.fullmatch(host):
        raise AddressRefused("address_host", host=host[:80])
    if NUMBER.fullmatch(host.rpartition(".")[2]):
        return _check_literal(host, allowed_networks)
    return host


def _check_literal(host: str, allowed_networks: tuple[str, ...]) -> str:
    """An IP address has one spelling: no octal, hexadecimal or short form, no zone."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        ip = None
    if ip is None or "%" in host:
        raise AddressRefused("address_host", host=host[:80])
    check_ip(host, allowed_networks)
    return host


def _embedded(ip: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 address stands for; any other as it is."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if any(ip in network for network in EMBEDDING_NETWORKS):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def check_ip(address: str, allowed_networks: Sequence[str] = ()) -> None:
    """:raise AddressRefused: when the resolved ``address`` is not a public one and
    in none of ``allowed_networks`` (CIDR strings)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    ip = _embedded(found)
    for network in allowed_networks:
        allowed = ipaddress.ip_network(network, strict=False)
        if ip in allowed or found in allowed:
            return
    refused = any(ip in network for network in REFUSED_NETWORKS)
    if refused or not ip.is_global or ip.is_multicast:
        raise AddressRefused("address_private", ip=str(ip))
