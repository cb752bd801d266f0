"""A person corrects a transcript: what was said, who said it, what the speakers are called. Each change makes a version."""

from collections.abc import Mapping
from dataclasses import dataclass

from textor.domain import titles, writing
from textor.domain.job_states import DONE
from textor.domain.rewording import reworded
from textor.domain.transcript import Segment, Word
from textor.errors import InvalidInput, NotFound, WrongState
from textor.features.recordings import library, versions
from textor.features.recordings.versions import Change, Line
from textor.toolbox import Toolbox

LONGEST_TEXT = 10_000
LONGEST_NAME = 100
LONGEST_LABEL = 64

Names = Mapping[str, str | None]
"""What people call the speakers, by the engine's labels."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a segment is to be. None: as it is; an empty text: nothing was said; an empty speaker: nobody knows who."""

    text: str | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """A segment as it is now, and the version that the transcript is at."""

    n: int
    line: Line
    speaker: str | None
    """As people call them."""
    version: int


@dataclass(frozen=True, slots=True)
class Voices:
    """The speakers as they are called now, and the version that the transcript is at."""

    names: Names
    version: int


def look(user_id: int, transcription_id: str, n: int) -> Corrected:
    """A segment of a finished transcript as it is, to be changed. Raises NotFound, WrongState."""
    row = library.find(user_id, transcription_id)
    if row.status not in DONE:
        raise WrongState("A text can be changed once the transcription is finished.")
    line = _line(row.seq, n)
    return Corrected(n, line, _called(versions.names(row.seq), line["speaker"]), row.version)


def correct(tools: Toolbox, user_id: int, transcription_id: str, n: int, wanted: Correction, version: int) -> Corrected:
    """Change a segment's text or speaker; what is so already makes no version. A speaker that is not known yet is a new one.

    Raises NotFound, InvalidInput, WrongState, Stale.
    """
    text = None if wanted.text is None else _text(wanted.text)
    with versions.held(tools, user_id, transcription_id, version) as held:
        line, names = _line(held.seq, n), versions.names(held.seq)
        speaker = line["speaker"] if wanted.speaker is None else _spoken_by(names, wanted.speaker)
        new = _reworded(line, line["text"] if text is None else text) | {"speaker": speaker}
        if speaker != line["speaker"]:
            new["speaker_confidence"] = None
        if new == line:
            return Corrected(n, line, _called(names, speaker), version)
        held.apply(Change("text" if new["text"] != line["text"] else "speaker", n, [line], [new]))
        held.commit()
    return Corrected(n, new, _called(names, speaker), version + 1)


def call(tools: Toolbox, user_id: int, transcription_id: str, wanted: Names, version: int) -> Voices:
    """Give speakers, told by label or name, other names; None or nothing but spaces takes a name away. Two may have the same.

    Raises NotFound, InvalidInput, WrongState, Stale.
    """
    with versions.held(tools, user_id, transcription_id, version) as held:
        known = versions.names(held.seq)
        given = {_known(known, who): _name(name) for who, name in wanted.items()}
        changed = {label: (known[label], name) for label, name in given.items() if known[label] != name}
        if not changed:
            return Voices(known, version)
        held.apply(Change("names", names=changed))
        held.commit()
    return Voices(known | given, version + 1)


def speakers(user_id: int, transcription_id: str) -> Names:
    """Who speaks. Raises NotFound."""
    return versions.names(library.find(user_id, transcription_id).seq)


def _line(seq: int, n: int) -> Line:
    found = versions.lines(seq, n, 1) if n < versions.MOST_LINES else []
    if not found:
        raise NotFound("There is no such segment.")
    return found[0]


def _text(text: str) -> str:
    """One line, as every segment is."""
    text = writing.clean(_storable(text, "text"))
    if len(text) > LONGEST_TEXT:
        raise InvalidInput("The text of a segment has at most 10,000 characters.", field="text")
    return text


def _storable(text: str, field: str) -> str:
    """PostgreSQL has no NUL, and halves of a character are nothing that could be written."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput("The text has characters that can't be kept.", field=field)
    return text


def _name(name: str | None) -> str | None:
    clean = titles.clean(_storable(name or "", "speakers"), LONGEST_NAME + 1)
    if len(clean) > LONGEST_NAME:
        raise InvalidInput("A speaker's name has at most 100 characters.", field="speakers")
    return clean or None


def _reworded(line: Line, text: str) -> Line:
    if text == line["text"]:
        return line
    words = tuple(Word(*word) for word in line["words"])
    found = reworded(Segment(line["start"], line["end"], line["text"], words, line["confidence"]), text)
    kept = [[word.text, word.start, word.end, word.confidence] for word in found.words]
    return line | {"text": text, "words": kept, "confidence": found.confidence}


def _spoken_by(names: Names, who: str) -> str | None:
    """The label of a speaker that is known or new; None for nobody."""
    label = titles.clean(_storable(who, "speaker"), LONGEST_LABEL + 1)
    if found := _found(names, who) or _found(names, label):
        return found
    if not label:
        return None
    if len(label) > LONGEST_LABEL:
        raise InvalidInput("A new speaker's name has at most 64 characters.", field="speaker")
    return label


def _known(names: Names, who: str) -> str:
    found = _found(names, who)
    if found is None:
        raise InvalidInput("Nobody of that name speaks here.", field="speakers")
    return found


def _found(names: Names, who: str) -> str | None:
    """A label as it stands goes before a name, and both before what only looks the same."""
    if who in names:
        return who
    called = [label for label, name in names.items() if name == who]
    alike = [label for label in names if label.casefold() == who.casefold()]
    return next(iter((*called, *alike)), None)


def _called(names: Names, label: str | None) -> str | None:
    return names.get(label) or label if label else None
