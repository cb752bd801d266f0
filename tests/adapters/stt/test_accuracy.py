"""On human speech Textor hears no worse than PocketSphinx called directly at its best."""

import pytest

from tests.adapters.stt import english
from tests.adapters.stt.listening import hear
from tests.conftest import missing
from tests.wer import pooled, score
from textor.adapters.stt.sphinx import SphinxEngine

# Measured by calling the library itself over the same clips; tests/bench/accuracy.py does so over all of them.
LIBRARYS_BEST = 0.20
ALLOWED_LOSS = 0.01
LONGEST_SECONDS = 6


@pytest.mark.timeout(900)
def test_human_speech_is_heard_no_worse_than_by_the_library_itself() -> None:
    if not english.AUDIO.is_dir():
        missing("the set of recorded human speech")
    clips = [clip for clip in english.clean_clips() if clip.seconds < LONGEST_SECONDS]
    assert len(clips) >= 10
    total = pooled(score(clip.reference, hear(SphinxEngine(), clip.path).text) for clip in clips)
    assert total.rate <= LIBRARYS_BEST + ALLOWED_LOSS
