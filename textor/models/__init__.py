"""The database: a file per aggregate. Rows and the constraints that keep them true; no rules, no I/O beyond SQL."""

from textor.models.api_keys import ApiKey
from textor.models.charges import Charge
from textor.models.discards import Discard
from textor.models.jobs import Job
from textor.models.recordings import Recording
from textor.models.segments import SegmentRow, Speaker
from textor.models.slices import Slice
from textor.models.transcriptions import Transcription
from textor.models.users import User

__all__ = ["ApiKey", "Charge", "Discard", "Job", "Recording", "SegmentRow", "Slice", "Speaker", "Transcription", "User"]
