"""What Textor takes. Outside of it are lies and attacks, no recordings."""

from textor.errors import InvalidInput

SLOWEST_RATE, FASTEST_RATE = 4_000, 192_000
MOST_CHANNELS = 8


def refuse_longer(seconds: float, max_seconds: float | None) -> None:
    """Raise InvalidInput where `seconds` is over the limit."""
    if max_seconds is not None and seconds > max_seconds:
        raise InvalidInput(
            f"The recording is longer than {max_seconds / 3600:g} hours, the most Textor takes. Cut it and upload the parts.",
            field="file",
        )
