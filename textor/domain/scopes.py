"""What a caller may do: words that an API key carries."""

TRANSCRIBE, TEXT, CALLS, ANALYZER, ADMIN = "transcribe", "text", "calls", "analyzer", "admin"

SCOPES = (TRANSCRIBE, TEXT, CALLS, ANALYZER, ADMIN)
EVERYBODYS = frozenset(SCOPES) - {ADMIN}
GUESTS = frozenset({TRANSCRIBE, TEXT})


def of(*, is_admin: bool, is_guest: bool) -> frozenset[str]:
    """All that such an account may do."""
    if is_guest:
        return GUESTS
    return frozenset(SCOPES) if is_admin else EVERYBODYS
