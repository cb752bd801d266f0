"""What an admin turns on and off on the page of calls: whether announced calls are imported, and whether they go at Twilio.

Importing goes on until somebody pauses it. Deleting needs two: the operator's setting, and an admin who has confirmed it here.
"""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from textor.errors import InvalidInput, NotAllowed
from textor.extensions import db
from textor.models import Switch, User
from textor.toolbox import Toolbox

IMPORT, DELETE = "import_calls", "delete_calls"
AT_FIRST = {IMPORT: True, DELETE: False}


def is_on(name: str) -> bool:
    """How it stands."""
    found = db.session.scalar(select(Switch.is_on).where(Switch.name == name))
    return AT_FIRST[name] if found is None else found


def is_deleting(tools: Toolbox) -> bool:
    """Whether recordings are deleted at Twilio once they are imported: the setting allows it, and it was confirmed."""
    return tools.settings.twilio_delete_after_import and is_on(DELETE)


def turn(tools: Toolbox, user_id: int, name: str, *, on: bool) -> None:
    """Turn it on or off. Raises NotAllowed for whoever is no admin, InvalidInput for an unknown one. Commits."""
    if name not in AT_FIRST:
        raise InvalidInput("There is no such switch.", field="name")
    if not db.session.get_one(User, user_id).is_admin:
        raise NotAllowed("Only an admin turns this on or off.")
    row = db.session.get(Switch, name) or Switch(name=name)
    row.is_on, row.user_id, row.at = on, user_id, tools.clock.now()
    try:
        db.session.add(row)
        db.session.commit()
    except IntegrityError:  # somebody else has just touched it for the first time
        db.session.rollback()
        turn(tools, user_id, name, on=on)
