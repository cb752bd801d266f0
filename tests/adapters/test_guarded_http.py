"""HTTP to addresses that strangers name, against real servers on loopback: some decent, some rough, some where nobody may go."""

import socket
import ssl
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.adapters.rough_servers import SOUND, Server, dripping, own_certificate, serving
from textor.adapters.guarded_http import MOST_REDIRECTS, Found, GuardedHttp, Limits
from textor.errors import AddressRefused, TooLarge, Unreachable

LIMITS = Limits(seconds=5, max_bytes=1000)


def here(**options: Any) -> GuardedHttp:
    """May ask this machine."""
    return GuardedHttp(private=True, **options)


def redirect(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def download(http: GuardedHttp, url: str, limits: Limits = LIMITS, **options: Any) -> tuple[bytes, Found]:
    found: list[bytes] = []
    told = http.download(url, found.append, limits, **options)
    return b"".join(found), told


def port(server: Server) -> str:
    return server.url.rpartition(":")[2]


def test_a_post_arrives_as_it_is_and_its_answer_comes_back() -> None:
    with serving(b"HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy") as server:
        answer = here().post(f"{server.url}/hook?a=b", b'{"c":1}', {"X-Sign": "me"}, LIMITS)
    assert (answer.status, answer.body, answer.retry_after) == (503, b"busy", 7.0)
    assert server.asked[0].startswith("POST /hook?a=b HTTP/1.1\r\n")
    assert all(line in server.asked[0].lower() for line in ("x-sign: me", "content-length: 7", "accept-encoding: identity"))


def test_nobody_inside_is_asked_however_the_address_is_spelled() -> None:
    with serving(SOUND) as server:
        for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"):
            with pytest.raises(AddressRefused):
                GuardedHttp().post(f"http://{host}:{port(server)}/", b"", {}, LIMITS)
    assert server.callers == 0


def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    with serving(SOUND) as server, pytest.raises(AddressRefused):
        GuardedHttp(resolve=lambda *_: ["127.0.0.1"]).post(f"http://rebound.example:{port(server)}/", b"", {}, LIMITS)
    assert server.callers == 0


def test_a_name_is_looked_up_once_and_what_was_checked_is_what_is_connected_to() -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with serving(SOUND) as server:
        here(resolve=resolve).post(f"http://hooks.example:{port(server)}/", b"", {}, LIMITS)
    assert asked == ["hooks.example"]  # the system's own resolver would not know this name
    assert f"host: hooks.example:{port(server)}" in server.asked[0].lower()


def test_an_ipv6_address_keeps_its_brackets_as_a_host() -> None:
    with serving(SOUND) as server:
        http = here(resolve=lambda *_: ["127.0.0.1"])  # where the server really is
        http.post(f"http://[::1]:{port(server)}/", b"", {}, LIMITS)
    assert f"host: [::1]:{port(server)}\r\n" in server.asked[0].lower()
    assert server.asked[0].lower().count("host:") == 1


def test_the_next_address_of_a_name_is_tried_where_one_does_not_answer() -> None:
    with serving(SOUND) as server:
        http = here(resolve=lambda *_: ["127.0.0.2", "10.255.255.255", "127.0.0.1"][::2])
        assert http.post(f"http://hooks.example:{port(server)}/", b"", {}, LIMITS).status == 200


def test_no_proxy_of_the_environment_stands_between(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(SOUND) as server, serving(SOUND) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY")
        assert here().post(server.url, b"", {}, LIMITS).status == 200
    assert proxy.callers == 0


def test_a_post_follows_no_redirect() -> None:
    with serving(SOUND) as target, serving(redirect(target.url, 307)) as server:
        assert here().post(server.url, b"", {}, LIMITS).status == 307
    assert target.callers == 0


def test_a_download_comes_piece_by_piece_and_says_where_it_lay() -> None:
    with (
        serving(b"HTTP/1.1 200 OK\r\nContent-Type: audio/WAV; x=y\r\nContent-Length: 5\r\n\r\nsound") as target,
        serving(redirect(f"{target.url}/b.wav")) as server,
    ):
        found, told = download(here(), f"{server.url}/a", headers={"Authorization": "mine"})
    assert (found, told) == (b"sound", Found(f"{target.url}/b.wav", "audio/wav", 5))
    assert "authorization: mine" in server.asked[0].lower()
    assert "authorization" not in target.asked[0].lower()  # another host's business


class OnTheWeb(GuardedHttp):
    """The first server that it asks stands for one on the web; where that leads to, this machine is out of bounds."""

    def __init__(self) -> None:
        super().__init__(private=True, resolve=lambda *_: ["127.0.0.1"])

    def _next(self, *args: Any) -> Any:
        self.private = False
        return super()._next(*args)


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/", "file:///etc"]
)
def test_a_redirect_leads_nobody_inside(to: str) -> None:
    with serving(SOUND) as inside, serving(redirect(to.format(port=port(inside)))) as server, pytest.raises(AddressRefused):
        download(OnTheWeb(), f"http://web.example:{port(server)}/")
    assert (server.callers, inside.callers) == (1, 0)


def test_a_redirect_to_a_name_that_leads_inside_is_refused() -> None:
    with (
        serving(SOUND) as inside,
        serving(redirect(f"http://inside.example:{port(inside)}/")) as server,
        pytest.raises(AddressRefused),
    ):
        download(OnTheWeb(), f"http://web.example:{port(server)}/")
    assert (server.callers, inside.callers) == (1, 0)


def test_redirects_come_to_an_end() -> None:
    with serving(redirect("/again")) as server:
        with pytest.raises(Unreachable, match="again and again"):
            download(here(), server.url)
        assert len(server.asked) == MOST_REDIRECTS + 1


@pytest.mark.parametrize("head", [b"Content-Length: 2000\r\n", b"Connection: close\r\n"])
def test_too_much_is_refused_while_it_is_read(head: bytes) -> None:
    with serving(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + b"x" * 2000) as server, pytest.raises(TooLarge):
        download(here(), server.url)


def test_an_error_is_no_download() -> None:
    with serving(b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno") as server, pytest.raises(Unreachable, match="404"):
        download(here(), server.url)


def test_of_a_posts_answer_only_the_beginning_is_read() -> None:
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 50) as server:
        assert here().post(server.url, b"", {}, Limits(5, max_bytes=60)).body == b"x" * 60


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 100 Continue\r\n"])
def test_one_who_drips_is_left_when_the_time_is_over(head: bytes) -> None:
    began = monotonic()
    with dripping(head) as server, pytest.raises(Unreachable):
        here().post(server.url, b"", {}, Limits(seconds=0.2, max_bytes=1_000_000))
    assert monotonic() - began < 2


def test_a_resolver_that_says_nothing_is_not_waited_for() -> None:
    never = socket.socketpair()
    began = monotonic()
    with never[0], never[1], pytest.raises(Unreachable, match="too long"):
        here(resolve=lambda *_: [never[0].recv(1).decode()]).post("http://slow.example/", b"", {}, Limits(0.3, 10))
    assert monotonic() - began < 2


def test_a_certificate_that_nobody_has_signed_is_refused(tmp_path: Path) -> None:
    context = own_certificate(tmp_path)

    def play(caller: socket.socket) -> None:
        with context.wrap_socket(caller, server_side=True) as line:
            server.heard(line)
            line.sendall(SOUND)

    with serving(play) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(Unreachable, match="certificate"):
            here().post(url, b"", {}, LIMITS)
        trusted = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
        assert here(trusted=trusted).post(url, b"", {}, LIMITS).status == 200
        with pytest.raises(Unreachable, match="certificate"):  # the name's, whatever address it leads to
            here(trusted=trusted, resolve=lambda *_: ["127.0.0.1"]).post(
                f"https://other.example:{port(server)}/", b"", {}, LIMITS
            )


def test_a_server_that_is_not_there_or_speaks_nonsense_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = closed.getsockname()[1]
    with pytest.raises(Unreachable, match="could not be reached"):
        here().post(f"http://127.0.0.1:{gone}/", b"", {}, LIMITS)
    with serving(b"good morning\r\n\r\n") as server, pytest.raises(Unreachable, match="broke off"):
        here().post(server.url, b"", {}, LIMITS)
