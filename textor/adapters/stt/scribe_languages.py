"""The languages that both ElevenLabs' Scribe and Textor know: Scribe answers with ISO 639-3 where Textor says ISO 639-1."""

from collections.abc import Mapping

from textor.domain import languages

# fmt: off
FROM_THEIRS: Mapping[str, str] = {
    "afr": "af", "amh": "am", "ara": "ar", "asm": "as", "aze": "az", "bel": "be", "ben": "bn", "bos": "bs", "bul": "bg",
    "cat": "ca", "ces": "cs", "cym": "cy", "dan": "da", "deu": "de", "ell": "el", "eng": "en", "est": "et", "fas": "fa",
    "fil": "tl", "fin": "fi", "fra": "fr", "glg": "gl", "guj": "gu", "hau": "ha", "heb": "he", "hin": "hi", "hrv": "hr",
    "hun": "hu", "hye": "hy", "ind": "id", "isl": "is", "ita": "it", "jav": "jv", "jpn": "ja", "kan": "kn", "kat": "ka",
    "kaz": "kk", "khm": "km", "kor": "ko", "kur": "ku", "lao": "lo", "lav": "lv", "lin": "ln", "lit": "lt", "ltz": "lb",
    "mal": "ml", "mar": "mr", "mkd": "mk", "mlt": "mt", "mon": "mn", "mri": "mi", "msa": "ms", "mya": "my", "nep": "ne",
    "nld": "nl", "nor": "no", "oci": "oc", "pan": "pa", "pol": "pl", "por": "pt", "pus": "ps", "ron": "ro", "rus": "ru",
    "slk": "sk", "slv": "sl", "sna": "sn", "snd": "sd", "som": "so", "spa": "es", "srp": "sr", "swa": "sw", "swe": "sv",
    "tam": "ta", "tel": "te", "tgk": "tg", "tha": "th", "tur": "tr", "ukr": "uk", "urd": "ur", "uzb": "uz", "vie": "vi",
    "zho": "zh",
}
# fmt: on
KNOWN = frozenset(FROM_THEIRS.values())
TO_THEIRS = {"tl": "fil"}


def theirs(language: str) -> str:
    """A language as Scribe is told of it."""
    code = languages.base(language)
    return TO_THEIRS.get(code, code)


def ours(code: object) -> str | None:
    """The ISO 639-1 code of what Scribe calls a language; None where it is none that Textor knows."""
    if not isinstance(code, str):
        return None
    known = FROM_THEIRS.get(languages.base(code), languages.base(code))
    return known if languages.by_code(known) else None
