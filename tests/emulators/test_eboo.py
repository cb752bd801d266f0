"""The emulator of EBOO. Nobody publishes what it answers: its words are those that the programs which use it read."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.emulators.eboo import PATH, Eboo, status
from tests.emulators.provider import serving

SOUND = b"not a recording, so ten seconds long"


@pytest.fixture
def provider() -> Iterator[Eboo]:
    with serving(Eboo()) as emulator:
        yield emulator


@pytest.fixture
def client(provider: Eboo) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=provider.url, trust_env=False, timeout=10) as client:
        yield client


def said(client: httpx.Client, command: str, **fields: str) -> Any:
    return client.post(PATH, data={"token": "emulator-key", "command": command, **fields}).json()


def uploaded(client: httpx.Client, data: bytes = SOUND) -> str:
    fields = {"token": "emulator-key", "command": "addfile"}
    return str(client.post(PATH, data=fields, files={"filehandle": ("a.mp3", data)}).json()["FileToken"])


def test_a_file_is_taken_converted_and_deleted(provider: Eboo, client: httpx.Client) -> None:
    provider.seconds = 3600
    token = uploaded(client)
    assert said(client, "checkconvert", filetoken=token) == {"Status": "Data Not Found Yet"}
    assert said(client, "convert", filetoken=token, language="fa") == {"Status": "ConvertStarted"}
    assert said(client, "convert", filetoken=token, language="fa") == {"Status": "AlreadyProcessing"}
    assert said(client, "checkconvert", filetoken=token)["Progress"] == "0.00%"
    provider.finish(token)
    done = said(client, "checkconvert", filetoken=token)
    assert (done["Status"], done["Progress"]) == ("ConvertFinished", "100.00%")
    assert done["Output"].lower().startswith(sha256(SOUND).hexdigest()[:8])
    assert said(client, "deletefile", filetoken=token) == {"Status": "Done"}
    for command in ("convert", "checkconvert", "deletefile"):
        assert said(client, command, filetoken=token) == {"Status": "FileDeletedFromServer"}


def test_seconds_are_paid_once_and_end(provider: Eboo, client: httpx.Client) -> None:
    provider.credit = 15
    token = uploaded(client)
    for _ in range(2):
        said(client, "convert", filetoken=token)
    assert said(client, "checkcredit") == {"AudioTranscribeCredit": "5"}
    assert said(client, "convert", filetoken=uploaded(client)) == {"Status": "NoEnoughCredit"}


def test_who_has_not_the_token_or_asks_for_something_else_is_told_so_in_words(client: httpx.Client) -> None:
    answer = client.post(PATH, data={"token": "another", "command": "checkcredit"})
    assert (answer.status_code, answer.json()) == (200, {"Status": "TokenNotFound"})
    assert said(client, "sing") == {"Status": "UnknowMethod"}
    assert said(client, "addfile", filelink="https://a.example/1") == {"Status": "UploadFailed"}


def test_faults_strike_the_command_they_are_on(provider: Eboo, client: httpx.Client) -> None:
    provider.fail(on="convert", calls=1, body=status("IPError"), is_done_first=True)
    token = uploaded(client)
    assert said(client, "convert", filetoken=token) == {"Status": "IPError"}
    assert provider.converted == [sha256(SOUND).hexdigest()]
    assert [call.kind for call in provider.calls if call.kind != "request"] == ["addfile", "convert"]


def test_bytes_arrive_as_they_were_sent(provider: Eboo, client: httpx.Client) -> None:
    data = bytes(range(256)) * 40 + b"\r\n--\r\n\r\n--"
    assert provider.files[uploaded(client, data)].data == data
