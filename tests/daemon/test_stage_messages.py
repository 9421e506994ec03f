"""The messages of the stage: each comes back as it went, and pages' requests are checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.midi.codec import decode, encode
from antiphon.parameters import ON_PAGE, settings_table
from antiphon.recording.entries import Press, Set
from antiphon.stage import messages
from antiphon.stage.checks import is_midi, refusal
from antiphon.stage.held_keys import HeldKeys
from antiphon.stage.messages import Played
from antiphon.stage.token_bucket import BURST, MESSAGES_A_SECOND, PATIENCE, TokenBucket

SETTINGS = [name for name, each in ON_PAGE.items() if each.kind != "press"]
BUTTONS = [name for name, each in ON_PAGE.items() if each.kind == "press"]
DOCS = Path(__file__).parents[2] / "docs" / "stage.md"
numbers = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**53), 2**53)
st.register_type_strategy(float, numbers)
st.register_type_strategy(int, whole)
values = st.one_of(st.booleans(), whole, numbers, st.text(max_size=100))
midi_bytes = st.lists(st.integers(0, 255), min_size=1, max_size=3)


@given(st.one_of(*(st.from_type(kind) for kind in get_args(messages.FromDaemon))))
def test_what_the_daemon_says_comes_back_as_it_went(message: messages.FromDaemon) -> None:
    line = msgspec.json.encode(message)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=messages.FromDaemon) == message
    assert f"`{json.loads(line)['type']}`" in DOCS.read_text(encoding="utf-8")


@given(
    st.one_of(
        st.builds(messages.PageHello, whole),
        st.builds(Played, midi_bytes),
        st.builds(Set, st.sampled_from(SETTINGS), values),
        st.builds(Press, st.sampled_from(BUTTONS)),
        st.builds(messages.Ping, whole),
    )
)
def test_what_a_page_says_comes_back_as_it_went(message: messages.FromPage) -> None:
    line = msgspec.json.encode(message)
    assert len(line) < 1024
    assert msgspec.json.decode(line, type=messages.FromPage) == message
    assert f"`{json.loads(line)['type']}`" in DOCS.read_text(encoding="utf-8")


@given(st.sampled_from(SETTINGS), values)
def test_any_value_is_taken_or_refused_in_words(name: str, value: Set) -> None:
    why = refusal(Set(name, value), None)  # type: ignore[arg-type]
    assert why is None or name in why


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("mode", ["next-note", "call-response", "continue", "accompany"], ["", "solo", 1]),
        ("accompaniment", ["chords", "bass", "both"], ["", "drums", 1]),
        ("sync", ["fixed", "clock", "auto", "link"], ["host"]),
        ("temperature", [0, 0.1, 1, 10], [-0.1, 10.1, "1", True, float("nan")]),
        ("density", [0, 0.5, 1], [-0.1, 1.1]),
        ("harmony", [0, 0.5, 1], [-0.1, 1.1]),
        ("memory", [0, 0.5, 1], [-0.1, 1.1]),
        ("bpm", [20, 120.5, 400], [19, 401, float("inf")]),
        ("lowest", [0, 60, 127], [-1, 128, 60.5]),
        ("highest", [0, 60, 127], [-1, 128, True]),
        ("mute", [True, False], [0, 1, "true"]),
        ("record", [True, False], [None, 1]),
        ("key", ["auto", "Eb", "c#m"], ["", "H", 3]),
    ],
)
def test_settings_keep_to_what_config_toml_allows(name: str, good: list[bool], bad: list[bool]) -> None:
    assert [refusal(Set(name, value), None) for value in good] == [None] * len(good)
    assert all(refusal(Set(name, value), None) for value in bad)


@given(midi_bytes)
def test_what_counts_as_midi_has_a_status_and_its_data(message: list[int]) -> None:
    if is_midi(message):
        assert message[0] >= 0x80
        assert all(byte < 0x80 for byte in message[1:])


keys = st.builds(
    lambda kind, channel, number, value: [kind | channel, number, value],
    st.sampled_from([0x80, 0x90, 0xB0]),
    st.integers(0, 1),
    st.sampled_from([60, 61, 64, 66]),
    st.sampled_from([0, 63, 64, 127]),
)


@given(st.lists(keys), st.lists(keys))
def test_what_is_let_go_is_down_no_more(mine: list[list[int]], others: list[list[int]]) -> None:
    one, two, again = HeldKeys(), HeldKeys(), HeldKeys()
    for message in mine:
        one.hear(decode(message))
        again.hear(decode(message))
    for message in others:
        two.hear(decode(message))
    ended = one.let_go([two])
    assert all(is_midi(encode(message)) for message in ended)
    assert one.let_go() == []
    for released in ended:
        again.hear(released)
    assert again.let_go([two]) == []  # but for what another one holds too, all is up


@given(st.lists(st.floats(0, 0.1), max_size=300))
def test_a_rate_slows_and_never_forgets(gaps: list[float]) -> None:
    now, rate = 0.0, TokenBucket(0.0)
    for gap in gaps:
        now += gap
        wait = rate.wait(now)
        assert 0 <= wait <= max(0.0, len(gaps) - BURST) / MESSAGES_A_SECOND
    assert not rate.is_flood(now)


def test_who_sends_too_much_for_too_long_is_a_flood() -> None:
    now, rate, sent = 0.0, TokenBucket(0.0), 0
    while not rate.is_flood(now):
        now += rate.wait(now)  # what it sends is there at once
        sent += 1
        assert sent < 10 * BURST
    assert PATIENCE < now < PATIENCE + 2
    assert sent == pytest.approx(BURST + now * MESSAGES_A_SECOND, rel=0.05)


@pytest.mark.parametrize("message", [Set("volume", 1), Set("tap", True), Set("when", "now"), Press("mute"), Press("x")])
def test_what_is_no_setting_and_no_button_is_refused(message: Set | Press) -> None:
    assert refusal(message, None) in {f"there is no {kind} {message.name!r}" for kind in ("setting", "button")}


def test_the_settings_stand_in_the_docs() -> None:
    assert settings_table() in DOCS.read_text(encoding="utf-8")
