"""Messages: what goes between the stage page and the daemon, as values; docs/stage.md explains each.

On the WebSocket each is one JSON text with its `type`. The same objects, one a line, go between the playing process
and those that serve pages and OSC clients. Times are seconds from the session's start, pitches MIDI note numbers.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from antiphon.melody.reasons import Reason
from antiphon.parameter import Parameter
from antiphon.parameters import ON_PAGE, Accompaniment, Mode, Sync
from antiphon.recording.entries import Press, Set

VERSION = 2
"""Of these messages; a page of another version is told to reload."""

SLIDER_STEP = 0.05
"""From one value of a slider to the next, of a number that isn't whole."""

Part = Literal["performer", "answer", "metronome", "thru"]
Byte = Annotated[int, Meta(ge=0, le=255)]


class _Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    pass


# From the daemon to every page


class Slider(msgspec.Struct, frozen=True):
    """A slider's ends, which are a knob's, and the step from one of its values to the next."""

    least: float
    most: float
    step: float


class Number(msgspec.Struct, frozen=True):
    """A number that the page sets: from `least` to `most`, of which a slider may reach a part."""

    name: str
    label: str
    unit: str
    least: float
    most: float
    slider: Slider | None
    """None where it is typed."""


class Hello(_Message, frozen=True, tag="hello"):
    """The first message to each page."""

    version: int
    antiphon: str
    """The daemon's version."""
    time: float
    numbers: list[Number]
    """In the order in which the page shows them."""


class Grid(msgspec.Struct, frozen=True):
    """Steps ↔ seconds: step `step` is at `time`."""

    time: float
    step: float
    bpm: float
    steps_per_beat: float
    bar: int
    """Steps in a bar."""
    shared: bool
    """Whether the performer hears this beat, so that bars are where they are shown."""


class Midi(msgspec.Struct, frozen=True):
    """The names of the MIDI ports that are open."""

    input: str
    output: str


class Learned(msgspec.Struct, frozen=True):
    """What was learned of the performer's playing."""

    notes: int = 0
    gain: float = 0.0
    """Bits a note that this has saved lately, against the model alone."""
    quoted: tuple[int, ...] = ()
    """The next notes of a passage that is being played again, MIDI pitches; none where there is none."""


class HeardBar(msgspec.Struct, frozen=True):
    """The performer's bar, as her playing shows it."""

    beats: int
    certainty: float
    """Probability that it is duple (2 or 4 beats), or triple, whichever it is."""


class State(_Message, frozen=True, tag="state"):
    """Everything that a page shows beside the notes; sent whole when something in it has changed."""

    mode: Mode
    turn: Literal["listening", "answering"]
    knobs: dict[str, float]
    """The numbers that a knob can set, by their names in `config.toml`, in their units."""
    mute: bool
    hold: bool
    bpm: float
    sync: Sync
    clock: Literal["none", "waiting", "rolling", "lost"]
    """Of the DAW that is followed; "none" where none is asked for."""
    key: str
    """The setting: "auto", or the locked key, say "Eb"."""
    swing: str
    """The setting: "auto", or a percentage of the beat, say "62"."""
    heard_swing: float
    """How the performer swings: percent of the beat before an eighth off the beat; 50 while nothing swings."""
    accompaniment: Accompaniment
    sharps: int
    """The key signature in use, −5…6."""
    posterior: list[float]
    """How likely each key signature is, from −5 to 6 sharps; 12 numbers that sum to 1."""
    model: str
    models: list[str]
    record: bool
    midi: Midi | None
    """None where the page alone plays."""
    latency_ms: float | None
    """The median time from a note's arrival to its answer's leaving, of the latest ones; None before the first."""
    grid: Grid
    learned: Learned = Learned()
    tempo_certainty: float | None = None
    """How probable the tempo is that the performer plays, 0 to 1; None where it isn't followed."""
    heard_bar: HeardBar | None = None
    """None where the bar is given, or nothing is known of it."""
    reason: Reason | None = None
    """Why what Antiphon played last is as it is: what it sounds together with, the phrase and its form, or why an
    answer was chosen."""
    words: str = ""
    """The same as a line."""


class NoteOn(_Message, frozen=True, tag="note_on"):
    """A note has started: the performer's, or one that has left."""

    part: Part
    time: float
    pitch: int
    velocity: int
    channel: int


class NoteOff(_Message, frozen=True, tag="note_off"):
    """A note has ended."""

    part: Part
    time: float
    pitch: int
    channel: int


class PlannedNote(msgspec.Struct, frozen=True):
    """A note of the answer that is still to come."""

    time: float
    end: float
    pitch: int
    velocity: int


class PlanMade(_Message, frozen=True, tag="plan"):
    """The whole of what is planned now, in the order of time; it takes the place of the plan before it."""

    notes: list[PlannedNote]


class Expectation(_Message, frozen=True, tag="expectation"):
    """How likely each pitch is as the performer's next note, from the likeliest on: (pitch, probability) pairs."""

    pitches: list[tuple[int, float]]


class Notice(_Message, frozen=True, tag="notice"):
    """What the performer should know, in words."""

    text: str


# From the daemon to one page


class Pong(_Message, frozen=True, tag="pong"):
    """The answer to a ping: `time` is when it came."""

    id: int
    time: float


class Refused(_Message, frozen=True, tag="refused"):
    """Something that the page sent was not done; why, and what to do."""

    text: str


class Reload(_Message, frozen=True, tag="reload"):
    """The page is of another version than the daemon."""


# From a page


class PageHello(_Message, frozen=True, tag="hello"):
    """The first message of each page."""

    version: int


class Played(_Message, frozen=True, tag="midi"):
    """A MIDI message, as a keyboard's port would give it: a key of the page, or of a keyboard on its machine."""

    message: Annotated[list[Byte], Meta(min_length=1, max_length=3)]


class Ping(_Message, frozen=True, tag="ping"):
    """A question for the time."""

    id: int


# Between the two processes, beside these


class Setup(_Message, frozen=True, tag="setup"):
    """The first line to the serving process: what it is to serve, and where."""

    host: str
    port: int
    """0 is any that is free."""
    start: float
    """When the session started, by `clock.now()`, which both processes share."""
    sessions: str
    """The folder of the recordings."""
    antiphon: str


class OscSetup(_Message, frozen=True, tag="osc_setup"):
    """The first line to the OSC server: where it is to listen, and to whom it sends from the start."""

    host: str
    port: int
    """0 is any that is free."""
    start: float
    """As in `Setup`."""
    send_to: list[str]
    """"HOST:PORT" each."""


class Serving(_Message, frozen=True, tag="serving"):
    """What was to be served is there."""

    url: str
    port: int
    token: str | None = None
    """What an OSC client must know; a page's stands in its `url`."""


class Failed(_Message, frozen=True, tag="failed"):
    """It can't be served, and why."""

    text: str


def numbers() -> list[Number]:
    """Return each number that the page sets; those that a knob can set have a slider."""
    return [_number(each) for each in ON_PAGE.values() if each.kind == "number"]


def _number(parameter: Parameter) -> Number:
    step = 1 if parameter.is_whole else SLIDER_STEP
    slider = None if parameter.knob is None else Slider(*parameter.knob, step)
    about = parameter.about
    return Number(parameter.name, about.label, about.unit, parameter.least or 0, parameter.most or 0, slider)


FromDaemon = Hello | State | NoteOn | NoteOff | PlanMade | Expectation | Notice | Pong | Refused | Reload
FromPage = PageHello | Played | Set | Press | Ping
Steering = Played | Set | Press
"""What pages send that concerns the playing process."""
ToServer = Setup | State | NoteOn | NoteOff | PlanMade | Expectation | Notice
FromServer = Serving | Failed | Notice | Played | Set | Press
