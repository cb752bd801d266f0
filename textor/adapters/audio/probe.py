"""The quick look at an upload: is it sound that can be decoded, and what kind? `measure` tells the rest, later.

Done by a process of its own (`looking`, 0.1 s): the decoders are C, and a file made for it can crash them or eat the memory of
whoever reads it. That must not be the web process, which serves everybody.
"""

import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textor.adapters.audio.looking import Probe
from textor.adapters.audio.opening import DAMAGED
from textor.errors import InvalidInput, NotMedia

__all__ = ["Limits", "Probe", "probe"]

log = logging.getLogger(__name__)

CHECKOUT = Path(__file__).parents[3]
LOOK_SECONDS = 30  # of the clock, on a busy machine; `looking` bounds its own CPU time and memory


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused at once. `max_seconds` against what the header states, where the file is large enough for it."""

    max_seconds: float | None = None


def probe(path: Path, limits: Limits) -> Probe:
    """Look at a file. Raises NotMedia or InvalidInput, each with its sentence for whoever sent it."""
    answer = _ask(path, limits)
    if answer is None:
        raise InvalidInput(DAMAGED, field="file")
    if refused := answer.get("refused"):
        kind = InvalidInput if refused["is_media"] else NotMedia
        raise kind(refused["message"], field="file")
    return Probe(**answer["probe"])


def _ask(path: Path, limits: Limits) -> dict[str, dict[str, Any]] | None:
    """What the looking process answers; None where the file was too much for it."""
    longest = [] if limits.max_seconds is None else [str(limits.max_seconds)]
    command = [sys.executable, "-m", "textor.adapters.audio.looking", str(path), *longest]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(CHECKOUT)}  # it needs no secrets
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the path is the server's choice
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LOOK_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        log.warning("looking at an upload took longer than %s s", LOOK_SECONDS)
        return None
    if done.returncode:
        log.warning("looking at an upload ended with %s: %s", done.returncode, done.stderr[-500:].decode(errors="replace"))
        return None
    answer: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return answer
