"""Modes: whose turn it is, as one table. docs/modes.md shows the same table, and a test holds the two together."""

from __future__ import annotations

from enum import Enum

from antiphon.parameters import Mode


class Turn(Enum):
    """Whose turn it is."""

    LISTENING = "listening"
    ANSWERING = "answering"


class Signal(Enum):
    """What can happen to a turn."""

    PLAYS = "the performer plays a note of the melody"
    PHRASE_ENDS = "the performer's phrase ends"
    HALF_BAR = "a half bar begins while the performer plays"
    PAUSES = "the performer pauses"
    ANSWER_NOW = "the control `answer`"
    ANSWER_ENDS = "the answer ends"
    CADENCE_ENDS = "a melody's last cadence ends"
    STOPPED = "the transport stops"
    CHANGED = "another mode, or `panic`"


class Action(Enum):
    """What the improviser then does."""

    NOTHING = "—"
    NEXT_NOTE = "plays a second voice to it"
    ANSWER = "chooses an answer and plays it"
    GO_ON = "goes on with the melody"
    CLOSE = "brings the melody to a cadence"
    ATTEND = "counts half bars with it"
    ACCOMPANY = "plays a chord, a bass note or both, if key and beat are believed"
    FALL_SILENT = "falls silent"


_LISTENING, _ANSWERING = Turn.LISTENING, Turn.ANSWERING
_EVERYWHERE: dict[tuple[Turn, Signal], tuple[Turn, Action]] = {
    (turn, signal): (_LISTENING, Action.FALL_SILENT) for turn in Turn for signal in (Signal.STOPPED, Signal.CHANGED)
}
_IN_TURNS: dict[tuple[Turn, Signal], tuple[Turn, Action]] = {
    (_ANSWERING, Signal.PLAYS): (_LISTENING, Action.FALL_SILENT),
}
TABLE: dict[Mode, dict[tuple[Turn, Signal], tuple[Turn, Action]]] = {
    "next-note": {
        **_EVERYWHERE,
        (_LISTENING, Signal.PLAYS): (_LISTENING, Action.NEXT_NOTE),
        (_LISTENING, Signal.ANSWER_NOW): (_LISTENING, Action.NEXT_NOTE),
    },
    "call-response": {
        **_EVERYWHERE,
        **_IN_TURNS,
        (_LISTENING, Signal.PHRASE_ENDS): (_ANSWERING, Action.ANSWER),
        (_LISTENING, Signal.ANSWER_NOW): (_ANSWERING, Action.ANSWER),
        (_ANSWERING, Signal.ANSWER_ENDS): (_LISTENING, Action.NOTHING),
    },
    "continue": {
        **_EVERYWHERE,
        **_IN_TURNS,
        (_LISTENING, Signal.PHRASE_ENDS): (_ANSWERING, Action.GO_ON),
        (_LISTENING, Signal.ANSWER_NOW): (_ANSWERING, Action.GO_ON),
        (_ANSWERING, Signal.ANSWER_ENDS): (_ANSWERING, Action.GO_ON),
        (_ANSWERING, Signal.ANSWER_NOW): (_ANSWERING, Action.CLOSE),
        (_ANSWERING, Signal.CADENCE_ENDS): (_LISTENING, Action.NOTHING),
    },
    "accompany": {
        **_EVERYWHERE,
        (_LISTENING, Signal.PLAYS): (_LISTENING, Action.ATTEND),
        (_LISTENING, Signal.HALF_BAR): (_LISTENING, Action.ACCOMPANY),
        (_LISTENING, Signal.PAUSES): (_LISTENING, Action.FALL_SILENT),
    },
}
"""mode → (turn, signal) → (turn, action). A pair that isn't there changes nothing."""


def after(mode: Mode, turn: Turn, signal: Signal) -> tuple[Turn, Action]:
    """Return whose turn it is after a signal, and what the improviser does."""
    return TABLE[mode].get((turn, signal), (turn, Action.NOTHING))


def table_text() -> str:
    """Return the table as Markdown, for docs/modes.md."""
    rows = ["| mode | turn | what happens | turn then | the improviser |", "|---|---|---|---|---|"]
    for mode, moves in TABLE.items():
        for (turn, signal), (then, action) in moves.items():
            rows.append(f"| `{mode}` | {turn.value} | {signal.value} | {then.value} | {action.value} |")
    return "\n".join(rows)
