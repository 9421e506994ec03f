"""Files, processes and sockets as Windows and macOS have them, simulated."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import platformdirs.windows
import pytest

from antiphon import files
from antiphon.errors import UserError
from antiphon.files import sync, write_whole
from antiphon.live import child_process, link_process, serving_link
from antiphon.osc import server as osc_server
from antiphon.recording import sessions
from antiphon.settings import read_settings
from antiphon.setup.own_config import read_document
from antiphon.stage import address
from antiphon.stage.messages import OscSetup, Setup


def on(platform: str) -> Any:
    """Return `sys` as it is on another platform."""
    return SimpleNamespace(**vars(sys) | {"platform": platform})


def test_on_windows_a_file_that_a_virus_scanner_has_open_is_replaced_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, scans = Path.replace, iter([True, True, False])

    def refuse(path: Path, target: Path) -> Path:
        if next(scans):
            raise PermissionError(13, "The process cannot access the file because it is being used", str(path))
        return replace(path, target)

    monkeypatch.setattr(files, "sys", on("win32"))
    monkeypatch.setattr(files, "_REPLACE_SECONDS", 0.0)
    monkeypatch.setattr(Path, "replace", refuse)
    write_whole(tmp_path / "a.mid", lambda beside: beside.write_bytes(b"new"))
    assert (tmp_path / "a.mid").read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.mid"]


@pytest.mark.parametrize(("platform", "tries"), [("win32", files._REPLACE_TRIES + 1), ("linux", 1)])
def test_a_file_that_another_program_keeps_open_is_refused_in_the_end(
    platform: str, tries: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def refuse(path: Path, _target: Path) -> Path:
        tried.append(path)
        raise PermissionError(13, "Access is denied", str(path))

    (tmp_path / "a.mid").write_bytes(b"old")
    monkeypatch.setattr(files, "sys", on(platform))
    monkeypatch.setattr(files, "_REPLACE_SECONDS", 0.0)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        write_whole(tmp_path / "a.mid", lambda beside: beside.write_bytes(b"new"))
    assert len(tried) == tries
    assert (tmp_path / "a.mid").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="fcntl is POSIX's")
@pytest.mark.parametrize("network_disk", [False, True])
def test_on_macos_what_is_written_leaves_the_drives_own_memory_too(
    network_disk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    asked: list[tuple[str, int]] = []

    def control(handle: int, command: int) -> None:
        asked.append(("full", handle))
        assert command == 51
        if network_disk:
            raise OSError(45, "Operation not supported")

    monkeypatch.setattr(files, "sys", on("darwin"))
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", control)
    monkeypatch.setattr(os, "fsync", lambda handle: asked.append(("fsync", handle)))
    sync(3)
    assert asked == [("full", 3)] + [("fsync", 3)] * network_disk


def test_on_windows_nobody_else_listens_on_the_pages_port(monkeypatch: pytest.MonkeyPatch) -> None:
    # Another option that can be set and read stands for Windows' own.
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False)
    with address.bind("127.0.0.1", 0) as listening:
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert not listening.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)


def test_on_windows_the_osc_port_is_ours_alone_and_the_loop_outlives_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    loops: list[Any] = []

    class Runner:
        def __init__(self, loop_factory: Any) -> None:
            loops.append(loop_factory)

        def __enter__(self) -> Runner:
            return self

        def __exit__(self, *_: object) -> None: ...

        def run(self, work: Any) -> None:
            listening = work.cr_frame.f_locals["listening"]
            assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            work.close()
            listening.close()

    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False)
    first_line = io.BytesIO(msgspec.json.encode(OscSetup("127.0.0.1", 0, 0.0, [])) + b"\n")
    monkeypatch.setattr(osc_server, "sys", SimpleNamespace(platform="win32", stdin=SimpleNamespace(buffer=first_line)))
    monkeypatch.setattr(osc_server, "ignore_signals", lambda: None)
    monkeypatch.setattr(asyncio, "Runner", Runner)
    osc_server.main()
    assert loops == [asyncio.SelectorEventLoop]


def test_a_port_that_is_taken_is_left_to_who_has_it() -> None:
    with address.bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with address.bind("127.0.0.1", port) as second:
            assert port < second.getsockname()[1] <= port + address.PORTS_TRIED
        assert first.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize(
    "start",
    [
        lambda: serving_link.Link("antiphon.stage", print, print).start(Setup("127.0.0.1", 0, 0.0, "", "0")),
        lambda: link_process.LinkProcess(None, print, print),  # type: ignore[arg-type]
    ],
)
def test_on_windows_processes_beside_hear_nothing_of_our_console(
    start: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, Any]] = []

    def popen(_command: list[str], **options: Any) -> Any:
        started.append(options)
        raise FileNotFoundError(2, "no such file")

    monkeypatch.setattr(child_process, "sys", on("win32"))
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)
    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(FileNotFoundError):
        start()
    (options,) = started
    assert options["creationflags"] == 0x08000000
    assert "start_new_session" not in options


class Msvcrt:
    """C's library on Windows, which locks bytes from where the file stands: one handle has them at a time."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.locked: dict[tuple[int, int], int] = {}

    def locking(self, handle: int, mode: int, count: int) -> None:
        assert (mode, count) == (self.LK_NBLCK, 1)
        place = os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR)
        if self.locked.setdefault(place, handle) != handle:
            raise PermissionError(13, "Permission denied")


def test_on_windows_a_journal_is_locked_beyond_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    msvcrt = Msvcrt()
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)  # type: ignore[arg-type]
    monkeypatch.setattr(files, "sys", on("win32"))
    path = tmp_path / "a.journal"
    path.write_bytes(b"content")
    with FileIO(path, "r+") as first, FileIO(path, "r+") as second:
        assert files.lock(first)
        assert not files.lock(second)
        assert first.read() == b"content"
        second.seek(0)
        assert second.read() == b"content"
    ((_, place),) = msvcrt.locked
    assert place > 1 << 20


def test_a_settings_file_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf[play]\r\nbpm = 92.0\r\n")
    assert read_settings(file).play.bpm == 92.0
    assert read_document(file).unwrap() == {"play": {"bpm": 92.0}}


@pytest.mark.parametrize("path", [r"C:\Users\Zoë\Music", r"C:\music"])
def test_a_windows_path_in_the_settings_is_refused_with_a_way_to_write_it(path: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[sessions]\nfolder = "{path}"\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"is not valid TOML .*; write a path with / or in 'single quotes'$"):
        read_settings(file)
    file.write_text(f"[sessions]\nfolder = '{path}'\n", encoding="utf-8")
    assert path in read_settings(file).sessions.folder


def test_on_windows_recordings_lie_beside_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs.windows, "get_win_folder", lambda _name: "/AppData/Local")

    def data(*arguments: Any, **options: Any) -> Path:
        return platformdirs.windows.Windows(*arguments, **options).user_data_path

    monkeypatch.setattr(sessions, "user_data_path", data)
    assert sessions.sessions_folder("").parts[-3:] == ("Local", "antiphon", "sessions")
