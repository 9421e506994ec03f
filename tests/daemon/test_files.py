"""Files: what is read is bounded and regular, and what is written keeps what the user had, mode and owner too."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.files import read_file, write_folder_whole, write_whole
from antiphon.printable import printable

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither modes nor FIFOs")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write(path: Path, content: bytes = b"new", private: bool = False) -> None:
    write_whole(path, lambda beside: beside.write_bytes(content), private)


@given(size=st.integers(0, 40), most=st.integers(0, 40))
def test_a_file_is_read_up_to_its_budget(tmp_path_factory: pytest.TempPathFactory, size: int, most: int) -> None:
    path = tmp_path_factory.mktemp("read") / "file"
    path.write_bytes(bytes(size))
    if size <= most:
        assert read_file(path, most) == bytes(size)
    else:
        with pytest.raises(UserError, match=f"{path}: has {size} bytes; at most {most} are read"):
            read_file(path, most)


def test_a_sparse_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "sparse.krn"
    path.touch()
    os.truncate(path, 6 << 30)
    with pytest.raises(UserError, match="6,442,450,944 bytes"):
        read_file(path, 1 << 20)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no file here hides its size")
def test_a_file_that_hides_its_size_is_read_up_to_its_budget() -> None:
    path = Path("/proc/self/maps")
    assert path.stat().st_size == 0
    with pytest.raises(UserError, match="at most 100 are read"):
        read_file(path, 100)


@posix
def test_what_is_no_regular_file_is_not_read_and_nobody_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, kind in ((tmp_path / "fifo", "a FIFO"), (tmp_path, "a folder"), (Path("/dev/zero"), "a device")):
        with pytest.raises(UserError, match=f"{path}: is {kind}; a file is needed there"):
            read_file(path, 100)


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666])
def test_a_file_that_is_written_again_keeps_its_mode_and_owner(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"old")
    if os.geteuid() == 0:
        os.chown(path, 1234, 4321)
    path.chmod(mode)
    before = path.stat()
    write(path)
    after = path.stat()
    assert path.read_bytes() == b"new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


@posix
@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077, 0])
def test_a_new_file_and_a_new_folder_obey_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "new.mid")
        write(tmp_path / "private.mid", private=True)
        write_folder_whole(tmp_path / "folder", lambda beside: (beside / "file").touch())
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "new.mid") == 0o666 & ~umask
    assert mode_of(tmp_path / "private.mid") == 0o600
    assert mode_of(tmp_path / "folder") == 0o777 & ~umask


@posix
def test_a_file_is_private_while_it_replaces_a_private_one(tmp_path: Path) -> None:
    path = tmp_path / "private"
    path.touch(0o600)
    seen = []
    write_whole(path, lambda beside: seen.append(mode_of(beside)))
    assert seen == [0o600]


@posix
def test_a_writer_that_makes_its_file_anew_changes_no_mode(tmp_path: Path) -> None:
    def write(beside: Path) -> None:
        beside.unlink()
        beside.touch(0o600)

    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "model.keras", write)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "model.keras") == 0o644


@posix
def test_only_regular_files_are_replaced(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    names = {"link": "a link", "dangling": "a link", "fifo": "a FIFO", "folder": "a folder"}
    before = {name: (tmp_path / name).lstat().st_ino for name in names}
    for path, kind in [*((tmp_path / name, kind) for name, kind in names.items()), (Path("/dev/null"), "a device")]:
        with pytest.raises(UserError, match=f"{path}: is {kind}, which isn't replaced; name another file"):
            write(path)
    assert before == {name: (tmp_path / name).lstat().st_ino for name in names}
    assert target.read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {*names, "target"}


@posix
def test_a_folder_that_is_written_again_keeps_its_mode_and_a_link_stays(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o750)
    (tmp_path / "link").symlink_to(folder)
    write_folder_whole(folder, lambda beside: (beside / "file").touch())
    assert mode_of(folder) == 0o750
    with pytest.raises(UserError, match="is a link, which isn't replaced; name another folder"):
        write_folder_whole(tmp_path / "link", lambda beside: None)
    assert (folder / "file").exists()


def test_nothing_is_left_of_a_write_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, b"old")

    def fail(beside: Path) -> None:
        beside.write_bytes(b"half")
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        write_whole(path, fail)
    with pytest.raises(OSError, match="no room"):
        write_folder_whole(tmp_path / "folder", lambda beside: fail(beside / "file"))
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


@given(st.text(st.characters(exclude_categories=())))
def test_printable_text_is_one_line_that_steers_no_terminal(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert printable(shown.encode().decode()) == shown


def test_printable_text_shows_what_was_there() -> None:
    assert printable("Klavier 🎹 – Übung №1\xa0") == "Klavier 🎹 – Übung №1\xa0"
    assert printable("evil\x1b[31m\nport\u202e") == r"evil\x1b[31m\nport\u202e"
    assert printable(os.fsdecode(b"caf\xe9.krn")) == "caf\ufffd.krn"
