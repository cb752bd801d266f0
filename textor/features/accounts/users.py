"""Accounts: signing up, logging in, and what a user prefers."""

import hashlib
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import or_, select, text
from sqlalchemy.exc import IntegrityError

from textor.errors import InvalidInput, NotFound
from textor.extensions import db
from textor.features.accounts import api_keys, tokens
from textor.models import User
from textor.models.users import BOOTSTRAP_KEY, Role
from textor.toolbox import Toolbox

MIN_LENGTH = 8
MAX_USERNAME = 150
MAX_EMAIL = 254
MAX_PASSWORD = 1000  # argon2 reads all of it, so there is an end
UI_LANGUAGES = ("en", "fa")

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class NewUser:
    """What somebody who signs up tells."""

    username: str
    email: str
    password: str = field(repr=False)


def faults(new: NewUser) -> dict[str, str]:
    """What is wrong with it, by field; whether name and address are free, only `register` finds out."""
    found = {}
    for check in _CHECKS:
        try:
            check(new)
        except InvalidInput as error:
            found[error.field or ""] = error.message
    return found


def register(tools: Toolbox, new: NewUser) -> User:
    """Create an account; the first one on an instance is the admin. Raises InvalidInput naming the field at fault.

    The password is hashed before anything is looked up, so that the answer takes as long for a name that is taken.
    """
    for message in faults(new).items():
        raise InvalidInput(message[1], field=message[0])
    now = tools.clock.now()
    user = User(
        username=new.username.strip(),
        username_key=key(new.username),
        email=new.email.strip(),
        email_key=key(new.email),
        password_hash=_hasher.hash(new.password),
        session_token=_new_token(),
        role=Role.USER,
        created_at=now,
        last_login_at=now,
    )
    return _insert(user)


def authenticate(tools: Toolbox, name_or_email: str, password: str) -> User:
    """The user with this name (or address) and password. Raises InvalidInput, with one sentence and after the same time
    whatever is wrong."""
    user = _by_login(name_or_email)
    stored = user.password_hash if user and user.password_hash else _nobodys_hash()
    matches = _matches(stored, password)
    if user is None or user.password_hash is None or not matches:
        raise InvalidInput("That name and password do not match. Check both and try again.")
    if _hasher.check_needs_rehash(stored):
        user.password_hash = _hasher.hash(password)
    user.last_login_at = tools.clock.now()
    db.session.commit()
    return user


def tried(name_or_email: str) -> str:
    """For which account a login is meant: one word for its name and its address. What fits none is hashed, since what people type
    by mistake can be a password."""
    user = _by_login(name_or_email)
    return (
        f"user:{user.id}"
        if user
        else f"name:{hashlib.sha256(key(name_or_email).encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
    )


def by_session_token(token: str) -> User | None:
    """Whose login this is; None once the token was renewed."""
    return db.session.scalars(select(User).where(User.session_token == token)).first()


def by_name(username: str) -> User | None:
    """The account with this user name."""
    return db.session.scalars(select(User).where(User.username_key == key(username))).first()


def change_password(tools: Toolbox, user_id: int, old: str, new: str) -> User:
    """Set another password and log every device and program out. Raises InvalidInput naming the field at fault."""
    user = existing(user_id)
    if not _matches(user.password_hash or _nobodys_hash(), old):
        raise InvalidInput("This is not your current password.", field="old_password")
    _check_password(NewUser(user.username, user.email or "", new))
    user.password_hash = _hasher.hash(new)
    _end_logins(tools, user)
    db.session.commit()
    return user


def log_out_everywhere(tools: Toolbox, user_id: int) -> User:
    """No login given out so far is good any more, on pages and by programs. API keys that were made by hand stay."""
    user = existing(user_id)
    _end_logins(tools, user)
    db.session.commit()
    return user


def set_ui_language(user_id: int, code: str) -> None:
    """The language of the pages; an empty code means: as the browser asks. Raises InvalidInput."""
    if code and code not in UI_LANGUAGES:
        raise InvalidInput("Textor does not speak this language yet.", field="ui_language")
    existing(user_id).ui_language = code or None
    db.session.commit()


def remember_choice(user_id: int, *, language: str, engine: str, model: str) -> None:
    """Offer the same language, engine and model at the next upload."""
    user = existing(user_id)
    wanted = (language[:16], engine[:32] or None, model[:64] or None)
    if (user.speech_language, user.engine, user.model) != wanted:
        user.speech_language, user.engine, user.model = wanted
        db.session.commit()


def _insert(user: User) -> User:
    try:
        if not _has_accounts():
            _hold_the_door()
        db.session.add(user)
        db.session.flush()  # on SQLite the first write takes the lock, so the question below is asked by one at a time
        if not _has_accounts(besides=user.id):
            user.role = Role.ADMIN
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise _taken(user.username_key) from error
    return user


def _hold_the_door() -> None:
    """Two who sign up at once on a fresh instance must not both become its admin."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))


def _has_accounts(besides: int = 0) -> bool:
    people = (User.role != Role.GUEST, User.username_key != BOOTSTRAP_KEY)
    others = select(User.id).where(*people, User.id != besides).limit(1)
    return db.session.scalar(others.with_for_update() if besides else others) is not None


def _taken(username_key: str) -> InvalidInput:
    if db.session.scalar(select(User.id).where(User.username_key == username_key)):
        return InvalidInput("This user name is taken. Choose another one.", field="username")
    return InvalidInput("This email address can't be used. Log in if it is yours, or give another one.", field="email")


def _end_logins(tools: Toolbox, user: User) -> None:
    user.session_token = _new_token()
    tokens.end_all(tools, user.id)
    api_keys.end_logins(tools, user.id)


def existing(user_id: int) -> User:
    """This account. Raises NotFound once it is gone."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such account.")
    return user


def _by_login(name_or_email: str) -> User | None:
    name = key(name_or_email)
    if not name.isprintable():  # PostgreSQL refuses to look for a NUL
        return None
    return db.session.scalars(select(User).where(or_(User.username_key == name, User.email_key == name))).first()


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password[: MAX_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False


def key(name: str) -> str:
    """The form in which names and addresses are compared: `Straße` and `STRASSE` are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def _new_token() -> str:
    return secrets.token_urlsafe(32)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    """Verified where there is no account, so that both answers take the same time."""
    return _hasher.hash(secrets.token_urlsafe(32))


def _check_username(new: NewUser) -> None:
    name = new.username.strip()
    if len(name) < MIN_LENGTH:
        raise InvalidInput("A user name needs at least 8 characters.", field="username")
    if len(name) > MAX_USERNAME or len(key(name)) > MAX_USERNAME:
        raise InvalidInput("A user name has at most 150 characters.", field="username")
    if not name.isprintable() or "@" in key(name):  # other @ signs become one where names are compared
        raise InvalidInput("A user name can't contain @ or invisible characters.", field="username")


def _check_email(new: NewUser) -> None:
    try:
        validate_email(new.email.strip(), check_deliverability=False)
        is_fit = len(key(new.email)) <= MAX_EMAIL  # a single letter may become eighteen where addresses are compared
    except EmailNotValidError:
        is_fit = False
    if not is_fit:
        raise InvalidInput("Enter a full address, such as name@example.org.", field="email")


def _check_password(new: NewUser) -> None:
    password = new.password
    if len(password) < MIN_LENGTH:
        raise InvalidInput("A password needs at least 8 characters.", field="password")
    if len(password) > MAX_PASSWORD:
        raise InvalidInput("A password has at most 1000 characters.", field="password")
    has_special = any(not letter.isalnum() and not letter.isspace() for letter in password)
    if not any(letter.isupper() for letter in password) or not has_special:
        raise InvalidInput("A password needs at least one uppercase letter and one special character.", field="password")


_CHECKS: tuple[Callable[[NewUser], None], ...] = (_check_username, _check_email, _check_password)
