"""Rendering: the improviser on a MIDI file, faster than real time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from antiphon.errors import UserError
from antiphon.improviser.events import Event, Timed
from antiphon.improviser.input.controls import Control, ControlTable, parse_table
from antiphon.improviser.input.translator import Translator
from antiphon.improviser.listening.state import HeardNote, WithdrawnNote
from antiphon.midi.codec import decode
from antiphon.midi.messages import ProgramChange
from antiphon.musician import Musician, musician_for
from antiphon.offline.file_tempo import FileTempo
from antiphon.offline.progress import with_progress
from antiphon.parameters import MODES, Mode
from antiphon.recording.commands import carry_out, check
from antiphon.recording.entries import Command, ModelChanged
from antiphon.recording.midi_reader import PERCUSSION
from antiphon.recording.performance_file import Performance
from antiphon.recording.session_file import Session
from antiphon.settings import Settings


@dataclass(frozen=True)
class Duet:
    """A rendered performance: the answer's messages, what was heard, and the channel of the answer."""

    answer: list[Timed]
    heard: list[HeardNote]
    channel: int


def render(musician: Musician, performance: Performance, bpm: float | None, channel: int) -> Duet:
    """Play to a performance from a file; the same file, settings and seed give the same answer.

    Args:
        musician: a loaded model; its settings say what the tempo follows.
        performance: the file.
        bpm: a tempo to begin with in place of the file's, or None.
        channel: the answer's, 1…16.
    """
    play = musician.settings.play
    tempo = FileTempo(play.sync, bpm, play.bpm)
    events = with_progress(tempo.events(performance), performance.path.name)
    return _Player(musician, Translator(ControlTable(), play.mode), tempo.first_bpm, channel).play(events)


def render_session(musician: Musician, session: Session, say: Callable[[str], None]) -> Duet:
    """Play to what the performer did in a recorded session, as it was played to: with its settings, the same answer.

    Args:
        musician: with the settings of the session's header.
        session: as it was recorded.
        say: is told what can't be played as it was.
    """
    settings = musician.settings
    translator = Translator(
        parse_table(settings.controls), settings.play.mode, settings.play.accompaniment, _modes(session.header)
    )

    def heard() -> Iterator[tuple[float, Act]]:
        for time, given in with_progress(session.events, "rendering"):
            if isinstance(given, bytes):
                message = decode(given)
                event = None if message is None else translator.event_of(message)
                if event is not None and not isinstance(event, ProgramChange):
                    yield time, event
                continue
            try:
                if isinstance(given, ModelChanged):
                    yield time, musician_for(musician, given.model)
                else:
                    check(given)
                    yield time, given
            except UserError as error:
                say(f"at {time:.1f} s: {error}")

    player = _Player(musician, translator, settings.play.bpm, settings.play.channel, clicks=True)
    return player.play(heard(), session.end)


Act = Event | Control | Command | Musician
"""What is done to an improviser: what it hears, a command, or a musician who takes over."""


class _Player:
    """Plays to what comes, and keeps what was heard.

    Args:
        musician: makes the improviser.
        translator: of the performer's messages; commands may change it.
        bpm: the tempo to begin with.
        channel: the answer's, 1…16.
        clicks: whether a metronome that is on is to be heard.
    """

    def __init__(
        self, musician: Musician, translator: Translator, bpm: float, channel: int, clicks: bool = False
    ) -> None:
        self._musician = musician
        self._translator = translator
        self._channel = channel
        self._heard: list[HeardNote] = []
        self._improviser = musician.improviser(bpm, 0.0, channel, on_heard=self._hear, clicks=clicks)

    def play(self, acts: Iterable[tuple[float, Act]], end: float | None = None) -> Duet:
        """Play until `end`, in seconds; by default until the last answer has sounded."""
        improviser, answer, now = self._improviser, list[Timed](), 0.0
        for now, act in acts:
            answer += self._do(act, now)
        # The last answer sounds on to its own end; a melody that goes on by itself, as long as an answer may last.
        last = now + self._musician.longest_reply(improviser.bpm) if end is None else end
        while (due := improviser.next_time()) is not None and due <= last:
            now = due
            answer += improviser.advance(now)
        answer += improviser.close(now if end is None else end)
        play = self._musician.settings.play
        plays_along = play.mode == "accompany" and play.accompaniment_channel
        return Duet(answer, self._heard, play.accompaniment_channel if plays_along else self._channel)

    def _do(self, act: Act, time: float) -> list[Timed]:
        if isinstance(act, Musician):
            return act.take_over(self._improviser, time)
        if isinstance(act, Command):
            return carry_out(act, self._improviser, self._translator, time)
        return self._improviser.receive(time, act)

    def _hear(self, note: HeardNote | WithdrawnNote) -> None:
        if isinstance(note, WithdrawnNote) or note.replaces:
            self._heard.pop()
        if isinstance(note, HeardNote):
            self._heard.append(note)


def _modes(header: Mapping[str, Any] | None) -> tuple[Mode, ...]:
    """Return the modes that a knob chose from when a session was recorded: accompanying came later than the others."""
    settings = (header or {}).get("settings")
    play = settings.get("play") if isinstance(settings, Mapping) else None
    return MODES if isinstance(play, Mapping) and "accompaniment" in play else MODES[: MODES.index("accompany")]


def on_free_channels(performance: Performance, settings: Settings, options: Mapping[str, Any]) -> Settings:
    """Return settings in which the channels that no option says are such as the file doesn't use.

    Args:
        performance: the file.
        settings: to play to it with.
        options: of section `[play]`; a value of None was not given.
    """
    play = settings.play
    answer, accompaniment = play.channel, play.accompaniment_channel
    if options["channel"] is None:
        answer = free_channel(performance.channels, answer)
    if options["accompaniment_channel"] is None and accompaniment:
        accompaniment = free_channel(performance.channels | {answer}, accompaniment)
    return replace(settings, play=replace(play, channel=answer, accompaniment_channel=accompaniment))


def free_channel(used: Set[int], wanted: int) -> int:
    """Return a channel, 1…16: `wanted`, or the next one that is neither used nor the drums'."""
    taken = used | {PERCUSSION}
    order = [(wanted - 1 + offset) % 16 + 1 for offset in range(16)]
    return next((channel for channel in order if channel not in taken), wanted)
