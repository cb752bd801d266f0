"""Runs on the stage with the still clock and the fake engines."""

from tests.stage import alice, away, bob, clock, tools

__all__ = ["alice", "away", "bob", "clock", "tools"]
