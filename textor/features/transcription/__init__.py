"""Turning a recording into a transcript."""
