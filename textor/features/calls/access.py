"""Who may see recorded calls. They are the instance's, not one user's: the operator may name those who may."""

from textor.adapters.telephony.twilio import Twilio
from textor.errors import NotAllowed, Unavailable
from textor.extensions import db
from textor.models import User
from textor.models.users import BOOTSTRAP_KEY, Role
from textor.toolbox import Toolbox

OFF = "Twilio is not set up here. The operator sets TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
NOT_YOURS = "You may not see calls here. Ask the operator to add your name to TWILIO_USERS."
RETRY_SECONDS = 3600


def twilio(tools: Toolbox) -> Twilio:
    """The account. Raises Unavailable where none is set up."""
    if tools.calls is None:
        raise Unavailable(OFF, retry_after=RETRY_SECONDS)
    return tools.calls


def may(tools: Toolbox, user_id: int) -> bool:
    """Whether this user may: everybody with an account, or those whom TWILIO_USERS names, and admins."""
    user = db.session.get(User, user_id)
    if user is None or user.role == Role.GUEST:
        return False
    named = {name.casefold() for name in tools.settings.twilio_users}
    return not named or user.is_admin or user.username_key == BOOTSTRAP_KEY or user.username_key in named


def check(tools: Toolbox, user_id: int) -> Twilio:
    """The account, for one who may. Raises NotAllowed, Unavailable."""
    if not may(tools, user_id):
        raise NotAllowed(NOT_YOURS)
    return twilio(tools)
