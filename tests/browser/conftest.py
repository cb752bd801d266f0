"""A whole Textor (Redis, workers, web) on a port of its own, and a real Chromium to look at it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from tests.conftest import FIXTURES, SHARED, missing

ROOT = Path(__file__).parents[2]
PASSWORD = "Correct-Horse"
READY_SECONDS = 90
PATIENCE = 90_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address + "/login", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the instance keeps everything."""
    return tmp_path_factory.mktemp("t")


@pytest.fixture(scope="session")
def textor(data: Path) -> Iterator[str]:
    """The address of an instance of the suite's own, started as `make run` does. htmx is its own copy: there is no CDN here."""
    port = free_port()
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environ = {**keep, "DATA_DIR": str(data), "PORT": str(port), "HTMX_URL": "", "DEFAULT_ENGINE": "sphinx", "WORKERS": "1"}
    environ["WHISPER_MODELS_DIR"] = str(models if (models := SHARED / "smoke-whisper").exists() else FIXTURES)
    with (data / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "textor.supervisor"], cwd=ROOT, env=environ, stdout=log, stderr=log)
        address = f"http://127.0.0.1:{port}"
        try:
            wait(lambda: answers(address), process, data / "log")
            yield address
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    clock = iter(range(READY_SECONDS * 2))
    while not is_ready():
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            if next(clock, None) is not None:
                continue
        pytest.fail("Textor did not start:\n" + log.read_text(errors="replace")[-3000:])


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        missing("Chromium")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One person's browser window, and all that it complained about."""

    page: Page
    context: BrowserContext
    address: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_up(self) -> str:
        name = f"alice.{uuid.uuid4().hex[:8]}"
        page = self.go("/signup")
        page.fill("#username", name)
        page.fill("#email", f"{name}@holloway.org")
        page.fill("#password", PASSWORD)
        page.fill("#password_again", PASSWORD)
        page.click("main button.primary")
        page.wait_for_url("**/transcripts")
        return name


Visits = Callable[..., Visit]


@dataclass(frozen=True)
class Reader:
    """Somebody with a finished transcript of the sample: `cookies` log in, `path` is its page."""

    cookies: StorageState
    path: str


@pytest.fixture(scope="session")
def reader(chrome: Browser, textor: str) -> Reader:
    context = chrome.new_context()
    window = Visit(context.new_page(), context, textor)
    window.sign_up()
    window.page.locator('form[action="/transcripts/sample"] button').click()
    window.page.wait_for_url(re.compile(r"/transcripts/[0-9a-f-]{36}"))
    expect(window.page.locator("#export")).to_be_attached(timeout=PATIENCE)
    found = Reader(context.storage_state(), window.page.url.removeprefix(textor))
    context.close()
    return found


@pytest.fixture
def visit(chrome: Browser, textor: str) -> Iterator[Visits]:
    """Opens windows; whatever one complained about (console, policy, script errors) fails the test at its end."""
    opened: list[Visit] = []

    def open_window(**options: object) -> Visit:
        context = chrome.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options})  # type: ignore[arg-type]  # passed on
        context.set_default_timeout(15_000)
        new = Visit(context.new_page(), context, textor)
        new.page.on(
            "console", lambda message: new.complaints.append(message.text) if message.type in {"error", "warning"} else None
        )
        new.page.on("pageerror", lambda error: new.complaints.append(str(error)))
        opened.append(new)
        return new

    yield open_window
    complaints = [complaint for one in opened for complaint in one.complaints]
    for one in opened:
        one.context.close()
    assert complaints == []
