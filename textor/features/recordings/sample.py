"""The recording that comes with Textor: for a first look without a file of one's own."""

import shutil
from pathlib import Path

from textor.features.recordings import intake
from textor.models import Transcription
from textor.toolbox import Toolbox

FILE = Path(__file__).parents[2] / "static" / "sample" / "sample.flac"
TITLE = "Sample recording"


def transcribe(tools: Toolbox, user_id: int) -> Transcription:
    """Queue it like any upload, for the engine that is used where none is named."""
    with intake.spool(tools) as spool, FILE.open("rb") as source:
        shutil.copyfileobj(source, spool)
        return intake.accept(tools, user_id, spool, FILE.name, intake.Choice(title=TITLE))
