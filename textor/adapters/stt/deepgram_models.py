"""Deepgram's models as data: what each understands, in Textor's codes, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass

from textor.domain import languages

NOVA_3, NOVA_2 = "nova-3", "nova-2"


@dataclass(frozen=True, slots=True)
class Nova:
    """One model. `usd_per_hour` is for what costs most, a language that is to be found out."""

    full_name: str
    description: str
    languages: frozenset[str]
    usd_per_hour: float


# fmt: off
_BOTH = frozenset((
    "bg", "ca", "cs", "da", "de", "el", "en", "en_au", "en_uk", "en_us", "es", "et", "fi", "fr", "hi", "hu", "id", "it", "ja",
    "ko", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "th", "tr", "uk", "vi", "yue", "zh", "zh_tw",
))
_NOVA_3_ALONE = frozenset((
    "ar", "be", "bn", "bs", "fa", "he", "hr", "kn", "mk", "mr", "ne", "pa", "sl", "sr", "ta", "te", "tl", "ur",
))
# fmt: on

# Prices as read by others on Deepgram's page in 2026, which disagree: the highest, since budgets are reckoned by them.
MODELS: Mapping[str, Nova] = {
    NOVA_3: Nova("Nova-3", "The best one; Persian, Arabic, Hebrew and Urdu, too.", _BOTH | _NOVA_3_ALONE, 0.552),
    NOVA_2: Nova("Nova-2", "The one before it.", _BOTH, 0.348),
}

_THEIRS = {"en_us": "en-US", "en_uk": "en-GB", "en_au": "en-AU", "zh_tw": "zh-TW", "yue": "zh-HK"}
_OURS = {"zh-hk": "yue"}


def theirs(language: str) -> str:
    """A language in Deepgram's spelling."""
    code = language.strip().lower().replace("-", "_")
    known = code if code in MODELS[NOVA_3].languages else languages.base(code)
    return _THEIRS.get(known, known)


def ours(code: str) -> str:
    """A language that Deepgram tells, as an ISO code."""
    return _OURS.get(code.strip().lower(), languages.base(code))
