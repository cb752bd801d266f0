"""A user's own templates for summaries: wishes with a name, kept to be used again."""

from collections.abc import Sequence

from sqlalchemy import delete as deleting
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from textor.domain import titles
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import orders
from textor.job_queue import claims
from textor.models import SummaryTemplate
from textor.toolbox import Toolbox

MOST = 50
"""For one user."""
LONGEST_NAME = 100


def listed(user_id: int) -> Sequence[SummaryTemplate]:
    """All of a user's, by name."""
    mine = select(SummaryTemplate).where(SummaryTemplate.user_id == user_id)
    return db.session.scalars(mine.order_by(SummaryTemplate.name, SummaryTemplate.id)).all()


def save(
    tools: Toolbox, user_id: int, name: str, instruction: str, format_name: str = "paragraph", max_words: int = 500
) -> SummaryTemplate:
    """Keep it under that name, in place of the one that has it already. Raises InvalidInput, WrongState where there are too many.
    Commits."""
    values = {"name": _named(name), "instruction": orders.instruction(instruction), "format": format_name, "max_words": max_words}
    orders.check_format(format_name)
    orders.check_words(max_words)
    row = _known(user_id, str(values["name"])) or _new(tools, user_id)
    for field, value in values.items():
        setattr(row, field, value)
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise WrongState("It was saved a moment ago. Look at your templates again.") from error
    return row


def delete(user_id: int, template_id: int) -> None:
    """Forget one's own. Raises NotFound. Commits."""
    mine = (SummaryTemplate.id == template_id, SummaryTemplate.user_id == user_id)
    is_gone = claims.change(deleting(SummaryTemplate).where(*mine))
    db.session.commit()
    if not is_gone:
        raise NotFound("There is no such template.")


def _named(name: str) -> str:
    clean = titles.clean(name, LONGEST_NAME + 1)
    if not clean:
        raise InvalidInput("Give the template a name.", field="name")
    if len(clean) > LONGEST_NAME:
        raise InvalidInput(f"A template's name has at most {LONGEST_NAME} characters.", field="name")
    return clean


def _known(user_id: int, name: str) -> SummaryTemplate | None:
    return db.session.scalars(
        select(SummaryTemplate).where(SummaryTemplate.user_id == user_id, SummaryTemplate.name == name)
    ).first()


def _new(tools: Toolbox, user_id: int) -> SummaryTemplate:
    count = db.session.scalar(select(func.count()).select_from(SummaryTemplate).where(SummaryTemplate.user_id == user_id))
    if (count or 0) >= MOST:
        raise WrongState(f"You have {MOST} templates. Delete one first.")
    row = SummaryTemplate(user_id=user_id, created_at=tools.clock.now())
    db.session.add(row)
    return row
