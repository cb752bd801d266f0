"""Whisper's models: which there are, which stand on this machine and where.

A folder of models is a Hugging Face cache, or holds plain model folders by name, or is itself one model. Looking costs a
millisecond and no library: pages do it.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from textor.adapters.stt.port import Model


@dataclass(frozen=True, slots=True)
class Entry:
    """A published model. `repo` holds its CTranslate2 form on the Hugging Face hub."""

    name: str
    repo: str
    full_name: str
    size_mb: float
    description: str

    @property
    def english_only(self) -> bool:
        """The distilled ones were taught English alone, whatever their vocabulary holds."""
        return self.name.endswith(".en") or self.name.startswith("distil-")


def _openai(name: str, size_mb: float, description: str, maker: str = "Systran") -> Entry:
    return Entry(name, f"{maker}/faster-whisper-{name}", f"openai/whisper-{name}", size_mb, description)


def _distilled(size: str, size_mb: float, description: str) -> Entry:
    return Entry(f"distil-{size}", f"Systran/faster-distil-whisper-{size}", f"distil-whisper/distil-{size}", size_mb, description)


CATALOGUE: Sequence[Entry] = (
    _openai("tiny.en", 75.0, "The fastest, English only"),
    _openai("tiny", 75.0, "The fastest"),
    _openai("base.en", 145.0, "Fast, English only"),
    _openai("base", 145.0, "Fast, a good start"),
    _openai("small.en", 484.0, "Good quality, English only"),
    _openai("small", 484.0, "Good quality at a fair speed"),
    _openai("medium.en", 1530.0, "Very good quality, English only; slow without a graphics card"),
    _openai("medium", 1530.0, "Very good quality; slow without a graphics card"),
    _openai("large-v1", 3090.0, "The first large model"),
    _openai("large-v2", 3090.0, "The second large model"),
    _openai("large-v3", 3090.0, "The best quality; needs a graphics card or patience"),
    _openai("large-v3-turbo", 1620.0, "Almost the best quality, several times as fast", maker="mobiuslabsgmbh"),
    _distilled("small.en", 332.0, "A faster small model, English only"),
    _distilled("medium.en", 789.0, "A faster medium model, English only"),
    _distilled("large-v2", 1513.0, "A faster second large model, English only"),
    _distilled("large-v3", 1513.0, "A faster large model, English only"),
    Entry(
        "distil-large-v3.5",
        "distil-whisper/distil-large-v3.5-ct2",
        "distil-whisper/distil-large-v3.5",
        1513.0,
        "The latest faster large model, English only",
    ),
)

_ALIASES = {"turbo": "large-v3-turbo", "large": "large-v3"}
_BY_NAME = {
    name: entry
    for entry in CATALOGUE
    for full in (entry.name, entry.full_name, entry.repo)
    for name in (full, full.rpartition("/")[2])
}

NEEDED_FILES = ("config.json", "model.bin", "tokenizer.json")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")


def entry(name: str) -> Entry | None:
    """The published model of a name, of its repository or of an alias (`turbo`); None for a model of the operator's own."""
    return _BY_NAME.get(_ALIASES.get(name.removeprefix("whisper-"), name))


def canonical(name: str) -> str:
    """The one name under which a model is listed."""
    published = entry(name)
    return published.name if published else name


def listed(folder: Path) -> list[Model]:
    """The operator's own models, then all published ones."""
    here = present(folder)
    own = [
        Model(name, f"local/{name}", "A model from WHISPER_MODELS_DIR", _megabytes(path), is_downloaded=True)
        for name, path in here.items()
        if entry(name) is None
    ]
    published = [
        Model(known.name, known.full_name, known.description, known.size_mb, is_downloaded=known.name in here)
        for known in CATALOGUE
    ]
    return own + published


def present(folder: Path) -> dict[str, Path]:
    """Every model that is wholly here, by its listed name, and where. A plain folder goes before the cache."""
    return dict(_present(folder))


def cache(folder: Path) -> Path:
    """Where downloads go: beside a folder that is itself a model, never into it."""
    return folder.parent if _is_whole(folder) else folder


def discard(folder: Path, known: Entry) -> bool:
    """Delete a model's downloaded files; False where there are none."""
    home = _home(folder, known.repo)
    if not home.is_dir():
        return False
    shutil.rmtree(home)
    return True


def _home(folder: Path, repo: str) -> Path:
    """The hub's cache layout: one folder for each repository."""
    return folder / f"models--{repo.replace('/', '--')}"


def _present(folder: Path) -> Iterator[tuple[str, Path]]:
    if _is_whole(folder):
        yield canonical(folder.name), folder
        return
    if not folder.is_dir():
        return
    for known in CATALOGUE:
        snapshot = _snapshot(folder, known.repo)
        if snapshot and _is_whole(snapshot):
            yield known.name, snapshot
    for path in sorted(folder.iterdir()):
        if _is_whole(path):
            yield canonical(path.name), path


def _snapshot(folder: Path, repo: str) -> Path | None:
    """Where the hub's cache layout keeps the current files of a repository."""
    home = _home(folder, repo)
    try:
        revision = (home / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return home / "snapshots" / revision if revision else None


def _is_whole(path: Path) -> bool:
    """Half a download has no model.bin: the hub links each file once it is complete."""
    has_files = all((path / name).is_file() for name in NEEDED_FILES) and any((path / name).is_file() for name in VOCABULARIES)
    return has_files and (path / "model.bin").stat().st_size > 0


def _megabytes(path: Path) -> float:
    return round((path / "model.bin").stat().st_size / 1e6, 1)
