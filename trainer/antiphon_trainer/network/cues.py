"""Cues: what the network reads at each step beside the last symbol, to know how the song repeats itself.

A small LSTM forgets what was played eight bars ago, so the cues say it: which symbol stood at this place in earlier
bars, what followed the last time that the melody went like this, and the last time that the rhythm did. They are
computed from the tokens read so far and the metre of the step to be predicted, so that a live performance can compute
them too, step by step (`cue_step`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.melody.vocabulary import Vocabulary

REACH = 320
"""Steps that a cue can look back, 20 bars of 4/4."""
EARLIER_BARS = (1, 2, 4, 8)
"""Bars back whose symbol at the same place is a cue."""
POSITIONS = 64
"""Steps: positions in a bar, and lengths of bars, from here on count as the last one."""
OLDEST = 32
"""Steps: ages of a sounding note from here on count as the last one."""
BARS = 48
"""Numbers of bars so far, from here on, count as the last one."""
LENGTHS = (1, 2, 3, 5, 7, 11, 15, 22, 31, 45, 63, 90, 127)
"""Steps at which the classes of a length begin, each about √2 times the last; class 0 is no length at all."""
HOLDS, RESTS, STARTS, NOTHING = range(4)
"""Classes of symbols that make a rhythm: a hold, a rest, and a note's or a song's beginning."""

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Column:
    """One cue: its name and how many values it has."""

    name: str
    size: int


def columns(vocabulary_size: int) -> tuple[Column, ...]:
    """Return the cues in their order. Symbol V, one more than the vocabulary has, stands for none."""
    symbols = vocabulary_size + 1
    lengths = len(LENGTHS) + 1
    return (
        Column("token", symbols),
        Column("position", POSITIONS),
        Column("bar", POSITIONS + 1),
        *(Column(f"symbol {bars} bars ago", symbols) for bars in EARLIER_BARS),
        Column("sounding", symbols),
        Column("age", OLDEST),
        # Apart and together: a symbol and a length that seldom meet are still known each for itself.
        Column("melody goes on with", symbols),
        Column("symbols alike", lengths),
        Column("melody goes on with, symbols alike", symbols * lengths),
        Column("rhythm goes on with", 4 * lengths),
        Column("bars so far", BARS),
        Column("steps so far", lengths + 6),
    )


STEP_CLASSES = (*LENGTHS, 181, 255, 361, 511, 723, 1023)
"""Steps at which the classes of the number of steps so far begin. Those behind `MOST_STEPS` are reached no longer; the
table of the shipped network has rows for them."""
MOST_STEPS = 127
"""Steps so far, from here on, count as so many: few songs are much longer, so that a network hardly learns what more
means, and in an endless stream it would be told nothing else."""


def offsets(vocabulary_size: int) -> Ints:
    """Return the first row of each cue in a table with a row for every value of every cue, (cue,)."""
    sizes = [column.size for column in columns(vocabulary_size)]
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)


def table_size(vocabulary_size: int) -> int:
    """Return the number of rows of the table: the values of all cues."""
    return sum(column.size for column in columns(vocabulary_size))


def cues(tokens: Ints, position: Ints, bar: Ints, vocabulary: Vocabulary) -> Ints:
    """Return the cues of a whole song.

    Args:
        tokens: what is read before each step is predicted, (step,), the first being the token of `"/"`.
        position: of the step to be predicted, within its bar, (step,).
        bar: steps in its bar, (step,); 0 where the metre is unknown.
        vocabulary: of the tokens.

    Returns:
        int32 (step, cue): for each cue its row in the table of all values (`offsets` are added).
    """
    size, count = len(vocabulary), len(tokens)
    steps = np.arange(count)
    rhythm = np.full(size, STARTS)
    rhythm[vocabulary.hold], rhythm[vocabulary.rest] = HOLDS, RESTS
    both = _continuation(tokens, tokens, size)
    found = np.stack(
        [
            tokens,
            np.minimum(position, POSITIONS - 1),
            np.minimum(bar, POSITIONS),
            *(_earlier(tokens, bar * bars, size) for bars in EARLIER_BARS),
            *_sounding(tokens, vocabulary.hold),
            both // (len(LENGTHS) + 1),
            both % (len(LENGTHS) + 1),
            both,
            _continuation(rhythm[tokens], rhythm[tokens], NOTHING),
            np.minimum(np.cumsum((position == 0) & (bar > 0)), BARS - 1),
            np.digitize(np.minimum(steps, MOST_STEPS), STEP_CLASSES),
        ],
        axis=1,
    )
    return (found + offsets(size)).astype(np.int32)


def without_metre(found: Ints, vocabulary_size: int) -> Ints:
    """Return cues (…, cue) as they would be if the metre were unknown."""
    starts = offsets(vocabulary_size)
    forgotten = found.copy()
    for index, column in enumerate(columns(vocabulary_size)):
        if column.name in ("position", "bar", "bars so far"):
            forgotten[..., index] = starts[index]
        elif "bars ago" in column.name:
            forgotten[..., index] = starts[index] + vocabulary_size
    return forgotten


def _earlier(tokens: Ints, distance: Ints, nothing: int) -> Ints:
    """Return the symbol that stood `distance` steps before each step to be predicted, or `nothing`."""
    # tokens[t] stands right before the step predicted at t
    source = np.arange(len(tokens)) + 1 - distance
    known = (distance > 0) & (distance <= REACH) & (source >= 0)
    return np.where(known, tokens[np.maximum(source, 0).clip(max=len(tokens) - 1)], nothing).astype(np.int32)


def _sounding(tokens: Ints, hold: int) -> tuple[Ints, Ints]:
    """Return the last token that was no hold, and the number of holds since, both (step,)."""
    steps = np.arange(len(tokens))
    started = np.maximum.accumulate(np.where(tokens != hold, steps, 0))
    return tokens[started], np.minimum(steps - started, OLDEST - 1).astype(np.int32)


def _continuation(line: Ints, values: Ints, nothing: int) -> Ints:
    """Return, at each step, what followed the longest earlier passage that is equal to the end of the line.

    Of passages of equal length, the latest counts. This is the match model of text compressors (PAQ), over symbols.

    Args:
        line: what is compared, (step,).
        values: what is returned of the step behind the passage, (step,).
        nothing: returned where there is no such passage.

    Returns:
        value × number of length classes + class of the passage's length in `LENGTHS`, (step,).
    """
    found = np.empty(len(line), np.int32)
    lengths = np.zeros(len(line), np.int32)  # lengths[i]: of the passage that ends at i and is equal to the line's end
    classes = len(LENGTHS) + 1
    for now in range(len(line)):
        first = max(0, now + 1 - REACH)
        same = line[first:now] == line[now]
        before = np.concatenate([[0], lengths[: now - 1]])[first:now] if now else lengths[:0]
        lengths[first:now] = np.where(same, before + 1, 0)
        if first:
            # what is out of reach is forgotten; what ends right behind it may go back no further than it
            lengths[:first] = 0
        longest = lengths[first:now].max(initial=0)
        if longest:
            place = first + int(np.flatnonzero(lengths[first:now] == longest)[-1])
            found[now] = values[place + 1] * classes + np.digitize(longest, LENGTHS)
        else:
            found[now] = nothing * classes
    return found
