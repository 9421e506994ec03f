"""What is sent: each message of the playing process as OSC messages, an address and its arguments each.

Times are sent as seconds from now, since the programs that are sent them don't know Antiphon's clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.osc.addresses import NOTE, ROOT
from antiphon.parameters import ON_PAGE
from antiphon.stage.messages import Expectation, NoteOff, NoteOn, Part, PlanMade, PlannedNote, State

MOST_PLANNED = 128
"""Notes of a plan that are sent: about as many as a packet holds that no network splits into more than three."""
PLAN, EXPECTATION, NOTICE, REFUSED = (f"{ROOT}{name}" for name in ("plan", "expectation", "notice", "refused"))
GRID, LATENCY, MODELS, POSTERIOR = (f"{ROOT}{name}" for name in ("grid", "latency_ms", "models", "posterior"))
_FACTS = ("turn", "clock", "sharps")
"""What else is told of a state as it stands there."""
_NOTES: dict[Part, str] = {
    "answer": NOTE,
    **{part: f"{ROOT}{part}/note" for part in ("performer", "metronome", "thru")},
}
TOLD = frozenset(
    {*_NOTES.values(), PLAN, EXPECTATION, NOTICE, REFUSED, GRID, LATENCY, MODELS, POSTERIOR}
    | {ROOT + name for name in _FACTS}
) - {NOTE}
"""The addresses that are only sent; nobody who sends them here is answered, for it may be an Antiphon that would
answer too."""

Argument = int | float | str
Sent = tuple[str, Sequence[Argument]]
"""An address and the arguments."""


def state_messages(state: State, now: float) -> dict[str, Sequence[Argument]]:
    """Return what is told of a state at a time, in seconds from the session's start: address → arguments."""
    told: dict[str, Sequence[Argument]] = {
        ROOT + name: [value_of(state, name)] for name, each in ON_PAGE.items() if each.kind != "press"
    }
    told |= {ROOT + name: [getattr(state, name)] for name in _FACTS}
    told[MODELS] = state.models
    told[POSTERIOR] = state.posterior
    if state.latency_ms is not None:
        told[LATENCY] = [state.latency_ms]
    grid = state.grid
    step = grid.step + (now - grid.time) * grid.bpm * grid.steps_per_beat / 60
    told[GRID] = [step, grid.bpm, grid.steps_per_beat, grid.bar, int(grid.shared)]
    return told


def value_of(state: State, name: str) -> Argument:
    """Return how a setting is, by its name in `config.toml`."""
    value: Argument = state.knobs[name] if name in state.knobs else getattr(state, name)
    parameter = ON_PAGE[name]
    if parameter.kind == "switch" or parameter.is_whole:
        return int(value)
    return float(value) if parameter.kind == "number" else value


def note_message(note: NoteOn | NoteOff) -> Sent:
    """Return what is told of a note: pitch, velocity (0 where it ends), channel."""
    velocity = note.velocity if isinstance(note, NoteOn) else 0
    return _NOTES[note.part], [note.pitch, velocity, note.channel]


def plan_message(plan: PlanMade, now: float) -> Sent:
    """Return what is told of a plan at a time: how many notes, and of each its start, length, pitch and velocity.

    A note that is due is told too: it is in the plan because it hadn't left, so its own message is still to come.
    """
    coming = plan.notes[:MOST_PLANNED]
    arguments: list[Argument] = [len(coming)]
    for note in coming:
        arguments += [max(0.0, note.time - now), note.end - note.time, note.pitch, note.velocity]
    return PLAN, arguments


def upcoming(plan: PlanMade, now: float) -> list[PlannedNote]:
    """Return the notes of a plan that haven't begun at a time."""
    return [note for note in plan.notes if note.time >= now]


def expectation_message(expectation: Expectation) -> Sent:
    """Return what is told of the performer's next note: pitch, probability, pitch, probability, …"""
    return EXPECTATION, [number for pair in expectation.pitches for number in pair]
