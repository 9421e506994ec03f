"""Whatever stands in a file or comes in by a port: it is read, or refused in words."""

import hashlib
import json
import shutil
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import mido
import pytest
import tomlkit
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from mido.midifiles.meta import encode_variable_int

from antiphon import settings
from antiphon.errors import UserError
from antiphon.improviser.events import TempoChange
from antiphon.improviser.input.controls import Control, Source, parse_source, parse_table
from antiphon.improviser.input.translator import Translator
from antiphon.melody.bundle import MANIFEST_FILE, MAPPING_FILE, MODEL_FILE, Bundle, read_bundle
from antiphon.melody.keys import parse_key
from antiphon.melody.metre import parse_metre
from antiphon.melody.vocabulary import SpecialTokens, Vocabulary, read_mapping
from antiphon.midi.codec import decode
from antiphon.midi.messages import (
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SongPosition,
)
from antiphon.parameters import CONTROLS, MODES
from antiphon.recording.entries import ModelChanged
from antiphon.recording.performance_file import read_performance
from antiphon.recording.session_file import (
    build,
    command_event,
    message_event,
    read_session,
    read_summary,
    settings_event,
)
from antiphon.recording.session_file import tempo_event as tempo
from antiphon.settings import Settings, package_folder, read_settings
from tests.daemon.midi_files import save_tune
from tests.daemon.mutations import mutated
from tests.daemon.players import check_sounding, improviser
from tests.daemon.tunes import ODE_TO_JOY, events

fuzz = how(deadline=2_000, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""A tenth of a second would do for any of these files; what takes two is a hang."""
ESSEN = package_folder() / "models" / "essen"
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["60", "_", "r", "/"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def read_or_refused(read: Callable[[], Any]) -> Any:
    """Return what is read, or None where it is refused in one line."""
    try:
        return read()
    except UserError as error:
        assert str(error) and "\n" not in str(error), repr(str(error))
        return None


# The port

messages = st.one_of(
    st.lists(st.integers(0, 255), max_size=4),
    st.tuples(st.integers(0x80, 0xFF), st.integers(0, 127), st.integers(0, 127)).map(list),
    st.binary(max_size=300).map(lambda content: [0xF0, *content]),
    st.sampled_from([[], [0xFE], [0xFF], [0xF8], [0xFA], [0xFC], [0xF2, 127, 127]]),
)
sources = st.builds(
    lambda kind, number, channel: str(Source(kind, number, channel)),
    st.sampled_from(["cc", "note"]),
    st.integers(0, 127),
    st.none() | st.integers(1, 16),
)


@fuzz
@given(st.lists(messages, max_size=40), st.dictionaries(st.sampled_from(list(CONTROLS)), sources, max_size=10))
def test_any_bytes_at_the_port_are_an_event_within_midis_bounds_or_nothing(
    arriving: list[list[int]], texts: dict[str, str]
) -> None:
    table = read_or_refused(lambda: parse_table(texts))
    translator = Translator(table or parse_table({}), MODES[0])
    player = improviser()
    played = []
    for number, message in enumerate(arriving):
        decoded = decode(message)
        check_bounds(decoded)
        event = None if decoded is None else translator.event_of(decoded)
        check_bounds(event)
        if event is not None:
            played += player.receive(number / 50, event)
    check_sounding(played + player.close(len(arriving)))


def test_a_large_system_exclusive_message_is_ignored() -> None:
    assert decode([0xF0, *[1] * 1_000_000, 0xF7]) is None


def check_bounds(event: object) -> None:
    channel, data = getattr(event, "channel", 1), []
    if isinstance(event, NoteOn):
        assert event.velocity
        data = [event.pitch, event.velocity]
    elif isinstance(event, NoteOff):
        data = [event.pitch]
    elif isinstance(event, ControlChange):
        data = [event.controller, event.value]
    elif isinstance(event, ProgramChange):
        data = [event.program]
    elif isinstance(event, PolyPressure):
        data = [event.pitch, event.pressure]
    elif isinstance(event, ChannelPressure):
        data = [event.pressure]
    elif isinstance(event, PitchBend):
        assert -8192 <= event.value <= 8191
    elif isinstance(event, SongPosition):
        assert 0 <= event.sixteenths < 1 << 14
    elif isinstance(event, Control):
        assert event.value == CONTROLS[event.name].checked(event.value)
    assert 1 <= channel <= 16 and all(0 <= byte <= 127 for byte in data)


# The settings


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to read from, with nobody's own settings about."""
    monkeypatch.setattr(settings, "user_config_path", lambda *_, **__: tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    return tmp_path


PACKAGED = (package_folder() / "config.toml").read_bytes()
KEYS = {name: list(values) for name, values in tomlkit.parse(PACKAGED.decode()).unwrap().items()}
settings_values = (
    st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=10)
    | st.lists(st.integers(-3, 300) | st.text("ab", max_size=3), max_size=3)
    | st.dictionaries(st.text("ab", min_size=1, max_size=3), st.integers(0, 3), max_size=2)
    | st.dates()
)
sections = st.sampled_from(sorted(KEYS)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.dictionaries(st.sampled_from(KEYS[name]) | st.text("abc_", min_size=1), settings_values, max_size=4),
    )
)


def check_settings(file: Path) -> None:
    found = read_or_refused(lambda: read_settings(file))
    assert found is None or isinstance(found, Settings)
    if found is not None:
        read_or_refused(lambda: parse_metre(found.play.metre, "play.metre"))
        read_or_refused(lambda: parse_key(found.play.key))


@fuzz
@given(mutated(PACKAGED, (b"=", b"[", b"]]", b'"', b"1e999", b"nan", b"true", b"\n[play]\n", b"'''")))
def test_a_damaged_config_is_read_or_refused(place: Path, content: bytes) -> None:
    (place / "mine.toml").write_bytes(content)
    check_settings(place / "mine.toml")


@fuzz
@given(st.lists(sections, max_size=4).map(dict) | st.dictionaries(st.sampled_from(sorted(KEYS)), settings_values))
def test_any_values_in_a_config_are_read_or_refused(place: Path, content: dict[str, Any]) -> None:
    (place / "mine.toml").write_text(tomlkit.dumps(content), encoding="utf-8")
    check_settings(place / "mine.toml")


@fuzz
@given(st.text(max_size=40) | st.from_regex(r"(cc|note) [0-9]{1,4}( channel [0-9]{1,3})?", fullmatch=True))
def test_any_text_for_a_control_a_metre_or_a_key_is_read_or_refused(text: str) -> None:
    for read in (parse_source, parse_key, lambda text: parse_metre(text, "play.metre")):
        read_or_refused(lambda read=read: read(text.replace("\n", " ")))


# The mapping and the manifest

MAPPING, MANIFEST = ((ESSEN / name).read_bytes() for name in (MAPPING_FILE, MANIFEST_FILE))
JSON_WORDS = (b"null", b"{", b"]", b'"60"', b"-1", b"1e999", b"NaN", b'"_":', b"9" * 5_000, b"\xff", b'"\\ud800"')


@fuzz
@given(mutated(MAPPING, JSON_WORDS) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_mapping_is_read_or_refused(place: Path, content: bytes) -> None:
    (place / MAPPING_FILE).write_bytes(content)
    for special in (None, SpecialTokens("r", "_", "/"), SpecialTokens("60", "60", "60")):
        found = read_or_refused(lambda special=special: read_mapping(place / MAPPING_FILE, special))
        if found is not None:
            assert isinstance(found, Vocabulary)
            assert found.pitches and {found.hold, found.rest, found.end} <= set(range(len(found)))


@lru_cache
def manifest() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(MANIFEST)
    return content


fields = st.sampled_from(sorted(manifest()))
manifests = st.one_of(
    mutated(MANIFEST, JSON_WORDS),
    st.dictionaries(fields | st.text(max_size=5), json_values, max_size=3).map(
        lambda changes: json.dumps(manifest() | changes).encode()
    ),
    st.sets(fields).map(lambda lost: json.dumps({k: v for k, v in manifest().items() if k not in lost}).encode()),
    st.sampled_from(
        ["../essen/mapping.json", "/etc/passwd", "", ".", "..", "\0", "a" * 5_000, "a/../mapping.json"]
    ).map(lambda name: json.dumps(manifest() | {"sha256": manifest()["sha256"] | {name: "0"}}).encode()),
)


@fuzz
@given(manifests)
def test_any_manifest_is_read_or_refused(place: Path, content: bytes) -> None:
    bundle = place / "mine"
    if not bundle.exists():
        shutil.copytree(ESSEN, bundle)
    (bundle / MANIFEST_FILE).write_bytes(content)
    found = read_or_refused(lambda: read_bundle(bundle))
    assert found is None or isinstance(found, Bundle)


@pytest.mark.parametrize("step", [0, -0.25, 1e-9, 1e300])
def test_a_manifest_with_steps_that_nobody_can_play_is_refused(place: Path, step: float) -> None:
    shutil.copytree(ESSEN, place / "mine")
    (place / "mine" / MANIFEST_FILE).write_text(json.dumps(manifest() | {"step": step}))
    assert read_or_refused(lambda: read_bundle(place / "mine")) is None


@fuzz
@given(st.sampled_from([MODEL_FILE, MAPPING_FILE]), st.data())
def test_a_damaged_file_of_a_bundle_is_refused(place: Path, name: str, data: st.DataObject) -> None:
    bundle = place / "mine"
    shutil.rmtree(bundle, ignore_errors=True)
    shutil.copytree(ESSEN, bundle)
    whole = (bundle / name).read_bytes()
    content = data.draw(mutated(whole))
    (bundle / name).write_bytes(content)
    found = read_or_refused(lambda: read_bundle(bundle))
    assert (found is None) == (hashlib.sha256(content).digest() != hashlib.sha256(whole).digest())


DEEP = "[" * 100_000
"""Nested deeper than any reader goes."""
NUMBER = "9" * 5_000
"""Longer than Python reads by itself."""


@pytest.mark.parametrize("json_text", [DEEP, '{"format_version":' + DEEP, NUMBER, '{"_": ' + NUMBER + "}"])
def test_json_that_is_too_deep_or_too_long_is_refused(place: Path, json_text: str) -> None:
    (place / MANIFEST_FILE).write_text(json_text)
    (place / MAPPING_FILE).write_text(json_text)
    for read in (lambda: read_bundle(place), lambda: read_mapping(place / MAPPING_FILE)):
        assert read_or_refused(read) is None


@pytest.mark.parametrize("toml", ["a = " + DEEP, "a = " + NUMBER, "a = 2026-13-32", "a" + ".a" * 1_000 + " = 1"])
def test_toml_that_is_too_deep_or_too_long_is_refused(place: Path, toml: str) -> None:
    (place / "mine.toml").write_text(toml)
    assert read_or_refused(lambda: read_settings(place / "mine.toml")) is None


@pytest.mark.parametrize("damage", [DEEP, '{"a": ' + DEEP, NUMBER])
def test_a_session_whose_settings_are_too_deep_or_too_long_is_refused(place: Path, damage: str) -> None:
    text = ("Antiphon session 2 " + damage).encode()
    event = bytes([0xFF, 0x01, *encode_variable_int(len(text))]) + text
    (place / "session.mid").write_bytes(build([(0, 0, event)])[0])
    for read in (read_session, read_summary):
        assert read_or_refused(lambda read=read: read(place / "session.mid")) is None


# MIDI files


@lru_cache
def midi_file() -> bytes:
    """Return a tune, with metre, key, and what else a DAW writes."""
    place = BytesIO()
    file = mido.MidiFile(ticks_per_beat=96)
    track = file.add_track("Töne")
    track.append(mido.MetaMessage("key_signature", key="Eb"))
    track.append(mido.MetaMessage("time_signature"))
    track.append(mido.MetaMessage("set_tempo", tempo=600_000))
    track.append(mido.MetaMessage("sequencer_specific", data=(0x7D, 1, 2)))
    track.append(mido.Message("sysex", data=(1, 2, 3)))
    for pitch in (63, 65, 67):
        track += [mido.Message("note_on", note=pitch), mido.Message("note_off", note=pitch, time=96)]
    track.append(mido.Message("pitchwheel", pitch=100))
    file.save(file=place)
    return place.getvalue()


@lru_cache
def session() -> bytes:
    """Return a session as it is recorded."""
    told = [message_event(message) or b"" for message in ([0x90, 60, 80], [0xF8], [0xFA], [0xF2, 1, 2], [0x80, 60, 0])]
    performer = [(1, 30 * number, event) for number, event in enumerate([*told, command_event(ModelChanged("essen"))])]
    header = {"model": "essen", "seed": 1, "settings": {"play": {"bpm": 100.0}}}
    return build([(0, 0, settings_event(header)), (0, 40, tempo(600_000)), *performer, (2, 50, b"\x90\x40\x40")])[0]


MIDI_WORDS = (
    *(
        b"MThd",
        b"MTrk",
        b"\xff\x2f\x00",
        b"\xff\x51\x03\0\0\0",
        b"\xff\x51\x03\0\0\1",
        b"\xff\x51\x00",
        b"\xff\x59\x02\x7f\x7f",
    ),
    *(b"\xff\x58\x04\0\0\0\0", b"\xff\xff\xff\xff", b"\x8f\xff\xff\x7f", b"\xff\x7f\x01\x7d", b"\xff\x7f\x02\x7d\x00"),
    *(b"\xf0\x7f", b"\xf7", b"\xff\x01\x04\xff\xfe\x80\x81", b"\xff\x00\x00", b"\xff\x20\x00", b"\xff\x54\x00"),
)


@fuzz
@given(
    mutated(midi_file(), MIDI_WORDS)
    | mutated(session(), MIDI_WORDS)
    | st.binary(max_size=60).map(lambda b: b"MThd" + b)
)
def test_any_midi_file_is_read_or_refused(place: Path, content: bytes) -> None:
    path = place / "any.mid"
    path.write_bytes(content)
    performance = read_or_refused(lambda: read_performance(path))
    for keep_tempo in (False, True):
        heard = performance.events(keep_tempo) if performance else []
        times = [time for time, _ in heard]
        assert times == sorted(times)
        assert all(event.bpm > 0 for _, event in heard if isinstance(event, TempoChange))
    found = read_or_refused(lambda: read_session(path))
    if found is not None:
        times = [time for time, _ in found.events]
        assert times == sorted(times) and all(given for _, given in found.events)
        for _, given in found.events:
            if isinstance(given, bytes):
                check_bounds(decode(given))
    read_or_refused(lambda: read_summary(path))


def test_the_files_that_are_mutated_are_whole_to_begin_with(place: Path) -> None:
    (place / "tune.mid").write_bytes(midi_file())
    assert len(read_performance(place / "tune.mid").events(keep_tempo=True)) >= 8
    (place / "session.mid").write_bytes(session())
    assert read_session(place / "session.mid").header is not None
    assert read_summary(place / "session.mid")[1].played == 1
    assert read_performance(save_tune(place / "ode.mid", ODE_TO_JOY)).channels == {1}
    assert list(events(ODE_TO_JOY))
    assert isinstance(read_bundle(ESSEN), Bundle)
