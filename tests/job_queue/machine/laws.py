"""What may never happen, told from the database alone, and from what the provider was asked. Looked at after every move."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.job_queue.machine.provider import PART_SECONDS, Job, places
from tests.job_queue.machine.world import Look, Part, Row, World
from textor.domain.job_states import DONE, Status

WORDS = re.compile(r"\d+@[\w-]+")


@dataclass
class Story:
    """What has happened so far: two looks at the database, and what its owners and the shifts know besides.

    `parts` says into how many slices each is cut. `permits` are transcriptions that their owner has had tried again within this
    move. `is_disturbed`: another process came between. `in_hand` are the jobs whose answers nobody has written down yet, with the
    end of the lease they were asked under.
    """

    world: World
    before: Look = field(default_factory=Look)
    now: Look = field(default_factory=Look)
    parts: dict[str, int] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    deleted: dict[str, datetime] = field(default_factory=dict)
    in_hand: dict[str, datetime] = field(default_factory=dict)
    permits: set[str] = field(default_factory=set)
    is_disturbed: bool = False
    is_broken: bool = False

    def look(self) -> None:
        """After every move of a process, and after each that came between."""
        self.before, self.now = self.now, self.world.look()
        self.accepted |= set(self.now.rows)
        for row in self.now.rows.values():
            self._note_deleted(row)
        for job in self.world.provider.jobs.values():
            self._note_fate(job)
        for law in LAWS:
            for fault in law(self):
                self.insist(False, f"{law.__name__}: {fault}")

    def insist(self, is_so: bool, sentence: str) -> None:
        self.is_broken |= not is_so
        assert is_so, sentence

    def wanted(self, job: Job) -> Part | None:
        """The slice that has this job."""
        return next((part for part in self.now.parts.values() if part.remote_id == job.id), None)

    def _note_deleted(self, row: Row) -> None:
        if row.deleted_at is None:
            self.deleted.pop(row.id, None)
        else:
            self.deleted.setdefault(row.id, self.world.clock.now())

    def _note_fate(self, job: Job) -> None:
        """A job that its transcription had when it ended, or whose holder has outstayed their lease, may be asked for again."""
        row = self.now.rows.get(job.row_id)
        until = self.in_hand.get(job.id)
        is_late = until is not None and until <= self.world.clock.now()
        if row is None or row.is_final or is_late:
            job.is_written_off = True
        elif self.wanted(job):
            job.is_written_off = False
        if self.wanted(job) or job.id in self.now.discards:
            job.is_unknown = False


def a_user_has_one_active_at_most(story: Story) -> Iterator[str]:
    active = Counter(row.user_id for row in story.now.rows.values() if row.is_active)
    yield from (f"user {user_id} has {count}" for user_id, count in active.items() if count > 1)


def the_lane_is_occupied_by_the_active(story: Story) -> Iterator[str]:
    yield from (row.id for row in story.now.rows.values() if (row.active_for is not None) != row.is_active)


def nothing_accepted_is_missing(story: Story) -> Iterator[str]:
    oldest = story.world.clock.now() - timedelta(seconds=story.world.tools.settings.undo_seconds)
    for row_id in story.accepted - set(story.now.rows):
        deleted_at = story.deleted.get(row_id)
        if deleted_at is None or deleted_at > oldest:
            yield row_id


def the_first_in_line_starts_first(story: Story) -> Iterator[str]:
    """Of two that waited before and of which one waits still, the other was the later or the less urgent one."""
    waited = [row for row in story.before.rows.values() if row.status == Status.PENDING and not story.is_disturbed]
    begun = [row for row in waited if (now := story.now.rows.get(row.id)) and now.is_active]
    left = [row for row in waited if (now := story.now.rows.get(row.id)) and now.status == Status.PENDING]
    for row in begun:
        yield from (
            f"{row.id} before {other.id}"
            for other in left
            if other.user_id == row.user_id and (-other.priority, other.seq) < (-row.priority, row.seq)
        )


def what_is_over_stays_as_it_is(story: Story) -> Iterator[str]:
    """But for its owner, who may have it tried again or bring it back."""
    for was in story.before.rows.values():
        now = story.now.rows.get(was.id)
        if was.is_final and now and was.id not in story.permits and (was.status, was.text) != (now.status, now.text):
            yield f"{was.id} was {was.status} {was.text!r} and is {now.status} {now.text!r}"


def what_is_deleted_rests(story: Story) -> Iterator[str]:
    yield from (row.id for row in story.now.rows.values() if row.deleted_at is not None and row.is_open)


def a_text_is_what_was_heard(story: Story) -> Iterator[str]:
    """All of it, once, in order; what was kept before the end is in it."""
    for row in story.now.rows.values():
        was = story.before.rows.get(row.id)
        if row.status not in DONE or (was and was.is_final) or row.id not in story.parts:
            continue
        words = WORDS.findall(row.text or "")
        heard = [int(word.split("@")[0]) for word in words]
        said = places(0, story.parts[row.id] * PART_SECONDS)
        kept = {word for part in story.before.parts_of(row.id) for word in WORDS.findall(str(part.result or ""))}
        is_cut_short = row.status == Status.PARTIAL
        if heard != sorted(set(heard)) or not (is_cut_short or heard == list(said)):
            yield f"{row.id}: {words}"
        if was and was.is_open and was.text is None and not kept <= set(words):
            yield f"{row.id}: {sorted(kept)} were heard, {words} is the text"


def a_provider_is_asked_once(story: Story) -> Iterator[str]:
    live = [job for job in story.world.provider.jobs.values() if not (job.is_written_off or job.is_lost)]
    paid = Counter((job.row_id, place) for job in live for place in job.places)
    yield from (f"{place} of {row_id} is paid for {count} times" for (row_id, place), count in paid.items() if count > 1)


def no_job_is_forgotten(story: Story) -> Iterator[str]:
    """A job at the provider is in somebody's hands, wanted by a transcription that is open, or to be deleted there."""
    for job in story.world.provider.jobs.values():
        if job.is_deleted or job.is_unknown or job.id in story.in_hand or job.id in story.now.discards:
            continue
        row = story.now.rows.get(job.row_id)
        if not (story.wanted(job) and row and row.is_open):
            yield f"{job.id} of {job.key}, {row.status if row else 'gone'}"


def nothing_wanted_is_deleted(story: Story) -> Iterator[str]:
    for job in story.world.provider.jobs.values():
        part = story.wanted(job) if job.is_deleted else None
        if part and part.state == "remote":
            yield job.id


LAWS = (
    a_user_has_one_active_at_most,
    the_lane_is_occupied_by_the_active,
    nothing_accepted_is_missing,
    the_first_in_line_starts_first,
    what_is_over_stays_as_it_is,
    what_is_deleted_rests,
    a_text_is_what_was_heard,
    a_provider_is_asked_once,
    no_job_is_forgotten,
    nothing_wanted_is_deleted,
)
