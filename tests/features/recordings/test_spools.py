"""Uploads on their way in: hashed, counted, refused while they come, gone unless accepted."""

import errno
import hashlib
import os
import resource
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from textor.errors import TooLarge, Unavailable
from textor.features.recordings import spools
from textor.toolbox import Toolbox


def incoming(tools: Toolbox) -> list[Path]:
    return list(tools.settings.incoming_dir.iterdir()) if tools.settings.incoming_dir.exists() else []


def test_a_spool_counts_and_hashes_what_it_is_given(tools: Toolbox) -> None:
    with spools.spool(tools) as spool:
        for block in (b"one ", b"two ", b"three"):
            spool.write(block)
        assert spool.finish().read_bytes() == b"one two three"
        assert spool.size == 13
        assert spool.sha256 == hashlib.sha256(b"one two three").hexdigest()


def test_what_was_not_accepted_is_gone_afterwards(tools: Toolbox) -> None:
    with spools.spool(tools) as spool:
        spool.write(b"something")
        assert len(incoming(tools)) == 1
    assert incoming(tools) == []


def test_the_first_byte_over_the_limit_ends_the_upload_and_names_the_limit(tools: Toolbox) -> None:
    with spools.spool(tools, 5_000_000) as spool:
        for _ in range(5):
            spool.write(bytes(1_000_000))
        with pytest.raises(TooLarge) as caught:
            spool.write(b"!")
        assert caught.value.message == "File size exceeds 5MB limit"
        assert incoming(tools) == []


def test_the_usual_limit_is_the_settings(tools: Toolbox) -> None:
    with spools.spool(tools) as spool:
        assert spool.limit_bytes == 500_000_000


def test_only_its_owner_may_read_a_spool(tools: Toolbox) -> None:
    with spools.spool(tools) as spool:
        assert tools.settings.incoming_dir.stat().st_mode & 0o077 == 0
        assert spool.path.suffix == ".part"


def test_a_file_that_cannot_be_written_is_refused_without_a_path(tools: Toolbox) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with spools.spool(tools) as spool:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
        try:
            with pytest.raises(Unavailable) as caught:
                spool.write(bytes(2_000_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.message == spools.NOT_WRITTEN
    assert incoming(tools) == []


def test_a_full_disk_is_named() -> None:
    with pytest.raises(Unavailable, match="There is no room left for recordings"), spools.room_needed():
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/place")


def test_the_sweep_removes_what_is_a_day_old_and_nothing_else(tools: Toolbox, clock: FakeClock) -> None:
    folder = tools.settings.incoming_dir
    folder.mkdir(parents=True)
    for name, age in {"old.part": 25, "new.part": 23, "foreign.wav": 25}.items():
        (folder / name).write_bytes(b"x")
        written = (clock.now() - timedelta(hours=age)).timestamp()
        os.utime(folder / name, (written, written))
    assert spools.sweep_incoming(tools) == 1
    assert {path.name for path in folder.iterdir()} == {"new.part", "foreign.wav"}


def test_sweeping_an_instance_that_never_got_anything_is_fine(tools: Toolbox) -> None:
    assert spools.sweep_incoming(tools) == 0


def test_folders_in_which_a_killed_worker_made_slices_go_after_a_day(tools: Toolbox, clock: FakeClock) -> None:
    folder = tools.settings.incoming_dir
    folder.mkdir(parents=True)
    old, new = (Path(tempfile.mkdtemp(dir=folder)) for _ in range(2))
    for place, made_at in ((old, clock.now() - timedelta(days=1, seconds=1)), (new, clock.now())):
        (place / "slice.flac").write_bytes(b"half")
        os.utime(place, (made_at.timestamp(),) * 2)
    assert spools.sweep_incoming(tools) == 1
    assert incoming(tools) == [new]
    assert (new / "slice.flac").exists()
