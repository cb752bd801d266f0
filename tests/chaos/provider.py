"""The provider of a chaos run: the emulated AssemblyAI, which also tells which jobs it still has."""

from collections import defaultdict
from typing import Any

from tests.emulators import provider
from tests.emulators.assemblyai import AssemblyAI

KEY = "chaos-key"
JOB_SECONDS = (0.2, 2.5)


class Kept(AssemblyAI):
    """Its `kept` has, by the SHA-256 of what was uploaded, when each job began that was never deleted."""

    def statistics(self) -> dict[str, Any]:
        kept: defaultdict[str, list[str]] = defaultdict(list)
        for job in list(self.jobs.values()):
            if not job.is_deleted:
                kept[job.upload.sha256].append(f"{job.created:%H:%M:%S.%f}")
        return {**super().statistics(), "kept": kept}


if __name__ == "__main__":
    provider.run(Kept(KEY, seconds=JOB_SECONDS, webhook_pause_seconds=1.0))
