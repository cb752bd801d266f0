"""Names that people and their files bring along, made safe to show: on a page, in a list, in a download's name."""

import unicodedata

LONGEST = 200

# They turn the text that follows around, so that "exe.gpj" reads "jpg.exe"; the joiners that Persian needs are not among them.
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = BIDI_CONTROLS | frozenset("\ufeff\u2060\u00ad")
KEPT_OUT = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})  # controls, halves of characters, line and paragraph breaks


def clean(text: str, longest: int = LONGEST) -> str:
    """One line of readable characters in any script, at most `longest` of them; empty where nothing is left."""
    spaced = "".join(" " if character.isspace() else character for character in unicodedata.normalize("NFC", text))
    shown = "".join(character for character in spaced if _is_readable(character))
    return " ".join(shown.split())[:longest].rstrip()


def of_file(filename: str) -> str:
    """The file's own name: without folders, its ending kept when it is too long."""
    name = clean(filename.replace("\\", "/").rsplit("/", 1)[-1], len(filename)).lstrip(".")
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:LONGEST]
    return f"{stem[: LONGEST - len(ending) - 1]}.{ending}"


def from_filename(filename: str) -> str:
    """A title for the recording in this file; empty where the name gives none."""
    name = of_file(filename)
    stem, dot, ending = name.rpartition(".")
    return clean((stem if dot and len(ending) <= 10 else name).replace("_", " "))


def _is_readable(character: str) -> bool:
    return character not in INVISIBLE and unicodedata.category(character) not in KEPT_OUT
