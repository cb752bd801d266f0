"""Models that read transcripts and write about them, behind `port.TextModel`."""
