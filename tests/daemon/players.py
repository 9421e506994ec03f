"""Improvisers with a model that needs no training, and what plays to them in virtual time."""

from collections.abc import Callable, Iterable

import msgspec

from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import Event, Timed
from antiphon.improviser.improviser import Improviser, Options
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.distribution import Pitches
from antiphon.improviser.listening.state import HeardNote
from antiphon.improviser.models import ListeningModel, Models, PlayingModel
from antiphon.improviser.output.metronome import Click
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.melody.keys import SIGNATURES
from antiphon.melody.metre import COMMON_TIME, TimeSignature
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.parameter import Value
from antiphon.parameters import PARAMETERS, Mode, Sync
from antiphon.recording.entries import Press, Set
from tests.daemon.stub_model import VOCABULARY, StubModel

BPM = 120.0
STEP = 60 / BPM / 4


def improviser(
    seed: int | None = 1,
    channel: int = 2,
    mode: Mode = "next-note",
    when: str = "now",
    sync: Sync = "fixed",
    style: Style | None = None,
    hands: InputRouting | None = None,
    click: Click | None = None,
    heard: list[HeardNote] | None = None,
    notices: list[str] | None = None,
    signatures: tuple[int, ...] = SIGNATURES,
    metre: TimeSignature | None = COMMON_TIME,
) -> Improviser:
    model = StubModel()
    time = Timekeeper(Tempo(BPM), sync, metre, is_heard=click is not None)
    return Improviser(
        Models(ListeningModel(model, VOCABULARY, signatures), PlayingModel(model, VOCABULARY)),
        Options(mode, "now" if when == "now" else "onset", channel, style=style or Style(), seed=seed, click=click),
        hands or InputRouting(thru_channel=3),
        time,
        on_heard=None if heard is None else heard.append,
        on_notice=None if notices is None else _keeper(notices),
    )


def _keeper(notices: list[str]) -> Callable[[float, str], None]:
    return lambda _, text: notices.append(text)


def expectation(player: Improviser) -> Pitches:
    """Return how likely each pitch is as the performer's next note: (pitch, probability), the likeliest first."""
    distribution = player.next_note_distribution()
    return () if distribution is None else distribution.pitches()


def play(player: Improviser, performance: Iterable[tuple[float, Event | Control]], rest: float = 10) -> list[Timed]:
    """Play a performance, let `rest` seconds pass, and end it."""
    messages: list[Timed] = []
    time = 0.0
    for time, event in performance:
        messages += player.receive(time, event)
    return messages + player.advance(time + rest) + player.close(time + rest)


def ons(messages: Iterable[Timed]) -> list[tuple[float, NoteOn]]:
    return [(timed.time, timed.message) for timed in messages if isinstance(timed.message, NoteOn)]


def check_sounding(messages: Iterable[Timed]) -> None:
    """Each note-on gets one note-off, no pitch sounds twice, and time never runs backwards."""
    sounding: set[tuple[int, int]] = set()
    last = float("-inf")
    for timed in messages:
        assert timed.time >= last
        last = timed.time
        message = timed.message
        if isinstance(message, NoteOn):
            assert 0 <= message.pitch <= 127
            assert (message.channel, message.pitch) not in sounding
            sounding.add((message.channel, message.pitch))
        elif isinstance(message, NoteOff):
            sounding.remove((message.channel, message.pitch))
    assert not sounding


def command(name: str, value: Value) -> Set | Press:
    """Return what a page says to set a parameter, or to press a button."""
    parameter = PARAMETERS[name]
    given = (
        {"type": "press", "name": name} if parameter.kind == "press" else {"type": "set", "name": name, "value": value}
    )
    return msgspec.convert(given, Set | Press)
