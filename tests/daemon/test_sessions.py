"""The list of sessions, of whole files, damaged ones and others'."""

from __future__ import annotations

import json
import os
import struct
import urllib.request
import zlib
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import settings as fuzz
from hypothesis import strategies as st
from platformdirs import user_data_path
from pytest import approx

from antiphon.recording import session_file
from antiphon.recording.journal import _FRAME, _MAGIC, ENDING
from antiphon.recording.recorder import Recorder, recover
from antiphon.recording.session_file import settings_event
from antiphon.recording.sessions import list_sessions, sessions_folder
from tests.daemon.midi_files import received, sent
from tests.daemon.pages import page, staged
from tests.daemon.test_cli import antiphon

ON, OFF, ANSWER = [0x90, 60, 64], [0x80, 60, 0], [0x90, 72, 64]


def record(folder: Path, seed: int = 7) -> Path:
    recorder = Recorder(folder, {"model": "essen", "seed": seed}, 100, pytest.fail)
    for second in range(3):
        recorder.add(*received(recorder.enter(second), ON))
        recorder.add(*received(recorder.enter(second + 0.5), OFF))
    recorder.add(*sent(2.0, ANSWER))
    recorder.add(*sent(4.0, [0x80, 72, 0]))
    path = recorder.close()
    assert path is not None
    return path


def test_a_session_is_listed_with_what_it_was(tmp_path: Path) -> None:
    path = record(tmp_path)
    [listed] = list_sessions(tmp_path)
    assert listed.path == path
    assert f"{listed.when:%Y-%m-%d %H-%M-%S}" == path.stem
    assert listed.seconds == approx(4, abs=0.001)
    assert (listed.played, listed.answered, listed.model, listed.seed) == (3, 1, "essen", 7)
    assert listed.damaged is None


def test_no_folder_is_no_sessions(tmp_path: Path) -> None:
    assert list_sessions(tmp_path / "missing") == []
    assert list_sessions(tmp_path) == []


def test_a_long_set_is_listed_by_its_first_track(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path)
    monkeypatch.setattr(session_file, "read_session", pytest.fail)
    assert list_sessions(tmp_path)[0].played == 3


def test_a_session_cut_anywhere_is_listed_as_damaged(tmp_path: Path) -> None:
    path = record(tmp_path)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        [listed] = list_sessions(tmp_path)
        assert listed.damaged, length
        assert str(path) not in listed.damaged
    path.write_bytes(content)
    assert list_sessions(tmp_path)[0].damaged is None


def test_any_flipped_bit_is_listed_without_an_error(tmp_path: Path) -> None:
    path = record(tmp_path)
    content = path.read_bytes()
    for at in range(len(content)):
        for bit in (1, 0x80):
            path.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
            [listed] = list_sessions(tmp_path)
            assert listed.as_line()
            assert json.loads(listed.as_json())


@pytest.mark.parametrize("summary", ['{"seconds": "x", "played": 1, "answered": 1}', "{}", "[]", '{"seconds": NaN'])
def test_a_summary_that_makes_no_sense_is_damage(tmp_path: Path, summary: str) -> None:
    path = record(tmp_path)
    file = mido.MidiFile(path)
    for message in file.tracks[0]:
        if message.type == "text" and "summary" in message.text:
            message.text = f"Antiphon summary {summary}"
    file.save(path)
    [listed] = list_sessions(tmp_path)
    assert listed.damaged
    assert "damaged" in listed.as_line()


def test_a_file_by_others_is_listed_by_what_it_holds(tmp_path: Path) -> None:
    file = mido.MidiFile()
    file.add_track("a").extend([mido.Message("note_on", note=60, time=960), mido.Message("note_off", note=60)])
    path = tmp_path / "other.mid"
    file.save(path)
    os.utime(path, (1e9, 1e9))
    (tmp_path / ".half.mid").write_bytes(b"just being written")
    [listed] = list_sessions(tmp_path)
    assert (listed.when.timestamp(), listed.seconds, listed.played, listed.model) == (1e9, 1.0, 1, None)


def test_the_folder_is_the_platforms_unless_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sessions_folder("") == user_data_path("antiphon") / "sessions"
    assert sessions_folder(str(tmp_path)) == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert sessions_folder("~/music") == tmp_path / "music"


def test_the_command_lists_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = sessions_folder("")
    if tmp_path not in folder.parents:
        pytest.skip("this platform's data folder can't be set by XDG_DATA_HOME")
    done = antiphon("sessions", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(folder) in done.stdout
    record(folder, seed=1)
    (folder / "damaged.mid").write_bytes(b"MThd")
    left = Recorder(folder, {"model": "left", "seed": 2}, 100, pytest.fail)
    left.add(*received(left.enter(0), ON))
    assert left._journal.finish(20)
    left._journal.leave()
    done = antiphon("sessions", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert "recovered" in done.stderr
    listed = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["model"]: one["played"] for one in listed} == {"essen": 3, "left": 1, None: 0}
    assert sum(one["damaged"] is not None for one in listed) == 1
    done = antiphon("sessions", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 3
    assert "3 played,     1 answered  essen, seed 1" in done.stdout
    assert "damaged: is no MIDI file" in done.stdout


def test_the_metronomes_clicks_are_no_answers(tmp_path: Path) -> None:
    header = {"model": "essen", "seed": 1, "settings": {"metronome": {"on": True, "channel": 10}}}
    recorder = Recorder(tmp_path, header, 120, print)
    recorder.add(*received(0.1, [0x90, 60, 80]))
    recorder.add(*sent(0.1, [0x90, 64, 80]))
    for beat in range(4):
        recorder.add(*sent(0.5 * beat + 0.2, [0x99, 76, 80]))
    assert recorder.close() is not None
    (listed,) = list_sessions(tmp_path)
    assert (listed.played, listed.answered) == (1, 1)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no FIFOs")
def test_an_odd_entry_is_listed_as_such_and_the_others_are_listed_too(tmp_path: Path) -> None:
    path = record(tmp_path)
    (tmp_path / "dangling.mid").symlink_to(tmp_path / "nowhere")
    (tmp_path / "link.mid").symlink_to(path)
    (tmp_path / "folder.mid").mkdir()
    os.mkfifo(tmp_path / "fifo.mid")

    odd_name = os.fsencode(tmp_path) + b"/caf\xe9\x1b[31m.mid"
    with open(odd_name, "wb") as file:  # noqa: PTH123
        file.write(path.read_bytes())
    (tmp_path / "huge.mid").touch()
    os.truncate(tmp_path / "huge.mid", 6 << 30)
    for number, year in enumerate(("9999", "0001", "0000", "12026")):
        content = path.read_bytes().replace(b'"recorded": "2026', b'"recorded": "' + year.encode()[:4], 1)
        (tmp_path / f"year {number}.mid").write_bytes(content)
    os.utime(path, (1e11, 1e11))  # the year 5138
    listed = {each.path.name: each for each in list_sessions(tmp_path)}
    assert listed[path.name].damaged is None
    assert {name: listed[name].damaged for name in ("dangling.mid", "folder.mid", "fifo.mid")} == {
        "dangling.mid": "is a link, and no recording; move it elsewhere",
        "folder.mid": "is a folder, and no recording; move it elsewhere",
        "fifo.mid": "is a FIFO, and no recording; move it elsewhere",
    }
    assert "6,442,450,944 bytes" in str(listed["huge.mid"].damaged)
    assert len(listed) == 11
    done = antiphon("sessions", "--config", str(configured(tmp_path)), cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 11
    assert "caf\ufffd\\x1b[31m.mid" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows has no FIFOs")
def test_a_set_begins_and_its_page_lists_whatever_else_lies_in_the_folder(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "sessions"
    path = record(folder)
    (folder / "9999.mid").write_bytes(path.read_bytes().replace(b'"recorded": "2026', b'"recorded": "9999', 1))
    for ending in (".mid", ENDING):
        (folder / f"dangling{ending}").symlink_to(tmp_path / "nowhere")
        os.mkfifo(folder / f"fifo{ending}")
        (folder / f"folder{ending}").mkdir()
    with staged("--name", "Odd", "--config", str(configured(folder)), cwd=tmp_path) as (running, url):
        with urllib.request.urlopen(f"{url}/sessions") as answer:  # noqa: S310
            listed = {each["name"]: each["damaged"] for each in json.load(answer)}
        assert {name for name, damaged in listed.items() if damaged} == {"dangling", "fifo", "folder"}
        assert {path.stem, "9999"} < set(listed)
        with page(url) as one:
            one.play(0x90, 60, 80)
            one.wait_for_answer()
        running.stop()
    assert sum("can't be recovered" in line for line in running.said) == 3
    assert len(list(folder.glob("*.mid"))) == 6  # this set's is one more


def configured(folder: Path) -> Path:
    file = folder / "config.toml"
    file.write_text(f"[sessions]\nfolder = '{folder}'\n")
    return file


@pytest.mark.skipif(os.name == "nt", reason="Windows has no FIFOs")
def test_an_odd_journal_is_left_where_it_is_and_the_others_are_recovered(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"fifo{ENDING}")
    (tmp_path / f"dangling{ENDING}").symlink_to(tmp_path / "nowhere")
    (tmp_path / f"folder{ENDING}").mkdir()
    (tmp_path / f"huge{ENDING}").touch()
    os.truncate(tmp_path / f"huge{ENDING}", 6 << 30)
    before = {path.name for path in tmp_path.iterdir()}
    said: list[str] = []
    assert recover(tmp_path, said.append) == []
    assert len(said) == 4
    assert all("can't be recovered" in line and "move it elsewhere" in line for line in said)
    assert {path.name for path in tmp_path.iterdir()} == before


def journal_of(entries: list[bytes]) -> bytes:
    """Return a journal of these records, whose checksums hold."""
    return _MAGIC + b"".join(_FRAME.pack(len(each), zlib.crc32(each)) + each for each in entries)


NUMBERS = st.sampled_from([0, 1, 2, 3, 255]), st.sampled_from([0, 1, 960, 1 << 28, 1 << 40, 1 << 41, (1 << 64) - 1])
EVENTS = (
    st.binary(max_size=12)
    | st.sampled_from(
        [
            bytes(ON),
            bytes(OFF),
            b"",
            b"\xff",
            b"\xff\x51",
            b"\xff\x51\x03\0\0\0",
            b"\xff\x51\xff\xff",
            b"\xf0\x01",
            b"\xf7",
        ]
    )
    | st.binary(max_size=8).map(lambda event: b"\xff\x51" + event)
    | st.just(settings_event({"model": "essen"}))
)


@given(
    st.lists(
        st.tuples(*NUMBERS, EVENTS).map(lambda each: struct.pack(">BQ", *each[:2]) + each[2]) | st.binary(max_size=12)
    )
)
@fuzz(max_examples=300, deadline=2_000)
def test_any_journal_is_recovered_or_left_where_it_is(
    tmp_path_factory: pytest.TempPathFactory, entries: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("journals")
    hostile, good = folder / f"a{ENDING}", folder / f"b{ENDING}"
    hostile.write_bytes(journal_of(entries))
    good.write_bytes(journal_of([struct.pack(">BQ", 1, 10) + bytes(ON)]))
    said: list[str] = []
    assert good.with_suffix(".mid") in recover(folder, said.append)
    assert not good.exists()
    if hostile.exists():
        assert sum("can't be recovered" in line for line in said) == 1
    assert all(listed.as_line() for listed in list_sessions(folder))


def test_a_name_that_a_link_to_nothing_has_is_taken(tmp_path: Path) -> None:
    path = record(tmp_path)
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    assert record(tmp_path).is_file()
    assert path.is_symlink()
