"""How a picture is told to an image generator: the parts that every prompt names, in each generator's own wording."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from textor.adapters.text_models.port import Generator
from textor.adapters.text_models.surroundings import Kind, Surroundings, Time

KEYWORDS = 5
"""Of each picture."""
HEARD_KEYWORDS = 3  # of them, at most: the others describe its light and its mood

_LIGHT: Mapping[Time | None, str] = {
    "dawn": "at dawn, first light",
    "morning": "in the morning, fresh soft light",
    "noon": "at noon, bright overhead light",
    "afternoon": "in the afternoon, warm slanting light",
    "evening": "in the evening, golden light turning blue",
    "night": "at night, deep shadows and lamplight",
    None: "by day, soft natural light",
}
_FILM: Mapping[Time | None, str] = {
    "dawn": "Kodak Ektar 100",
    "evening": "Kodak Ektar 100",
    "night": "CineStill 800T",
    "noon": "Fujifilm Velvia 50",
}
_USUAL_FILM, _WET_FILM = "Kodak Portra 400", "Fujifilm Pro 400H"
_MOODS: Mapping[Time | None, tuple[str, ...]] = {
    "dawn": ("hushed", "misty"),
    "morning": ("fresh", "clear"),
    "noon": ("vivid", "crisp"),
    "afternoon": ("warm", "calm"),
    "evening": ("glowing", "wistful"),
    "night": ("moody", "dramatic"),
    None: ("lifelike", "candid"),
}
_MANNERS: Mapping[Kind, tuple[str, ...]] = {
    "inside": ("intimate", "uncluttered", "textured"),
    "street": ("bustling", "layered", "textured"),
    "nature": ("vast", "airy", "textured"),
    "anywhere": ("expressive", "detailed", "textured"),
}
_STYLES: Mapping[Kind, str] = {
    "inside": "documentary photography",
    "street": "street photography",
    "nature": "landscape photography",
    "anywhere": "editorial photography",
}
_CAMERAS = ("Canon EOS R5", "Leica M11", "Sony A7R V", "Nikon Z8", "Hasselblad X2D")
_LENSES: Mapping[Kind, tuple[str, ...]] = {
    "inside": ("28mm wide-angle lens", "35mm lens", "50mm lens", "85mm portrait lens"),
    "street": ("24mm wide-angle lens", "35mm lens", "50mm lens", "135mm telephoto lens"),
    "nature": ("16mm ultra-wide lens", "24mm wide-angle lens", "70mm lens", "200mm telephoto lens"),
    "anywhere": ("35mm lens", "50mm lens", "85mm portrait lens", "100mm macro lens"),
}
_UNWANTED = "text, letters, captions, watermark, logo, blurry, low quality, deformed hands, extra fingers, cropped"

_INVISIBLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_DASHES = re.compile(r"-{2,}|—")
_COLONS = re.compile(r":{2,}")
_WEIGHING = re.compile(r"[()\[\]{}<>:|\\]+")


@dataclass(frozen=True, slots=True)
class Picture:
    """What every prompt names. `place` is empty where none was heard, `look` where none is wished for."""

    subject: str
    keywords: tuple[str, ...]
    place: str
    light: str
    camera: str
    lens: str
    style: str
    film: str
    look: str
    quote: str


def picture(number: int, named: tuple[str, ...], around: Surroundings, look: str, quote: str) -> Picture:
    """The `number`th picture (from 0) of what is `named`, the subject first: camera and lens go round, what was heard sets the
    rest."""
    kind: Kind = around.place.kind if around.place else "anywhere"
    lenses = _LENSES[kind]
    where = (around.place.told if around.place else "", f"in {around.weather}" if around.weather else "")
    mood, manner = _MOODS[around.time], _MANNERS[kind]
    first = (mood[number % len(mood)], manner[number % len(manner)])
    described = (*first, *(word for word in (*mood, *manner) if word not in first))
    heard = named[1 : HEARD_KEYWORDS + 1]
    return Picture(
        subject=_plain(named[0]) or "a quiet moment",
        keywords=(*map(_plain, heard), *described)[:KEYWORDS],
        place=_listed(*where),
        light=_LIGHT[around.time],
        camera=_CAMERAS[number % len(_CAMERAS)],
        lens=lenses[number % len(lenses)],
        style=_STYLES[kind],
        film=_WET_FILM if around.weather and around.time is None else _FILM.get(around.time, _USUAL_FILM),
        look=_plain(look).rstrip(".,;"),
        quote=_plain(quote),
    )


def worded(shown: Picture, generator: Generator) -> str:
    """The prompt."""
    return _WORDINGS[generator](shown)


def _midjourney(shown: Picture) -> str:
    photo = (f"shot on {shown.camera}", shown.lens, shown.style, f"{shown.film} film")
    return f"{_listed(shown.subject, *shown.keywords, shown.place, shown.light, *photo, shown.look)} --ar 16:9 --style raw"


def _stable_diffusion(shown: Picture) -> str:
    first, second, *others = (_unweighted(keyword) for keyword in shown.keywords)
    weighted = (f"({_unweighted(shown.subject)}:1.3)", f"({first}:1.1)", f"({second}:1.1)", *others)
    look = shown.look and f"({_unweighted(shown.look)}:1.2)"
    photo = (shown.camera, shown.lens, shown.style, f"{shown.film} film")
    return f"{_listed(*weighted, shown.place, shown.light, *photo, look)}\nNegative prompt: {_UNWANTED}"


def _flux(shown: Picture) -> str:
    told = (
        f"A photograph of {_listed(shown.subject, shown.place)}, {shown.light}.",
        f"It shows {_joined(shown.keywords[:-2])}; the mood is {_joined(shown.keywords[-2:])}.",
        f"It is {shown.style}, taken on {shown.film} film with a {shown.camera}, {shown.lens}.",
        shown.look and f"The look: {shown.look}.",
    )
    return " ".join(filter(None, told))


def _dalle(shown: Picture) -> str:
    told = (
        f"Create a wide picture of {_listed(shown.subject, shown.place)}, {shown.light}.",
        f"Let it say: {_joined(shown.keywords)}.",
        f"Make it look like {shown.style}, taken on {shown.film} film with a {shown.camera}, {shown.lens}.",
        shown.look and f"Keep to this look: {shown.look}.",
        f"It pictures the moment in which somebody says: “{shown.quote}”",
        "Show no letters, captions or logos.",
    )
    return " ".join(filter(None, told))


_WORDINGS: Mapping[Generator, Callable[[Picture], str]] = {
    "midjourney": _midjourney,
    "stable_diffusion": _stable_diffusion,
    "flux": _flux,
    "dalle": _dalle,
}


def _listed(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _joined(parts: tuple[str, ...]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _plain(words: str) -> str:
    """On one line, and without what a generator takes for its own signs: what was said sets no parameters."""
    visible = _INVISIBLE.sub(" ", words)
    return " ".join(_COLONS.sub(":", _DASHES.sub("–", visible)).split())


def _unweighted(words: str) -> str:
    """Without the signs that weigh words."""
    return " ".join(_WEIGHING.sub(" ", words).split()) or "scene"
