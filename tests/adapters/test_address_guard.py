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


HOSTILE = {
    "decimal": "http://2130706433/",
    "decimal with a dot": "http://2130706433./",
    "hexadecimal": "http://0x7f000001/",
    "hexadecimal bytes": "http://0x7f.0x0.0x0.0x1/",
    "hexadecimal end": "http://127.0.0.0x1/",
    "octal": "http://017700000001/",
    "octal bytes": "http://0177.0.0.01/",
    "octal end": "http://127.0.0.08/",
    "short form": "http://127.1/",
    "short form of three": "http://10.1.1/",
    "zero": "http://0/",
    "all of this machine": "http://0.0.0.0/",
    "too many bytes": "http://1.1.1.1.1/",
    "bytes too large": "http://256.256.256.256/",
    "a name that ends in hexadecimal": "http://example.0x7f/",
    "mapped": "http://[::ffff:127.0.0.1]/",
    "mapped in hexadecimal": "http://[::ffff:7f00:1]/",
    "translated": "http://[::ffff:0:127.0.0.1]/",
    "compatible": "http://[::127.0.0.1]/",
    "loopback at length": "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "unspecified": "http://[::]/",
    "nat64": "http://[64:ff9b::10.0.0.1]/",
    "nat64 of a network": "http://[64:ff9b:1::7f00:1]/",
    "6to4": "http://[2002:7f00:1::]/",
    "teredo": "http://[2001:0:7f00:1::]/",
    "zone": "http://[fe80::1%25eth0]/",
    "zone unescaped": "http://[fe80::1%eth0]/",
    "zone of loopback": "http://[::1%25lo]/",
    "link-local": "http://[fe80::1]/",
    "site-local": "http://[fec0::1]/",
    "multicast": "http://[ff02::1]/",
    "unique local": "http://[fd12:3456::1]/",
    "a name in brackets": "http://[localhost]/",
    "IPv4 in brackets": "http://[127.0.0.1]/",
    "future": "http://[v1.x]/",
    "behind brackets": "http://[::1].example.org/",
    "trailing dot": "http://127.0.0.1./",
    "two trailing dots": "http://localhost../",
    "only dots": "http://.../",
    "an empty label": "http://example..org/",
    "a leading dot": "http://.localhost/",
    "localhost": "http://LocalHost/",
    "localhost with a dot": "http://localhost./",
    "below localhost": "http://foo.localhost/",
    "user": "http://example.org@127.0.0.1/",
    "user who looks like an address": "http://127.0.0.1@example.org/",
    "user and password": "http://127.0.0.1:80@example.org/",
    "user without a name": "http://@example.org/",
    "user and password without letters": "http://:@example.org/",
    "escaped user": "http://%40example.org/",
    "backslash before a user": "http://example.org\\@127.0.0.1/",
    "backslash behind the host": "http://127.0.0.1\\.example.org/",
    "backslashes": "http:\\\\127.0.0.1/",
    "slash and backslash": "http:/\\127.0.0.1/",
    "one slash": "http:/127.0.0.1/",
    "no slash": "http:127.0.0.1/",
    "four slashes": "http:////127.0.0.1/",
    "tab": "http://\t127.0.0.1/",
    "tab in the scheme": "ht\ttp://127.0.0.1/",
    "tab in the host": "http://exam\tple.org/",
    "leading space": " http://127.0.0.1/",
    "newline": "http://example.org\r\nHost: inside/",
    "newline in the path": "http://example.org/\r\nX: y",
    "nul": "http://example.org\0.inside/",
    "ideographic dots": "http://127。0。0。1/",
    "full-width dots": "http://127．0．0．1/",
    "half-width dots": "http://127｡0｡0｡1/",
    "ideographic dot at the end": "http://localhost。/",
    "full-width digits": "http://１２７.0.0.1/",
    "circled digits": "http://①②⑦.0.0.1/",
    "mathematical digits": "http://𝟏𝟐𝟕.0.0.1/",
    "circled letters": "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "long s": "http://localhoſt/",
    "soft hyphen": "http://loc\u00adalhost/",
    "zero-width space": "http://local\u200bhost/",
    "word joiner": "http://lo\u2060calhost/",
    "escaped host": "http://%31%32%37.0.0.1/",
    "escaped dots": "http://127%2e0%2e0%2e1/",
    "escaped letter": "http://%6cocalhost/",
    "very long": "http://example.org/" + "a" * 2048,
    "very long name": "http://" + "a." * 127 + "org/",
    "very long label": "http://" + "a" * 64 + ".org/",
    "port 0": "http://example.org:0/",
    "port 65536": "http://example.org:65536/",
    "negative port": "http://example.org:-1/",
    "port with a space": "http://example.org: 80/",
    "full-width port": "http://example.org:８０/",
    "Arabic port": "http://example.org:٨٠/",
    "two ports": "http://example.org:80:80/",
    "no host": "http://:80/",
    "no host but a fragment": "http://#@example.org/",
    "no host but a query": "http://?@example.org/",
    "fragment behind": "http://127.0.0.1#@example.org/",
    "query behind": "http://127.0.0.1?@example.org/",
    "gopher": "gopher://127.0.0.1:6379/_INFO",
    "dict": "dict://example.org/",
    "ftp": "ftp://example.org/",
    "file": "file://example.org/etc/passwd",
    "data": "data:text/plain,x",
    "WebSocket": "ws://example.org/",
    "long s in the scheme": "httpſ://example.org/",
    "UNIX socket": "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata in decimal": "http://2852039166/",
    "metadata mapped": "http://[::ffff:a9fe:a9fe]/",
    "metadata by IPv6": "http://[fd00:ec2::254]/",
    "metadata of another by IPv6": "http://[fd20:ce::254]/",
    "metadata of a third": "http://100.100.100.200/",
    "metadata of a fourth": "http://168.63.129.16/",
    "metadata of a fifth": "http://192.0.0.192/",
}
LEADS_INSIDE = [
    "10.0.0.1",
    "127.0.0.1",
    "0.0.0.0",
    "169.254.169.254",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "fe80::1%eth0",
]
ANYWHERE = ["8.8.8.8", "127.0.0.1", "fe80::1", "no address", "2130706433", "169.254.169.254"]


@pytest.mark.parametrize("url", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_address_does_not_get_through(url: str) -> None:
    with pytest.raises(AddressRefused):
        address_guard.parsed(url)


@pytest.mark.parametrize("kind", [name for name in HOSTILE if name.startswith("metadata")])
def test_metadata_is_refused_where_private_addresses_are_not(kind: str) -> None:
    with pytest.raises(AddressRefused):
        address_guard.parsed(HOSTILE[kind], private=True)


@pytest.mark.parametrize("name", ["metadata.google.internal", "metadata", "instance-data", "ʟocalhost", "localhost.localdomain"])
@pytest.mark.parametrize("address", LEADS_INSIDE)
def test_a_name_that_looks_like_any_other_is_refused_by_where_it_leads(name: str, address: str) -> None:
    host = address_guard.parsed(f"http://{name}/").raw_host.decode()
    with pytest.raises(AddressRefused):
        address_guard.reachable(host, 80, resolve=lambda *_: [address])


def test_of_a_name_that_leads_everywhere_only_the_web_is_left() -> None:
    assert address_guard.reachable("mixed.example", 80, resolve=lambda *_: ANYWHERE) == ["8.8.8.8"]
    allowed = address_guard.reachable("mixed.example", 80, private=True, resolve=lambda *_: ANYWHERE)
    assert allowed == ["8.8.8.8", "127.0.0.1"]


@pytest.mark.parametrize("end", ["#@127.0.0.1/", "/@127.0.0.1", "?u=http://127.0.0.1/", "/\\127.0.0.1", ".", ":", ":080/"])
def test_what_only_looks_hostile_leads_to_its_own_host(end: str) -> None:
    assert address_guard.parsed(f"http://example.org{end}").raw_host.rstrip(b".") == b"example.org"
