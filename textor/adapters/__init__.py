"""The outside world: somebody else's API, format or program. Knows no user, no database, no request."""
