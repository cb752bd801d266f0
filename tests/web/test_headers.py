"""What every response says to the browser, and to whom Textor answers."""

import re

import pytest

from tests.web.conftest import HTML, Browser
from textor.settings import HTMX_CDN
from textor.web import headers


def test_every_page_carries_the_policy(gina: Browser) -> None:
    for path in ("/", "/login", "/nowhere", "/static/app.css"):
        answer = gina.get(path, headers=HTML)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "microphone=(self)" in answer.headers["Permissions-Policy"]


def test_the_policy_names_the_one_host_that_htmx_comes_from() -> None:
    assert "script-src 'self' https://cdn.jsdelivr.net;" in headers.policy(HTMX_CDN)
    assert "script-src 'self';" in headers.policy("")


def test_htmx_comes_from_its_cdn_with_its_hash_and_a_copy_to_fall_back_to(gina: Browser) -> None:
    page = gina.get("/login").text
    assert f'src="{HTMX_CDN}" integrity="sha384-' in page
    assert 'crossorigin="anonymous"' in page
    own = re.search(r'data-own="([^"]+)"', page)
    assert own
    assert gina.get(own[1]).status_code == 200


class TestOwnCopyOnly:
    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return {**environ, "HTMX_URL": ""}

    def test_an_empty_htmx_url_means_our_own_copy_only(self, gina: Browser) -> None:
        page = gina.get("/login").text
        assert "cdn.jsdelivr.net" not in page
        assert re.search(r'<script src="/static/js/htmx.min.js\?v=\w+" defer>', page)


def test_no_page_has_inline_script_or_style(gina: Browser) -> None:
    for path in ("/", "/login", "/signup", "/nowhere"):
        page = gina.get(path, headers=HTML).text
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", page)
        assert not re.search(r"\sstyle=|<style|\son\w+=|hx-on", page)


def test_static_files_under_their_versions_are_kept_for_a_year(gina: Browser) -> None:
    address = re.search(r'href="(/static/app.css\?v=\w+)"', gina.get("/login").text)
    assert address
    assert "immutable" in gina.get(address[1]).headers["Cache-Control"]
    assert "immutable" not in gina.get("/static/app.css").headers.get("Cache-Control", "")


def test_a_page_is_kept_by_nobody_but_its_reader(alices: Browser) -> None:
    assert alices.get("/transcripts").headers["Cache-Control"] == "private, no-cache"


def test_no_hsts_over_plain_http(gina: Browser) -> None:
    assert "Strict-Transport-Security" not in gina.get("/login").headers


class TestProduction:
    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return {
            **environ,
            "ALLOWED_HOSTS": "textor.example,.holloway.org",
            "SECURE_SSL_REDIRECT": "true",
            "SECURE_HSTS_SECONDS": "3600",
        }

    def test_another_host_is_refused(self, gina: Browser) -> None:
        assert gina.get("/login", base_url="https://evil.example").status_code == 400
        assert gina.get("/login", base_url="https://textor.example").status_code == 200
        assert gina.get("/login", base_url="https://a.holloway.org:8443").status_code == 200
        assert gina.get("/login", base_url="https://evilholloway.org").status_code == 400

    def test_plain_http_is_sent_to_https(self, gina: Browser) -> None:
        answer = gina.get("/login?next=/account", base_url="http://textor.example")
        assert answer.status_code == 308
        assert answer.location == "https://textor.example/login?next=/account"

    def test_https_is_to_stay(self, gina: Browser) -> None:
        assert (
            gina.get("/login", base_url="https://textor.example").headers["Strict-Transport-Security"].startswith("max-age=3600")
        )


def test_no_list_of_hosts_allows_every_host() -> None:
    assert headers.is_allowed("anything:8000", ())
    assert headers.is_allowed("[::1]:8000", ("::1",))
    assert not headers.is_allowed("example.org", ("sub.example.org",))
    assert not headers.is_allowed("[::1", ("example.org",))
