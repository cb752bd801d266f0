"""How well and how fast PocketSphinx hears through Textor, against the library called directly. `make bench` runs it.

Both hear every clip in turns, so that a busy machine slows both alike; CPU time is compared.
"""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.adapters.stt import english
from tests.adapters.stt.english import Clip
from tests.adapters.stt.listening import hear, samples
from tests.wer import Score, pooled, score
from textor.adapters.stt.sphinx import SphinxEngine

MOST_OVERHEAD = 1.10
ALLOWED_LOSS = 0.01


@dataclass
class Side:
    """One way to hear: its scores and the CPU seconds it took."""

    listen: Callable[[Clip], str]
    scores: list[Score] = field(default_factory=list)
    seconds: float = 0.0

    def hear(self, clip: Clip) -> Score:
        begin = time.process_time()
        text = self.listen(clip)
        self.seconds += time.process_time() - begin
        self.scores.append(score(clip.reference, text))
        return self.scores[-1]


def main() -> int:
    if not english.AUDIO.is_dir():
        print("accuracy: the set of recorded human speech is not on this machine")
        return 0
    ours = Side(lambda clip: hear(SphinxEngine(), clip.path).text)
    theirs = Side(lambda clip: english.librarys_best(clip.path))
    clips = english.clean_clips()
    for number, clip in enumerate(clips):
        samples(clip.path)  # both hear decoded samples
        sides = (ours, theirs) if number % 2 else (theirs, ours)
        result = {id(side): side.hear(clip) for side in sides}
        print(f"{clip.path.name:32} Textor {result[id(ours)].rate:.3f}  library {result[id(theirs)].rate:.3f}")
    return _verdict(ours, theirs, sum(clip.seconds for clip in clips))


def _verdict(ours: Side, theirs: Side, seconds: float) -> int:
    mine, best = pooled(ours.scores).rate, pooled(theirs.scores).rate
    overhead = ours.seconds / theirs.seconds
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"word error rate   Textor {mine:.3f}  library {best:.3f}")
    print(f"CPU per second    Textor {ours.seconds / seconds:.3f}  library {theirs.seconds / seconds:.3f}  ratio {overhead:.3f}")
    print(f"peak memory       {megabytes:.0f} MB, both decoders")
    return int(mine > best + ALLOWED_LOSS or overhead > MOST_OVERHEAD)


if __name__ == "__main__":
    sys.exit(main())
