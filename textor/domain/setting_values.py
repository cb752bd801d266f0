"""How the text of a setting is read. Each raises ValueError that says what the text must be."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

Parse = Callable[[str], Any]

LARGEST_PRICE = 1_000_000.0


def text(value: str) -> str:
    return value


def key(value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be a key alone: one word, without accents or blanks")
    return value


def flag(value: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if value.lower() not in words:
        raise ValueError("must be true or false")
    return words[value.lower()]


def words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def counts(value: str) -> tuple[tuple[str, int], ...]:
    pairs = [word.partition("=") for word in words(value)]
    if any(not name.strip() or not count.strip().isdigit() or not int(count) for name, _, count in pairs):
        raise ValueError("must look like openai=4,assemblyai=100, with whole numbers from 1")
    return tuple((name.strip(), int(count)) for name, _, count in pairs)


def prices(value: str) -> tuple[tuple[str, float], ...]:
    """US dollars an hour, by engine or engine/model."""
    pairs = [word.partition("=") for word in words(value)]
    try:
        found = tuple((name.strip(), float(amount)) for name, _, amount in pairs)
    except ValueError:
        found = (("", 0.0),)
    if any(not name or not 0 <= amount < LARGEST_PRICE for name, amount in found):
        raise ValueError("must look like vira=0.30,openai/whisper-1=0.36, in US dollars an hour")
    return found


def token_prices(value: str) -> tuple[tuple[str, float, float], ...]:
    """US dollars for a million tokens read and a million written, by model."""
    triples = [(name.strip(), *amounts.partition("/")) for name, _, amounts in (word.rpartition("=") for word in words(value))]
    try:
        found = tuple((name, float(read), float(written)) for name, read, _, written in triples)
    except ValueError:
        found = (("", 0.0, 0.0),)
    if any(not name or not all(0 <= price < LARGEST_PRICE for price in both) for name, *both in found):
        raise ValueError("must look like gpt-6-luna=0.10/0.50, in US dollars for a million tokens read and written")
    return found


def amount(value: str) -> float:
    """US dollars."""
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found < LARGEST_PRICE:
        raise ValueError("must be an amount in US dollars, such as 25 or 7.50")
    return found


def whole(low: int, high: int) -> Parse:
    def parse(value: str) -> int:
        if not value.lstrip("-").isdigit() or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def choice(*choices: str) -> Parse:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return parse


def address(*schemes: str) -> Parse:
    def parse(value: str) -> str:
        if urlsplit(value).scheme.split("+")[0] not in schemes:
            raise ValueError(f"must start with one of {', '.join(f'{scheme}://' for scheme in schemes)}")
        return value

    return parse


def database(value: str) -> str:
    """Heroku still hands out postgres://, which SQLAlchemy no longer knows; drivers are ours to name."""
    scheme, rest = address("sqlite", "postgres", "postgresql", "mysql", "mariadb")(value).split("://", 1)
    drivers = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
    return f"{drivers.get(scheme, scheme)}://{rest}".replace("mariadb://", "mariadb+pymysql://")
