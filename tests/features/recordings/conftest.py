"""Fixtures of the exports' stage."""

from tests.features.recordings.export_stage import asked, fake, long, press, short

__all__ = ["asked", "fake", "long", "press", "short"]
