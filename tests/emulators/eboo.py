"""EBOO on loopback: files, conversions that take a chosen time, credit that counts down, errors as words in HTTP 200.

There is no official specification. What is agreed among several programs that use it (shared providers.md, 6.1) is kept: one
address, the token as a field, `addfile` with the part `filehandle`, `convert`, `checkconvert`, `checkcredit`, `deletefile`, their
fields, the words in `Status`, `Progress` as "NN.NN%", done as ConvertFinished at 100.00%, credit as seconds in a string. Made up,
since nobody tells: what `Status` says during the work, and what `deletefile` answers ("Done").

Faults go by command: fail(on="convert", body='{"Status": "IPError"}').
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.emulators import forms, speech
from tests.emulators.forms import Sent
from tests.emulators.provider import NO_ANSWER, Provider
from tests.emulators.speech import Spoken

PATH = "/api/ocr/getway"

Form = Mapping[str, Any]


@dataclass
class File:
    """What was uploaded, and its conversion from `began` to `ends` (time.monotonic)."""

    data: bytes
    name: str
    seconds: float
    began: float | None = None
    ends: float = 0.0

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()

    @property
    def share(self) -> float:
        if self.began is None:
            return 0.0
        return min(1.0, (time.monotonic() - self.began) / max(1e-9, self.ends - self.began))


@dataclass
class Eboo(Provider):
    """`said` has the words of a file by its SHA-256; for all others `script` makes them up of the bytes. `corrupted` has digests
    of files that it takes for damaged. `word_at_work` is what it calls a conversion that isn't over."""

    seconds: float = 0.0
    credit: float = 36_000.0
    said: dict[str, Sequence[Spoken]] = field(default_factory=dict)
    script: Callable[[bytes], Sequence[Spoken]] = speech.made_up
    corrupted: set[str] = field(default_factory=set)
    word_at_work: str = "ConvertStarted"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.files: dict[str, File] = {}
        self.deleted: list[str] = []
        self.commands: list[Form] = []
        self._verbs = {
            "addfile": self._add,
            "convert": self._convert,
            "checkconvert": self._check,
            "checkcredit": self._credit,
            "deletefile": self._delete,
        }

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self._gateway, name="request")]

    def refusal(self, request: web.Request) -> web.Response | None:
        return None  # the token comes in the body

    def error(self, status: int, message: str) -> web.Response:
        return web.json_response({"Status": message}, status=status)

    def finish(self, *tokens: str) -> None:
        """End these conversions now; without tokens all of them."""
        for token in tokens or tuple(self.files):
            self.files[token].ends = self.files[token].began or 0.0

    def lose(self, token: str) -> None:
        """As EBOO does with old files."""
        del self.files[token]

    @property
    def converted(self) -> list[str]:
        """The digests of what was converted, once for each time it was paid for."""
        return [one.sha256 for one in self.files.values() if one.began is not None]

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        form = await forms.read(request)
        command = str(form.get("command"))

        async def obeyed(_: web.Request) -> web.StreamResponse:
            return web.json_response(self._answer(command, form))

        fault = self.faults.take(command, is_request=False)
        answer = await (self._faulty(fault, request, obeyed) if fault else obeyed(request))
        self.commands.append({name: value for name, value in form.items() if name != "filehandle"})
        self.note(command, 0 if answer.status == NO_ANSWER else answer.status, str(form.get("filetoken", "")))
        return answer

    def _answer(self, command: str, form: Form) -> dict[str, Any]:
        if form.get("token") != self.key:
            return {"Status": "TokenNotFound"}
        verb = self._verbs.get(command)
        return verb(form) if verb else {"Status": "UnknowMethod"}

    def _add(self, form: Form) -> dict[str, Any]:
        file = form.get("filehandle")
        if not isinstance(file, Sent):
            return {"Status": "UploadFailed"}
        token = uuid4().hex
        self.files[token] = File(file.data, file.filename, speech.seconds(file.data))
        return {"Status": "Done", "FileToken": token}

    def _convert(self, form: Form) -> dict[str, Any]:
        file = self.files.get(str(form.get("filetoken")))
        if file is None:
            return {"Status": "FileDeletedFromServer"}
        if file.began is not None:
            return {"Status": "AlreadyProcessing"}
        if file.sha256 in self.corrupted:
            return {"Status": "FileCorrupted"}
        if file.seconds > self.credit:
            return {"Status": "NoEnoughCredit"}
        self.credit -= file.seconds
        file.began = time.monotonic()
        file.ends = file.began + self.seconds
        return {"Status": "ConvertStarted"}

    def _check(self, form: Form) -> dict[str, Any]:
        file = self.files.get(str(form.get("filetoken")))
        if file is None:
            return {"Status": "FileDeletedFromServer"}
        if file.began is None:
            return {"Status": "Data Not Found Yet"}
        if file.share < 1:
            return {"Status": self.word_at_work, "Progress": f"{file.share:.2%}", "Output": ""}
        words = self.said.get(file.sha256, None)
        spoken = self.script(file.data) if words is None else words
        return {"Status": "ConvertFinished", "Progress": "100.00%", "Output": " ".join(word.text for word in spoken)}

    def _credit(self, form: Form) -> dict[str, Any]:
        return {"AudioTranscribeCredit": str(int(self.credit))}

    def _delete(self, form: Form) -> dict[str, Any]:
        token = str(form.get("filetoken"))
        if self.files.pop(token, None) is None:
            return {"Status": "FileDeletedFromServer"}
        self.deleted.append(token)
        return {"Status": "Done"}


def status(word: str | int) -> str:
    """The body of an answer that says no more."""
    return json.dumps({"Status": word})
