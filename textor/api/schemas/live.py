"""The messages of a live socket."""

from typing import Literal

from pydantic import BaseModel, Field

from textor.api.schemas.job_status import JobWord, SegmentOut


class ChunkOut(BaseModel):
    """Which part is being heard. Where a recording goes in one piece there is one."""

    current_chunk: int = Field(description="From 1.")
    total_chunks: int
    chunk_progress: float = Field(ge=0, le=100)


class LiveStatusOut(BaseModel):
    """How the job stands; sent whenever that changes. The last message where it is final."""

    type: Literal["status"] = "status"
    status: JobWord | Literal["not_found"]
    message: str
    progress: float = Field(ge=0, le=100)
    chunk_info: ChunkOut


class LiveSegmentOut(SegmentOut):
    """A stretch of speech, as it is heard. None is sent twice."""

    type: Literal["segment"] = "segment"
    n: int = Field(description="Counts what this socket was sent, from 0.")
