"""The database: a file per aggregate. Rows and the constraints that keep them true; no rules, no I/O beyond SQL."""

from textor.models.analyzer import AnalyzerPrompt, AnalyzerTask
from textor.models.api_calls import ApiCall
from textor.models.api_keys import ApiKey
from textor.models.calls import CallTranscript
from textor.models.charges import Charge
from textor.models.deliveries import Delivery
from textor.models.discards import Discard
from textor.models.edits import Edit
from textor.models.first_answers import FirstAnswer
from textor.models.insights import ChatMessage, Conversation, Summary, SummaryTemplate, TextCharge
from textor.models.jobs import Job
from textor.models.recordings import Recording
from textor.models.search import SearchText
from textor.models.segments import SegmentRow, Speaker
from textor.models.slices import Slice
from textor.models.switches import Switch
from textor.models.token_families import TokenFamily
from textor.models.transcriptions import Transcription
from textor.models.users import User

__all__ = [
    "AnalyzerPrompt",
    "AnalyzerTask",
    "ApiCall",
    "ApiKey",
    "CallTranscript",
    "Charge",
    "ChatMessage",
    "Conversation",
    "Delivery",
    "Discard",
    "Edit",
    "FirstAnswer",
    "Job",
    "Recording",
    "SearchText",
    "SegmentRow",
    "Slice",
    "Speaker",
    "Summary",
    "SummaryTemplate",
    "Switch",
    "TextCharge",
    "TokenFamily",
    "Transcription",
    "User",
]
