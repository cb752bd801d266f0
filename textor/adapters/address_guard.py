"""Which addresses Textor asks when a stranger names them: those of the web, and none that only Textor's own machine can reach.

An address is looked at twice. `parsed` reads it and looks nothing up: enough to refuse a typo, a password or a plain 127.0.0.1.
`reachable` tells what a name leads to now, and whoever connects goes to exactly what it returned: a name that leads elsewhere a
moment later (DNS rebinding) changes nothing.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textor.errors import AddressRefused, InvalidInput, Unreachable

if TYPE_CHECKING:
    import httpx

PORTS = {"http": 80, "https": 443}
LONGEST_URL = 2048

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to IP addresses; an empty answer or OSError where there are none."""

_NAME = re.compile(rb"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
_AUTHORITY = re.compile(r"\w+://([^/?#]*)")
_ODD_PORT = re.compile(r":(?![0-9]*\Z)[^\]]*\Z")


def _networks(*names: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name) for name in names)


_METADATA = _networks("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24", "fd00:ec2::/32", "fd20:ce::/32")
"""Where clouds tell a machine its keys: never asked, whatever is allowed."""
_PRIVATE = _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7", "::1/128")
_SPECIAL = _networks("192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")
"""Reserved ones that Python's `is_global` lets pass, at least in some versions; Teredo, which hides an address, among them."""
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def parsed(url: str, *, private: bool = False) -> "httpx.URL":
    """The address, if it can be one to ask: http or https, a host, no user name. Looks nothing up. Raises AddressRefused."""
    import httpx  # noqa: PLC0415 - on use

    try:
        found = httpx.URL(url if len(url) <= LONGEST_URL else "")
        found.raw_path.decode("ascii")
    except (httpx.InvalidURL, UnicodeError):
        found = httpx.URL("")
    if found.scheme not in PORTS:
        raise AddressRefused("This is no web address that can be called. It begins with https:// or http://.")
    authority = _AUTHORITY.match(url)
    if found.userinfo or authority is None or "@" in authority[1]:  # "@" alone is a user without a name
        raise AddressRefused("A web address with a user name or password in it is not accepted.")
    _check_host(found.raw_host, private=private)
    is_odd = _ODD_PORT.search(authority[1]) is not None  # " 80" and "８０" are 80 to the parser, and not to all others
    if is_odd or (found.port is not None and not 0 < found.port < 65_536):
        raise AddressRefused("The port of a web address is a number from 1 to 65535.")
    return found


def reachable(host: str, port: int, *, private: bool = False, resolve: Resolve | None = None) -> list[str]:
    """The IP addresses of a host that may be connected to, in the order of the resolver. Raises AddressRefused, Unreachable."""
    try:
        found = list((resolve or resolved)(host, port))
    except (OSError, UnicodeError) as error:
        raise Unreachable("There is no server of that name.") from error
    allowed = [text for text in found if (address := _literal(text)) and is_allowed(address, private=private)]
    if found and not allowed:
        raise _refused()
    if not found:
        raise Unreachable("There is no server of that name.")
    return allowed


def resolved(host: str, port: int) -> list[str]:
    """What the system's resolver says, each address once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def is_allowed(address: Ip, *, private: bool = False) -> bool:
    """Whether it is on the web; with `private` also where it is on this machine or its network, but never a cloud's metadata."""
    inner = _inside(address)
    if inner is not None:
        return is_allowed(inner, private=private)
    if _is_in(address, _METADATA):
        return False
    if _is_in(address, _PRIVATE):
        return private
    is_unicast = address.is_global and not (address.is_multicast or address.is_reserved or _is_in(address, _SPECIAL))
    return is_unicast and (address.version == 4 or address in _GLOBAL_V6)


def _inside(address: Ip) -> Ip | None:
    """The IPv4 address that an IPv6 one leads to."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_in(address: Ip, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _check_host(host: bytes, *, private: bool) -> None:
    address = _literal(host.decode("ascii"))
    if address is None:
        _check_name(host, private=private)
    elif not is_allowed(address, private=private):
        raise _refused()


def _check_name(host: bytes, *, private: bool) -> None:
    name = host.lower().removesuffix(b".")
    last = name.rpartition(b".")[2]
    # "2130706433", "0x7f.1" and "127.1" are 127.0.0.1 to a resolver; no name on the web ends so.
    if not _NAME.fullmatch(name) or last.isdigit() or last.startswith(b"0x"):
        raise AddressRefused("The host of this web address is no name and no IP address in its usual form.")
    if last == b"localhost" and not private:
        raise _refused()


def _literal(text: str) -> Ip | None:
    """With a zone ("fe80::1%eth0") it is none that anybody outside could name."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def _refused() -> InvalidInput:
    return AddressRefused("This address leads into a private network, which Textor does not ask for anybody.")
