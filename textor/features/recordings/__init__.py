"""Recordings and their transcripts: taking in, finding, exporting."""
