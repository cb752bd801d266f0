"""Recordings coming in: received into a spool, judged by their content, stored, and given a place in their user's lane.

with intake.spool(tools) as spool:
    for block in ...:
        spool.write(block)
    transcription = intake.accept(tools, user_id, spool, "minutes.mp3", intake.Choice(language="en"))
"""

import logging
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from textor.adapters.audio import probe
from textor.adapters.audio.probe import Limits, Probe
from textor.adapters.stt.port import Options
from textor.domain import details, titles
from textor.domain.job_states import Status
from textor.errors import Unavailable
from textor.extensions import db
from textor.features.accounts import minutes, spending
from textor.features.recordings import search_index
from textor.features.recordings.spools import Spool, spool, sweep_incoming
from textor.features.transcription import engines
from textor.features.transcription.engines import Hints
from textor.job_queue import lanes
from textor.models import Recording, Transcription, User
from textor.toolbox import Toolbox

__all__ = ["Choice", "Spool", "accept", "spool", "sweep_incoming"]

log = logging.getLogger(__name__)

UNNAMED = "Recording"

# Endings that name a kind of file, and the containers that they fit. An ending that isn't here promises nothing.
ENDINGS = {
    "mp3": {"mp3"},
    "wav": {"wav", "w64"},
    "flac": {"flac", "ogg"},
    "ogg": {"ogg"},
    "oga": {"ogg"},
    "opus": {"ogg"},
    "aac": {"aac", "mp4"},
    "m4a": {"mp4", "mov"},
    "mp4": {"mp4", "mov"},
    "m4v": {"mp4", "mov"},
    "mov": {"mov", "mp4"},
    "3gp": {"mp4", "mov"},
    "webm": {"webm", "matroska"},
    "mkv": {"matroska", "webm"},
    "mka": {"matroska", "webm"},
    "wma": {"asf"},
    "wmv": {"asf"},
    "asf": {"asf"},
    "aif": {"aiff"},
    "aiff": {"aiff"},
    "amr": {"amr"},
}


Within = Callable[[Transcription], None]
"""What else belongs to a recording that comes in, in its transaction; the transcription has its number by then."""


def alone(transcription: Transcription) -> None:
    """Nothing else belongs to it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user asked for. Empty: the default engine, its default model, detect the language, the title from the file."""

    engine: str = ""
    model: str = ""
    language: str = ""
    diarize: bool = False
    title: str = ""
    hints: Hints = engines.NO_HINTS
    webhook_url: str = ""
    is_remembered: bool = True
    """Whether the form offers the same again next time: what a program asks for is no wish of the person's."""


def accept(tools: Toolbox, user_id: int, spool: Spool, filename: str, choice: Choice, within: Within = alone) -> Transcription:
    """Make a recording of a received file and queue its transcription. Commits; from then on it can't be lost. What `within`
    writes is committed with it, or not at all.

    Raises NotMedia or InvalidInput (the file, or a choice that the engine can't honour), OverBudget and Unavailable (no room, no
    database); then nothing of the file is left. Redis may be away: the transcription waits until it is back.
    """
    engine = choice.engine or engines.default(tools)
    options = engines.check_choice(tools, engine, choice.model, choice.language, diarize=choice.diarize, hints=choice.hints)
    facts = probe.probe(spool.finish(), Limits(max_seconds=tools.settings.max_audio_hours * 3600))
    recording = _recording(tools, user_id, spool, filename, facts)
    recording.title = titles.clean(choice.title) or recording.title
    transcription = _transcription(tools, recording, engine, options)
    transcription.webhook_url = choice.webhook_url or None
    _keep(tools, spool.path, transcription, choice, partial(within, transcription), recording)
    lanes.dispatch(tools, user_id)
    return transcription


def _keep(
    tools: Toolbox, path: Path, transcription: Transcription, choice: Choice, within: Callable[[], None], recording: Recording
) -> None:
    """File and rows, both or neither."""
    with ExitStack() as undo:
        try:
            tools.storage.put(recording.storage_key, path)
            undo.callback(tools.storage.delete, recording.storage_key)
            minutes.check(tools, recording.user_id, recording.seconds)
            spending.check(tools, recording.user_id, transcription.engine, transcription.model, recording.seconds)
            db.session.add_all([recording, transcription])
            db.session.flush()
            search_index.put([transcription.seq])
            within()
            if choice.is_remembered:
                _remember(recording.user_id, choice)
            db.session.commit()
        except (OSError, SQLAlchemyError) as error:
            db.session.rollback()
            log.exception("recording %s of user %s could not be kept", recording.id, recording.user_id)
            raise Unavailable("The recording could not be stored. Try again in a moment.") from error
        undo.pop_all()


def _recording(tools: Toolbox, user_id: int, received: Spool, filename: str, facts: Probe) -> Recording:
    recording_id = str(uuid.uuid4())
    return Recording(
        id=recording_id,
        user_id=user_id,
        title=titles.from_filename(filename) or UNNAMED,
        filename=titles.of_file(filename) or UNNAMED.lower(),
        storage_key=f"recordings/{recording_id}",
        sha256=received.sha256,
        size_bytes=received.size,
        media_type=facts.media_type,
        container=facts.container,
        codec=facts.codec,
        seconds=facts.seconds,
        sample_rate=facts.sample_rate,
        channels=facts.channels,
        has_video=facts.has_video,
        warnings=_name_warnings(filename, facts.container),
        created_at=tools.clock.now(),
    )


def _transcription(tools: Toolbox, recording: Recording, engine: str, options: Options) -> Transcription:
    now = tools.clock.now()
    return Transcription(
        id=str(uuid.uuid4()),
        user_id=recording.user_id,
        recording_id=recording.id,
        status=Status.PENDING,
        engine=engine,
        model=options.model,
        requested_language=options.language,
        diarize=options.diarize,
        speaker_count=options.speaker_count,
        vocabulary=list(options.vocabulary),
        details={details.TRANSLATE: True} if options.translate else {},
        created_at=now,
        updated_at=now,
    )


def _remember(user_id: int, choice: Choice) -> None:
    """The form offers the same again next time."""
    user = db.session.get_one(User, user_id)
    user.speech_language = choice.language
    user.engine = choice.engine or None
    user.model = choice.model or None


def _name_warnings(filename: str, container: str) -> list[str]:
    ending = titles.of_file(filename).rpartition(".")[2].lower()
    if container in ENDINGS.get(ending, {container}):
        return []
    return [f"The file is named .{ending}, but holds {container.upper()}. It was read as what it is."]
