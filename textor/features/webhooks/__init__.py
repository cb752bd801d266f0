"""Webhooks out: signed messages to people's own servers."""
