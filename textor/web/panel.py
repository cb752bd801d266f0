"""The panel beside a transcript: which tab is open, and what is in each."""

from typing import Any

from flask import request

from textor.domain import job_states
from textor.features.insights import analyzer
from textor.web import chat, insights
from textor.web.visitors import me

TABS = ("summary", "chat", "prompts", "details")


def values(row: Any) -> dict[str, Any]:
    """For the page of a transcription as the library hands it out."""
    asked = request.args.get("panel", "")
    usual = "summary" if row.status in job_states.DONE else "details"
    return {
        **chat.values(row),
        **insights.values(row),
        "tab": asked if asked in TABS else usual,
        "tasks": analyzer.tasks_of(me().id, row.id),
    }
