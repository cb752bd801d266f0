"""Recorded calls: listed, fetched, transcribed once, imported as Twilio announces them."""
