"""One's own account: language, password, engines and their models."""

from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import login_user
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.domain import languages
from textor.errors import InvalidInput
from textor.features.accounts import spending, users
from textor.features.transcription import downloads, engine_cards, health_checks
from textor.routing import LOGIN_LIMIT, READ_LIMIT, WRITE_LIMIT, admin_needed, limited, login_needed
from textor.web import choices, forms, htmx, keyring, locale, webhook_log
from textor.web.visitors import Visitor, me

pages = APIBlueprint("account", __name__, url_prefix="/account", enable_openapi=False)


@pages.get("")
@login_needed
@limited(READ_LIMIT)
def show() -> Response | str:
    """The page; for htmx the table of engines, or 304 while no download moves."""
    if not htmx.wants_fragment():
        return page({})
    engines_now = _engines()
    facts = (str(engines_now), locale.tag())
    return htmx.unless_known(facts, lambda: htmx.block("account.html", "engines", **engines_now))


@pages.post("/preferences")
@login_needed
@limited(WRITE_LIMIT)
def preferences() -> Response:
    """The language of the pages and of the next upload, the engine of the next upload."""
    users.set_ui_language(me().id, request.form.get("ui_language", ""))
    picked = forms.Picked.read(request.form.get("engine", ""))
    users.remember_choice(
        me().id, language=forms.clean(request.form.get("language", "")), engine=picked.engine, model=picked.model
    )
    flash(_("Saved."))
    return redirect(url_for("account.show"), 303)


@pages.post("/password")
@login_needed
@limited(LOGIN_LIMIT)
def change_password() -> Response | tuple[str, int]:
    """Set another password; other devices are logged out."""
    form = request.form
    if form.get("password", "") != form.get("password_again", ""):
        return page({"password_again": _("The two passwords differ. Type the same one twice.")}), 400
    try:
        row = users.change_password(bootstrap.tools(), me().id, form.get("old_password", ""), form.get("password", ""))
    except InvalidInput as error:
        return page({error.field or "password": error.message}), error.status
    return _stay(Visitor.of(row), _("Your password is changed. Other devices and programs are signed out; API keys stay."))


@pages.post("/sign-out-everywhere")
@login_needed
@limited(WRITE_LIMIT)
def sign_out_everywhere() -> Response:
    """Every device but this one."""
    return _stay(
        Visitor.of(users.log_out_everywhere(bootstrap.tools(), me().id)),
        _("Other devices and programs are signed out; API keys stay."),
    )


@pages.post("/engines/check")
@login_needed
@limited(WRITE_LIMIT)
def check_engines() -> Response:
    """Ask the providers how they are, unless somebody has within the last minute."""
    health_checks.renew(bootstrap.tools())
    if htmx.wants_fragment():
        return htmx.toast(_("The providers were asked."), trigger="engines:changed")
    return redirect(url_for("account.show", _anchor="engines"), 303)


@pages.post("/models/<engine>/<model>/download")
@admin_needed
@limited(WRITE_LIMIT)
def download_model(engine: str, model: str) -> Response:
    """Fetch a local model in the background."""
    downloads.begin(bootstrap.tools(), me().id, engine, model)
    if htmx.wants_fragment():
        return htmx.toast(_("The download has begun."), trigger="engines:changed")
    return redirect(url_for("account.show", _anchor="engines"), 303)


def page(faults: dict[str, str], *, new_key: str = "", webhook_secret: str = "") -> str:
    """The whole page, with what is wrong with one of its forms, or with a key or secret that its owner is to see."""
    facts = _engines() | keyring.shown() | webhook_log.shown()
    facts |= {"faults": faults, "new_key": new_key, "webhook_secret": webhook_secret}
    facts |= {"month": spending.month(bootstrap.tools(), me().id), "text_titles": choices.text_titles()}
    titles = {offer.name: offer.title for offer in facts["offers"]}
    return render_template("account.html", all_languages=languages.LANGUAGES, titles=titles, **facts)


def _engines() -> dict[str, Any]:
    fetches = {key: (job.state, job.progress, job.error) for key, job in downloads.jobs().items()}
    is_fetching = any(state in {"queued", "running"} for state, _progress, _error in fetches.values())
    cards = engine_cards.all_of(bootstrap.tools(), health_checks.latest(bootstrap.tools()))
    return {"cards": cards, "offers": [card.offer for card in cards], "fetches": fetches, "is_fetching": is_fetching}


def _stay(visitor: Visitor, message: str) -> Response:
    """This device keeps its login under the new session token."""
    login_user(visitor, remember=False)
    flash(message)
    return redirect(url_for("account.show"), 303)
