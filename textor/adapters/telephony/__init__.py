"""Telephone companies that record calls: Twilio."""
