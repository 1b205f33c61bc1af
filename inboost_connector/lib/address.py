"""Which addresses we may talk to. Checked when saving and again when connecting,
since a name may resolve to something else by then."""

import ipaddress
from urllib.parse import urlsplit


class AddressRefused(ValueError):
    """The address is not allowed; the text says why and what to do."""


def check_url(url, allow_http=False):
    """:raise AddressRefused: when ``url`` is not an address we send to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"not a valid address: {error}") from error
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        raise AddressRefused("the address has to begin with https://")
    if not parts.hostname:
        raise AddressRefused("the address has no host name")
    if parts.username or parts.password:
        raise AddressRefused("the address must not contain a user name or password")
    if port == 0:
        raise AddressRefused("0 is no port")
    if any(char.isspace() or ord(char) < 32 for char in url):
        raise AddressRefused("the address contains blanks")


def _embedded(ip):
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if ip.version == 4:
        return None
    if ip.ipv4_mapped or ip.sixtofour:
        return ip.ipv4_mapped or ip.sixtofour
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def check_ip(address, allowed_networks=()):
    """:raise AddressRefused: when the resolved ``address`` is not a public one and
    in none of ``allowed_networks`` (CIDR strings)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = _embedded(ip) or ip
    for network in allowed_networks:
        if ip in ipaddress.ip_network(network, strict=False):
            return
    if not ip.is_global or ip.is_multicast:
        raise AddressRefused(
            f"{ip} is a private or local address; allow it by "
            "inboost_allowed_networks in Odoo's configuration file if you mean it"
        )
