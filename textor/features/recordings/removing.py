"""Deleting for good, at once: what a program asks for has no moment to take it back."""

from datetime import timedelta

from textor.features.recordings import library
from textor.toolbox import Toolbox


def remove(tools: Toolbox, user_id: int, transcription_id: str) -> None:
    """Destroy one's own transcription in any state: sound, text and what was made of them; providers are told to delete theirs.
    Whatever of it is still running can bring nothing back. Raises NotFound."""
    library.delete(tools, user_id, transcription_id)
    library.destroy(tools, transcription_id, tools.clock.now() + timedelta(seconds=1))
