"""Signing up, logging in and out, and the language of the pages."""

from apiflask import APIBlueprint
from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.doorstep import logins
from textor.errors import InvalidInput
from textor.features.accounts import users
from textor.routing import LOGIN_LIMIT, READ_LIMIT, WRITE_LIMIT, address, limited, public
from textor.web import forms, locale
from textor.web.visitors import Account, Visitor

pages = APIBlueprint("auth", __name__, enable_openapi=False)


@pages.get("/signup")
@public
@limited(READ_LIMIT, by=address)
def signup_form() -> Response | str:
    """The page to create an account."""
    return _home() if current_user.is_authenticated else render_template("signup.html", faults={})


@pages.post("/signup")
@public
@limited(LOGIN_LIMIT, by=address, together=logins.REGISTRATION)
def sign_up() -> Response | tuple[str, int]:
    """Create the account and log it in."""
    new = users.NewUser(*(request.form.get(name, "") for name in ("username", "email", "password")))
    logins.count_registration(new)
    try:
        row = _register(new)
    except InvalidFields as error:
        return render_template("signup.html", faults=error.faults), 400
    _log_in(row, remember=False)
    return _home()


@pages.get("/login")
@public
@limited(READ_LIMIT, by=address)
def login_form() -> Response | str:
    """The page to log in."""
    return _home() if current_user.is_authenticated else render_template("login.html", error="")


@pages.post("/login")
@public
@limited(LOGIN_LIMIT, by=address, together=logins.LOGIN)
def log_in() -> Response | tuple[str, int]:
    """Log in by user name or address."""
    form = request.form
    logins.count(form.get("username", ""))
    try:
        row = users.authenticate(bootstrap.tools(), form.get("username", ""), form.get("password", ""))
    except InvalidInput as error:
        return render_template("login.html", error=error.message), 401
    _log_in(row, remember=forms.flag(form, "remember"))
    return _home()


@pages.post("/logout")
@public
@limited(WRITE_LIMIT)
def log_out() -> Response:
    """Forget the login on this device."""
    session.clear()
    logout_user()
    flash(_("You are signed out."))
    return redirect(url_for("auth.login_form"), 303)


@pages.post("/language")
@public
@limited(WRITE_LIMIT)
def choose_language() -> Response:
    """Switch the language of the pages: in the account, and in a cookie for before the next login."""
    code = request.form.get("language", "")
    if code not in locale.UI_LANGUAGES:
        raise InvalidInput("Textor does not speak this language yet.", field="language")
    if current_user.is_authenticated:
        users.set_ui_language(current_user.id, code)
    target = forms.safe_next(request.form.get("next")) or url_for("landing.home")
    return locale.remembered(make_response(redirect(target, 303)), code)


def _log_in(row: Account, *, remember: bool) -> None:
    session.clear()  # nothing that was planted before the login outlives it
    login_user(Visitor.of(row), remember=remember)


def _home() -> Response:
    target = forms.safe_next(request.values.get("next"))
    return redirect(target or url_for("dashboard.index"), 303)


class InvalidFields(Exception):
    """What is wrong with a form, by field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(*faults)
        self.faults = faults


def _register(new: users.NewUser) -> Account:
    faults = users.faults(new)
    if "password" not in faults and new.password != request.form.get("password_again", ""):
        faults["password_again"] = _("The two passwords differ. Type the same one twice.")
    if faults:
        raise InvalidFields(faults)
    try:
        return users.register(bootstrap.tools(), new)
    except InvalidInput as error:
        raise InvalidFields({error.field or "username": error.message}) from error
