"""Which addresses may be asked when strangers name them."""

import ipaddress
import socket

import pytest

from textor.adapters import address_guard
from textor.errors import AddressRefused, Unreachable

PRIVATE = ["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "::1", "fd12::1"]
PRIVATE_INSIDE = ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:c0a8:101::1", "64:ff9b::10.0.0.1"]
NEVER = ["0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.1.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1"]
NEVER += [
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.7",
    "198.18.0.1",
    "192.88.99.1",
]
NEVER += ["::", "fe80::1", "fec0::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "2001:db8::1", "3fff::1", "100::1", "::7f00:1"]
NEVER += ["2001:0:7f00:1::", "64:ff9b:1::7f00:1", "64:ff9b::a9fe:a9fe", "::ffff:169.254.169.254", "2002:a9fe:a9fe::", "5f00::1"]
PUBLIC = ["93.184.216.34", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]

SPELLINGS = [
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.0.1.",
    "0",
    "0x7f.1.",
    "[::]",
]
NO_ADDRESSES = ["", "example.org", "//example.org/x", "ftp://example.org", "file:///etc/passwd", "javascript:alert(1)", "http://"]
NO_ADDRESSES += [
    "http:///x",
    "http://exa mple.org",
    "http://example.org\n/",
    "http://example.org/\0",
    "https://[::1",
    "http://\ud800/",
]
NO_ADDRESSES += ["http://a%6d.org", "http://a\\b.org", "http://[fe80::1%25lo]/", "http://１２７.0.0.1/", "https://" + "a" * 2048]


@pytest.mark.parametrize("text", PRIVATE + PRIVATE_INSIDE)
def test_an_address_of_ones_own_network_is_asked_only_where_that_is_allowed(text: str) -> None:
    assert not address_guard.is_allowed(ipaddress.ip_address(text))
    assert address_guard.is_allowed(ipaddress.ip_address(text), private=True)


@pytest.mark.parametrize("text", NEVER)
def test_what_no_server_has_or_only_a_cloud_itself_is_never_asked(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not address_guard.is_allowed(address)
    assert not address_guard.is_allowed(address, private=True)


@pytest.mark.parametrize("text", PUBLIC)
def test_servers_on_the_web_are_asked(text: str) -> None:
    assert address_guard.is_allowed(ipaddress.ip_address(text))


@pytest.mark.parametrize("host", [*SPELLINGS, "127.0.0.1", "[::1]", "[::ffff:7f00:1]", "localhost", "a.LOCALHOST."])
def test_no_spelling_of_a_private_address_is_accepted(host: str) -> None:
    with pytest.raises(AddressRefused):
        address_guard.parsed(f"http://{host}:8080/hook")


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_web_address_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        address_guard.parsed(url, private=True)
    assert refused.value.message.endswith(".")
    assert refused.value.status == 400


@pytest.mark.parametrize("url", ["https://user@example.org/", "https://user:secret@example.org/", "https://:secret@example.org/"])
def test_an_address_with_a_password_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused, match="user name or password"):
        address_guard.parsed(url)


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_port_that_does_not_exist_is_refused(port: str) -> None:
    with pytest.raises(AddressRefused, match="port"):
        address_guard.parsed(f"https://example.org:{port}/")


def test_any_other_web_address_is_accepted_on_any_port() -> None:
    found = address_guard.parsed("HTTPS://Hooks.Example.ORG:8443/a b?c=ü")
    assert (found.scheme, found.raw_host, found.port) == ("https", b"hooks.example.org", 8443)
    assert address_guard.parsed("http://münchen.example/").raw_host == b"xn--mnchen-3ya.example"
    assert address_guard.parsed("http://localhost:8000/", private=True).host == "localhost"


def test_of_a_names_addresses_those_on_the_web_are_left() -> None:
    found = ["10.0.0.1", "93.184.216.34", "fe80::1%eth0", "2606:4700::1111"]
    assert address_guard.reachable("mixed.example", 80, resolve=lambda *_: found) == ["93.184.216.34", "2606:4700::1111"]


def test_a_name_that_leads_into_a_private_network_is_refused() -> None:
    with pytest.raises(AddressRefused):
        address_guard.reachable("inside.example", 80, resolve=lambda *_: ["127.0.0.1", "::1"])


def test_what_the_system_resolves_is_checked_too() -> None:
    with pytest.raises(AddressRefused):
        address_guard.reachable("localhost", 80)
    assert "127.0.0.1" in address_guard.reachable("localhost", 80, private=True)


def test_a_name_that_nobody_has_is_said_so() -> None:
    def nobody(*_: object) -> list[str]:
        raise socket.gaierror

    def nowhere(*_: object) -> list[str]:
        return []

    for resolve in (nobody, nowhere):
        with pytest.raises(Unreachable, match="no server of that name"):
            address_guard.reachable("nobody.example", 80, resolve=resolve)
