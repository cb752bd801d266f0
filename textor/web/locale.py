"""The language of the pages, and how figures are written in it."""

from datetime import date, datetime
from typing import Any

from flask import current_app, request
from flask_babel import format_date, format_datetime, get_locale, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from textor.domain import languages
from textor.web import wording

UI_LANGUAGES = {"en": "English", "fa": "فارسی"}
COOKIE = "textor_language"
YEAR_SECONDS = 365 * 24 * 3600

_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def selected() -> str:
    """The user's choice, else the cookie's, else what the browser likes best."""
    chosen = getattr(current_user, "ui_language", "") or request.cookies.get(COOKIE, "")
    if chosen in UI_LANGUAGES:
        return chosen
    return request.accept_languages.best_match(UI_LANGUAGES) or "en"


def remembered(response: Response, code: str) -> Response:
    """With the cookie that keeps the choice for before the next login."""
    response.set_cookie(COOKIE, code, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


def tag() -> str:
    """The language code of this page."""
    return str(get_locale() or "en")


def digits(value: object) -> str:
    """A figure as this page's language writes it."""
    return str(value).translate(_PERSIAN_DIGITS) if tag() == "fa" else str(value)


def clock(seconds: float) -> str:
    """A length or a place in time: 3:27 or 1:24:50."""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return digits(f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}")


def minutes(seconds: float) -> int:
    """Rounded the coarser the more they are: whole ones up to ten, then five by five, from two hours on half hours."""
    exact = max(0.0, seconds) / 60
    step = 1 if exact < 10 else 5 if exact < 120 else 30
    return step * round(exact / step)


def span(seconds: float) -> str:
    """About how long: `less than a minute`, `3 min`, `2.5 h`."""
    rounded = minutes(seconds)
    if not rounded:
        return _("less than a minute")
    return _("%(number)s h", number=number(rounded / 60)) if rounded >= 120 else _("%(number)s min", number=number(rounded))


def hours(seconds: float) -> str:
    """How long exactly: `8 h`, `25 min`, `1.5 h`."""
    return (
        _("%(number)s h", number=number(seconds / 3600)) if seconds >= 3600 else _("%(number)s min", number=number(seconds / 60))
    )


def size(size_bytes: int) -> str:
    """A file's size in MB, or kB where it is small."""
    if size_bytes < 1_000_000:
        return _("%(number)s kB", number=number(max(1, round(size_bytes / 1000))))
    return _("%(number)s MB", number=number(round(size_bytes / 1_000_000, 1)))


def number(value: float) -> str:
    """A number with its separators, without needless zeros."""
    text = f"{value:,.1f}".removesuffix(".0") if isinstance(value, float) else f"{value:,}"
    return digits(text.replace(",", "٬").replace(".", "٫")) if tag() == "fa" else text


def usd(amount: float) -> str:
    """US dollars and cents."""
    cents = f"{amount:,.2f}"
    return _("$%(amount)s", amount=digits(cents.replace(",", "٬").replace(".", "٫")) if tag() == "fa" else cents)


def cost(amount: float | None) -> str:
    """What hearing something has cost. None: nobody knows."""
    if amount is None:
        return _("Not known")
    if 0 < amount < 0.01:
        return _("Less than %(amount)s", amount=usd(0.01))
    return _("About %(amount)s", amount=usd(amount)) if amount else _("Free")


def when(moment: datetime) -> str:
    """A time in UTC; the script rewrites it in the reader's own zone."""
    return digits(format_datetime(moment, "d MMM yyyy, HH:mm", rebase=False)) + " UTC"


def day(of: date | str) -> str:
    """A date: 26 Feb 2027. Written as 2027-02-26 it would stand in reverse between Persian words."""
    try:
        known = date.fromisoformat(of) if isinstance(of, str) else of
    except ValueError:
        return str(of)
    return digits(format_date(known, "d MMM yyyy", rebase=False))


def language_name(code: str | None) -> str:
    """What a language is called in the language of this page."""
    known = languages.by_code(code or "")
    if known is None:
        return code or _("Detect language")
    if tag() == "en":
        return known.english
    page = get_locale()
    return str(page.languages.get(languages.base(known.code), known.native)) if page else known.native


def sentence(message: str | None) -> str:
    """A sentence of a feature in this page's language, where the catalog has it."""
    listed, figures = wording.with_figures(message or "")
    return _(listed, **{name: _value(value) for name, value in figures.items()}) if listed else ""


def _value(said: str) -> str:
    """A date or a figure as this page writes it, or words: a name or what a provider says stays as it is."""
    if any(letter.isalpha() for letter in said):
        return _(said)
    if said.count("-") == 2:
        return day(said)
    return digits(said.replace(",", "٬").replace(".", "٫")) if tag() == "fa" else said


def prepare(app: Any) -> None:
    """Give templates the filters and the page's language."""
    app.jinja_env.filters.update(
        digits=digits,
        clock=clock,
        size=size,
        number=number,
        when=when,
        language_name=language_name,
        sentence=sentence,
        span=span,
        usd=usd,
        cost=cost,
        day=day,
        hours=hours,
    )

    @app.context_processor
    def _language() -> dict[str, object]:
        code = tag()
        return {"lang": code, "dir": languages.direction(code), "ui_languages": UI_LANGUAGES, "ngettext": ngettext}


def limit_mb() -> str:
    """The largest upload, in MB."""
    found: int = current_app.extensions["textor"].settings.max_upload_mb
    return number(found)
