"""A whole session in virtual time, as the live shell drives it: what is recorded renders to the very same messages."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import asdict

from antiphon.improviser.controls import parse_table
from antiphon.improviser.modes import MODES, Mode
from antiphon.live.assembly import load_musician
from antiphon.live.inbox import Arrival, Inbox
from antiphon.live.messages import Translator, encode
from antiphon.live.performance import Performance
from antiphon.live.recording import Recorder
from antiphon.live.rendering import render_session
from antiphon.live.session import header_of
from antiphon.live.session_file import read_session
from antiphon.settings import read_settings, session_settings

Script = list[tuple[float, list[int] | None]]
"""Seconds and messages; None ends the session."""


class VirtualInbox(Inbox):
    """Holds a script, and a clock that stands wherever the shell has waited to."""

    def __init__(self, script: Script) -> None:
        super().__init__(0.0)
        self._script = iter(script)
        self._next = next(self._script)
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def wait(self, until: float | None) -> Arrival | None:
        moment, message = self._next
        if until is not None and until < moment:
            self._now = max(self._now, until)
            return None
        self._now = max(self._now, moment)
        self._next = next(self._script, (moment, None))
        return self._now, message


def phrase(chance: random.Random, start: float) -> Iterator[tuple[float, list[int]]]:
    for _ in range(chance.randint(1, 8)):
        pitch, seconds = chance.choice([60, 62, 64, 65, 67, 69, 71, 72]), chance.choice([0.25, 0.5, 1.0])
        seconds *= chance.uniform(0.95, 1.05)
        yield start, [0x90, pitch, chance.randint(30, 110)]
        yield start + 0.9 * seconds, [0x80, pitch, 0]
        start += seconds


def script(chance: random.Random, clock: bool) -> Script:
    """Phrases with silences, controls and the pedal between them; and a sequencer's clock, which is stopped."""
    came: Script = []
    now = 0.3
    for _ in range(4):
        came += phrase(chance, now)
        now = came[-1][0] + 0.1
        came.append((now, [0xB0, chance.choice([21, 22, 23, 24, 25, 66]), chance.choice([0, 64, 127])]))
        came += [(now, [0xB0, 64, 127]), (now + 1, [0xB0, 64, 0])] if chance.random() < 0.3 else []
        now += chance.choice([0.5, 2, 5])
    end = now + chance.choice([0, 3])
    if clock:
        came += [(0.5, [0xFA]), (end - 0.5, [0xFC])]
        came += [(0.5 + i * 0.02 + chance.uniform(0, 0.002), [0xF8]) for i in range(int((end - 0.5) / 0.02))]
    return [*sorted(came, key=lambda pair: pair[0]), (end, None)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sync", ["fixed", "clock", "auto"])
def test_a_recorded_session_renders_to_what_was_played_and_ends_where_it_ended(
    tmp_path: Path, mode: Mode, sync: str
) -> None:
    for seed in range(2):
        settings = read_settings(
            None, {"play": {"candidates": 4, "seed": seed, "mode": mode, "sync": sync, "when": ["now", "onset"][seed]}}
        )
        musician = load_musician(settings)
        recorder = Recorder(tmp_path, header_of(musician), settings.play.bpm, print)
        sent: list[list[int]] = []
        Performance(
            musician.improviser(settings.play.bpm, 0.0, settings.play.channel),
            VirtualInbox(script(random.Random(seed), sync == "clock")),  # noqa: S311
            Translator(parse_table(asdict(settings.controls)), mode),
            sent.append,
            recorder,
            lambda program: None,
        ).play()
        path = recorder.close()
        assert path is not None
        session = read_session(path)
        assert session.header is not None
        duet = render_session(load_musician(session_settings(session.header, {})), session, print)
        assert sent
        assert [encode(timed.message) for timed in duet.answer] == sent
