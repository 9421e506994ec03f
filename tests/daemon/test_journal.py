"""The journal, on real files: torn, locked, gone, full."""

from __future__ import annotations

import stat
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.recording import journal as journal_module
from antiphon.recording.journal import Journal, is_journal, left_behind, records
from tests.daemon.full_disk import full_disk

RECORDS = [b"one", b"\0" * 20, b"three" * 100]


def names(folder: Path) -> Callable[[], Iterator[Path]]:
    return lambda: (folder / f"{number}.journal" for number in range(3))


def start(folder: Path, said: list[str] | None = None) -> Journal:
    return Journal(folder, names(folder), (said if said is not None else []).append)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait for another thread's or the disk's doing; a test that waits in vain fails."""
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("waited in vain")


def written(folder: Path, entries: list[bytes]) -> bytes:
    journal = start(folder)
    for entry in entries:
        journal.append(entry)
    assert journal.finish(20)
    journal.leave()
    assert journal.path is not None
    return journal.path.read_bytes()


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    assert list(records(written(tmp_path, RECORDS))) == RECORDS


def test_a_torn_journal_gives_all_that_is_whole_at_every_length(tmp_path: Path) -> None:
    content = written(tmp_path, RECORDS)
    # Where each record ends, worked out apart from the reader: 8 bytes before each.
    ends = [19 + sum(8 + len(entry) for entry in RECORDS[: n + 1]) for n in range(len(RECORDS))]
    assert ends[-1] == len(content)
    for length in range(len(content) + 1):
        whole = sum(end <= length for end in ends)
        assert list(records(content[:length])) == RECORDS[:whole]
        assert is_journal(content[:length])
        zeros_behind = list(records(content[:length] + b"\0" * 64))  # as a power cut may leave it
        assert RECORDS[:whole] == zeros_behind[:whole]
        assert zeros_behind == RECORDS[: len(zeros_behind)]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.data())
def test_a_flipped_bit_ends_the_journal_before_it(
    tmp_path_factory: pytest.TempPathFactory, entries: list[bytes], data: st.DataObject
) -> None:
    content = bytearray(journal_module._MAGIC)
    for entry in entries:
        content += journal_module._FRAME.pack(len(entry), zlib.crc32(entry)) + entry
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    read = list(records(bytes(content)))
    assert read == entries[: len(read)]
    assert len(read) < max(1, len(entries))


def test_it_is_on_the_disk_while_the_session_goes_on(tmp_path: Path) -> None:
    journal = start(tmp_path)
    journal.append(b"one")
    wait_for(lambda: journal.path and list(records(journal.path.read_bytes())) == [b"one"])
    journal.append(b"two")
    wait_for(lambda: journal.path and list(records(journal.path.read_bytes())) == [b"one", b"two"])
    journal.finish(20)
    journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_comes_while_the_disk_is_busy_isnt_lost_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, go_on, sync = threading.Event(), threading.Event(), journal_module.os.fsync

    def slow(handle: int) -> None:
        busy.set()
        assert go_on.wait(20)
        sync(handle)

    monkeypatch.setattr(journal_module.os, "fsync", slow)
    journal = start(tmp_path)
    journal.append(b"one")
    assert busy.wait(20)
    journal.append(b"two")  # returns, though the disk does not
    assert not journal.finish(0.01)
    go_on.set()
    assert journal.finish(20)
    assert list(journal.records()) == [b"one", b"two"]
    journal.leave()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such permissions")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    written(folder, [b"one"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600]


def test_one_that_is_being_written_isnt_left_behind(tmp_path: Path) -> None:
    journal = start(tmp_path)
    wait_for(lambda: journal.path)
    assert journal.path is not None
    with left_behind(journal.path) as file:
        assert file is None
    journal.finish(20)
    journal.leave()
    with left_behind(journal.path) as file:
        assert file is not None
        with left_behind(journal.path) as second:
            assert second is None


def test_one_that_another_start_has_just_finished_isnt_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock = tmp_path / "0.journal", journal_module.lock
    path.write_bytes(b"")

    def late(file: FileIO) -> bool:
        path.unlink()  # the other has made it a MIDI file
        return lock(file)

    monkeypatch.setattr(journal_module, "lock", late)
    with left_behind(path) as file:
        assert file is None


def test_two_take_two_names(tmp_path: Path) -> None:
    journals = [start(tmp_path), start(tmp_path)]
    for journal in journals:
        journal.append(b"one")
        journal.finish(20)
        journal.leave()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.journal", "1.journal"]


def test_one_that_was_taken_between_making_and_locking_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, rivals = journal_module.lock, iter([True])

    def late(file: FileIO) -> bool:
        if next(rivals, False):
            (tmp_path / "0.journal").unlink()  # another start has taken the empty file, and removed it
        return lock(file)

    monkeypatch.setattr(journal_module, "lock", late)
    journal = start(tmp_path)
    journal.append(b"one")
    journal.finish(20)
    journal.leave()
    assert journal.path is not None
    assert list(records(journal.path.read_bytes())) == [b"one"]


def test_a_folder_that_cant_be_made_is_said_once_and_taken_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, write = list[None](), Journal._write
    monkeypatch.setattr(Journal, "_write", lambda journal: (tries.append(None), write(journal)))
    folder = tmp_path / "sessions"
    folder.write_text("a file in its place")
    said: list[str] = []
    journal = start(folder, said)
    journal.append(b"one")
    wait_for(lambda: said)
    journal.append(b"two")
    wait_for(lambda: len(tries) > 3)
    assert len(said) == 1
    assert str(folder) in said[0]
    folder.unlink()
    wait_for(lambda: journal.path and len(list(records(journal.path.read_bytes()))) == 2)
    journal.finish(20)
    journal.leave()
    assert len(said) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't remove a folder with an open file")
def test_a_folder_that_is_removed_is_said_once_and_all_is_written_anew(tmp_path: Path) -> None:
    folder, said = tmp_path / "sessions", list[str]()
    journal = start(folder, said)
    journal.append(b"one")
    wait_for(lambda: journal.path and list(records(journal.path.read_bytes())))
    (folder / "0.journal").unlink()
    folder.rmdir()
    journal.append(b"two")
    wait_for(lambda: (folder / "0.journal").exists() and len(list(records((folder / "0.journal").read_bytes()))) == 2)
    journal.finish(20)
    journal.leave()
    assert list(records((folder / "0.journal").read_bytes())) == [b"one", b"two"]
    assert len(said) == 1


def test_a_full_disk_is_said_once_and_written_when_there_is_room(tmp_path: Path) -> None:
    with full_disk(tmp_path) as (folder, ballast):
        said: list[str] = []
        journal = start(folder, said)
        entries = [bytes([number]) * 1000 for number in range(1, 200)]
        for entry in entries:
            journal.append(entry)
        wait_for(lambda: said)
        ballast.unlink()
        wait_for(lambda: not journal._unwritten)
        journal.append(b"last")
        journal.finish(20)
        journal.leave()
        assert journal.path is not None
        assert list(records(journal.path.read_bytes())) == [*entries, b"last"]
        assert len(said) == 1
        assert "No space left" in said[0]


def test_a_say_that_fails_doesnt_end_the_recording(tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    folder.write_text("a file in its place")
    tried = threading.Event()

    def broken(_text: str) -> None:
        tried.set()
        raise BrokenPipeError

    journal = Journal(folder, names(folder), broken)
    assert tried.wait(20)
    folder.unlink()
    wait_for(lambda: journal.path)
    journal.finish(20)
    journal.remove()


def test_memory_is_bounded_where_the_disk_has_no_room_and_nothing_follows_a_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_MOST_UNWRITTEN", 100)
    folder = tmp_path / "sessions"
    folder.write_text("a file in its place")
    journal = start(folder, said := [])
    entries = [bytes([number]) * 10 for number in range(1, 50)]
    for entry in entries:
        journal.append(entry)
    wait_for(lambda: said)
    assert len(journal._unwritten) < 200
    folder.unlink()
    wait_for(lambda: not journal._unwritten)
    journal.append(b"behind the hole")
    journal.finish(20)
    kept = list(journal.records())
    journal.leave()
    assert 0 < len(kept) < 10
    assert kept == entries[: len(kept)]
