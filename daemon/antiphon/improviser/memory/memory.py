"""The memory: what was played, counted under its circumstances, and the mixture of that with the network's prediction.

    past = begun(1)                                          # at a song's beginning
    mixed = memory.predict(probabilities, past, place)       # changes nothing
    past = memory.learn(probabilities, past, place, token)   # or memory.after(past, tokens), which learns nothing
    memory.rewind(steps)                                     # as if no more than so many steps had ever been heard

What the network predicts goes in as it is, so the memory works with every bundle. A prediction has two stages: the
class of the next symbol, and the pitch of a note, given that one starts; each is mixed in `stage`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.improviser.memory.contexts import CLASS_CONTEXTS, PITCH_CONTEXTS, Hashes
from antiphon.improviser.memory.counts import Before, Counts, Known
from antiphon.improviser.memory.gain import Gain
from antiphon.improviser.memory.matches import History, PlaceBefore, length_class
from antiphon.improviser.memory.past import ONSET, PHRASE, TOKENS, Ints, Past, Reader
from antiphon.improviser.memory.stage import NO_MATCH, Features, Match, Stage, StageBefore
from antiphon.improviser.memory.weights import UNTRAINED, StartWeights
from antiphon.melody.grid import Place
from antiphon.melody.model import Floats, Metre
from antiphon.melody.vocabulary import LAST_MIDI_NOTE, Vocabulary

CLASS_SLOTS = 1 << 18
"""Contexts of classes that are remembered at most."""
PITCH_BYTES = 48 << 20
"""Bytes of the counts of pitches at most; with all else it stays below 100 MB."""
FARTHEST = 24
"""Semitones; intervals that are wider count as this wide."""
JOURNAL = 512
"""Steps, 32 bars of 4/4, that can be taken back."""
LONGEST_PASSAGE = 64
"""Steps, four bars of 4/4, of a passage that is being repeated."""
UNLIKELY = 0.01
"""Probability; where a note is less likely to start than that, its pitch is left to the network, which saves time: most
steps of a melody are holds."""
_SMALLEST = np.float32(1e-30)
"""Probability; the least of a pitch that counts: all may be rounded to 0."""
CLASS_PRIOR, PITCH_PRIOR = 0.5, 0.3
"""a: how many occurrences the network's distribution counts for in a context."""


@dataclass(frozen=True, eq=False)
class _StepBefore:
    """What a step has changed, as it was before."""

    place: PlaceBefore
    classes: StageBefore
    class_counts: Before
    pitches: StageBefore | None
    """None where no note started, as of `pitch_counts`."""
    pitch_counts: Before | None
    gain: Gain


class Memory:
    """What was played. Only `learn`, `rewind` and `forget` change it.

    Args:
        vocabulary: of the tokens.
        weights: that the mixture begins with.
    """

    def __init__(self, vocabulary: Vocabulary, weights: StartWeights = UNTRAINED) -> None:
        self.vocabulary = vocabulary
        """Of the tokens."""
        self._reader = Reader(vocabulary)
        pitches = len(vocabulary.pitch_tokens)
        self._width = max(pitches, 2 * FARTHEST + 1)
        slots = 1 << int(np.log2(PITCH_BYTES / (4 * self._width)))
        self._history = History()
        self._class_counts, self._pitch_counts = Counts(4, CLASS_SLOTS), Counts(self._width, slots)
        self._class_keys, self._pitch_keys = Hashes(CLASS_CONTEXTS, 1), Hashes(PITCH_CONTEXTS, 2)
        self._classes, self._pitches = Stage(weights.classes, CLASS_PRIOR), Stage(weights.pitches, PITCH_PRIOR)
        self._special = np.array([vocabulary.hold, vocabulary.rest, vocabulary.end])
        self._numbers = vocabulary.pitch_numbers.astype(np.int64)
        self._by_class: Floats = np.zeros((len(vocabulary), 4), np.float32)
        """Whether each token is of each class, 0 or 1, (V, class)."""
        self._by_class[np.arange(len(vocabulary)), self._reader.classes] = 1
        self._index: Ints = np.full(len(vocabulary), -1, np.int64)
        """The index of each token among the pitches, (V,); −1 of those that are none."""
        self._index[vocabulary.pitch_tokens] = np.arange(pitches)
        self._near: Ints = np.full(LAST_MIDI_NOTE + 2 * FARTHEST + 1, -1, np.int64)
        """The index among the pitches of each MIDI number + `FARTHEST`; −1 of what is none."""
        self._near[self._numbers + FARTHEST] = np.arange(pitches)
        self._journal: deque[_StepBefore] = deque(maxlen=JOURNAL)
        self.notes = 0
        """Notes that were learned."""
        self.changes = 0
        """How often it has changed: what it predicts is the same as long as this is."""
        self.likelihood = 1.0
        """The probability that the mixture gave to what came in the step that was learned last."""
        self.gain = Gain()
        """What the mixture has gained in all that was learned, with nothing of the network beside it."""

    @property
    def steps(self) -> int:
        """Steps that were learned."""
        return self._history.count

    @property
    def size(self) -> int:
        """Bytes that it takes at most."""
        return self._history.size + self._class_counts.size + self._pitch_counts.size

    @property
    def weights(self) -> StartWeights:
        """The mixture's weights as they are now; start weights are made of them."""
        return StartWeights(classes=self._classes.weights, pitches=self._pitches.weights)

    def after(self, past: Past, tokens: npt.NDArray[Any]) -> Past:
        """Return the past after one more token in each row, (row,)."""
        table = self._reader.after(past.table, tokens)
        history = self._history
        pointer, length = past.pointer + 1, past.length + 1
        lost = np.flatnonzero((past.expected != tokens) | (pointer >= history.count))
        if len(lost):
            pointer[lost] = latest = history.latest(table[lost, TOKENS])
            length[lost] = np.where(latest >= 0, PHRASE, 0)
        return Past(table, pointer, length, history.expected(pointer))

    def predict(
        self, probabilities: Floats, past: Past, place: Place | Metre | None = None, share: float = 1.0
    ) -> Floats:
        """Return the network's prediction with the memory mixed in, (row, V). It changes nothing.

        Args:
            probabilities: the network's, (row, V).
            past: what was read before the step, in as many rows.
            place: of the step to be predicted; None where the metre is unknown.
            share: of the mixture, 0…1; the rest is the network's as it is. 0 returns that.
        """
        if not self.steps or not share:
            return probabilities
        network, of_class = self._of_network(probabilities)
        matched, expected = self._expected(past)
        known = self._class_counts.find_known(self._class_keys(past.fields, place))
        classes = self._classes.predict(of_class, known, self._class_match(past, matched, expected)).probabilities
        mixed: Floats = network * (classes[:, ONSET:] / of_class[:, ONSET:])
        mixed[:, self._special] = classes[:, :ONSET]
        likely = np.flatnonzero(classes[:, ONSET] >= UNLIKELY)
        if len(likely):
            after = past if len(likely) == len(past) else past.rows(likely)
            if len(matched) and after is not past:
                matched, expected = self._expected(after)
            known = self._by_pitch(self._pitch_counts.find_known(self._pitch_keys(after.fields, place)), after)
            at = likely[:, None], self.vocabulary.pitch_tokens
            of_pitch = network[at] / of_class[likely, ONSET:]
            recalled = self._pitches.predict(of_pitch, known, self._pitch_match(after, matched, expected))
            mixed[at] = classes[likely, ONSET:] * recalled.probabilities
        return mixed if share == 1 else np.float32(share) * mixed + np.float32(1 - share) * probabilities

    def stages(
        self, probabilities: Floats, past: Past, place: Place | Metre | None = None
    ) -> tuple[Features, Features]:
        """Return the features of both stages: the class of the next symbol, and the pitch, given that a note starts.

        The arguments are those of `predict`.
        """
        matched, expected = self._expected(past)
        network, of_class = self._of_network(probabilities)
        class_counts = self._class_counts.find(self._class_keys(past.fields, place))
        pitch_counts = self._pitch_counts.find(self._pitch_keys(past.fields, place))
        of_pitch = network[:, self.vocabulary.pitch_tokens] / of_class[:, ONSET:]
        by_pitch = pitch_counts[:, :, : of_pitch.shape[1]]
        # The last context counts intervals.
        by_pitch[:, -1] = np.take_along_axis(pitch_counts[:, -1], self._intervals(past), axis=1)
        return (
            self._classes.features(of_class, class_counts, self._class_match(past, matched, expected)),
            self._pitches.features(of_pitch, by_pitch, self._pitch_match(past, matched, expected)),
        )

    def pitch(self, token: int) -> int | None:
        """Return the MIDI number of a token; None of one that is no pitch."""
        return int(self._numbers[self._index[token]]) if self._index[token] >= 0 else None

    def passage(self, past: Past) -> list[int]:
        """Return how the passage goes on, in tokens, that a past of one row repeats; nothing where it repeats none."""
        pointer = int(past.pointer[0])
        return self._history.passage(pointer, LONGEST_PASSAGE) if pointer >= 0 else []

    def outcome(self, token: int) -> tuple[int, int | None]:
        """Return what comes with a token in each stage: its class, and its index among the pitches, if it is one."""
        pitch = int(self._index[token])
        return int(self._reader.classes[token]), pitch if pitch >= 0 else None

    def learn(self, probabilities: Floats, past: Past, place: Place | Metre | None, token: int) -> Past:
        """Learn what came in a step, and return the past after it.

        Args:
            probabilities: the network's for the step, (1, V).
            past: what was read before the step, one row.
            place: of the step; None where the metre is unknown.
            token: what came.
        """
        matched, expected = self._expected(past)
        came, now = int(self._reader.classes[token]), self.steps + 1
        network, of_class = self._of_network(probabilities)
        keys = self._class_keys(past.fields, place)
        known = self._class_counts.find_known(keys)
        mixed = self._classes.predict(of_class, known, self._class_match(past, matched, expected))
        self.likelihood = mixed.probabilities.item(came)
        classes = self._classes.learn(mixed, came)
        class_counts = self._class_counts.learn(keys[0], known, came, now)
        pitches, pitch_counts = None, None
        if came == ONSET:
            pitch = self._index.item(token)
            keys = self._pitch_keys(past.fields, place)
            known = self._pitch_counts.find_known(keys)
            of_pitch = network[:, self.vocabulary.pitch_tokens] / of_class[:, ONSET:]
            match = self._pitch_match(past, matched, expected)
            mixed = self._pitches.predict(of_pitch, self._by_pitch(known, past), match)
            self.likelihood *= mixed.probabilities.item(pitch)
            pitches = self._pitches.learn(mixed, pitch)
            values = np.full(keys.shape[1], pitch)
            values[-1] = self._intervals(past)[0, pitch]
            pitch_counts = self._pitch_counts.learn(keys[0], known, values, now)
            self.notes += 1
        after = self.after(past, np.array([token]))
        place_before = self._history.learn(token, after.tokens)
        self._journal.append(_StepBefore(place_before, classes, class_counts, pitches, pitch_counts, self.gain))
        self.gain = self.gain.after(math.log2(self.likelihood / network.item(token)), came == ONSET)
        self.changes += 1
        return after

    def rewind(self, steps: int) -> None:
        """Be as it was when so many `steps` had been learned, or up to `JOURNAL` steps ago."""
        while self.steps > steps and self._journal:
            before = self._journal.pop()
            self.changes += 1
            self._history.restore(before.place)
            self._classes.restore(before.classes)
            self._class_counts.restore(before.class_counts)
            self.gain = before.gain
            if before.pitches is not None and before.pitch_counts is not None:
                self._pitches.restore(before.pitches)
                self._pitch_counts.restore(before.pitch_counts)
                self.notes -= 1

    def keep(self) -> None:
        """Take nothing back any longer of what was learned, so that a memory at rest holds no more than that."""
        self._journal.clear()

    def forget(self) -> None:
        """Forget everything that was learned."""
        for each in (self._history, self._class_counts, self._pitch_counts, self._classes, self._pitches):
            each.clear()
        self._journal.clear()
        self.notes, self.gain = 0, Gain()
        self.changes += 1

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all that was learned, by part and name, as `load_arrays` takes it."""
        copied: dict[str, list[npt.NDArray[Any]]] = {}
        for _ in self.copied_into(copied):
            pass
        return {name: np.concatenate(parts) for name, parts in copied.items()}

    def copied_into(self, copied: dict[str, list[npt.NDArray[Any]]]) -> Iterator[None]:
        """Copy all that was learned into a dictionary, a part at a time, each in less than a millisecond.

        Joined, the parts under each name are what `load_arrays` takes. Between two of them more may be learned and
        taken back: then some contexts are copied as they were before, and others as they were after, which is no harm.
        """
        for part, each in self._parts():
            for arrays in each.parts():
                for name, array in arrays.items():
                    copied.setdefault(f"{part}.{name}", []).append(array)
                yield

    def load_arrays(self, arrays: Mapping[str, npt.NDArray[Any]], notes: int, gain: Gain) -> None:
        """Be as the memory was of which `arrays` were taken after so many `notes`.

        Raises:
            KeyError, ValueError, IndexError: they don't fit.
        """
        self.forget()
        tokens = arrays["history.tokens"]
        if len(tokens) and not (tokens.min() >= 0 and tokens.max() < len(self.vocabulary)):
            raise ValueError("its history has tokens that the model doesn't have")
        for part, each in self._parts():
            each.load(**{name.removeprefix(f"{part}."): arrays[name] for name in arrays if name.startswith(f"{part}.")})
        self.notes, self.gain = notes, gain

    def _parts(self) -> Iterator[tuple[str, History | Counts | Stage]]:
        yield "history", self._history
        yield "class_counts", self._class_counts
        yield "pitch_counts", self._pitch_counts
        yield "classes", self._classes
        yield "pitches", self._pitches

    def _of_network(self, probabilities: Floats) -> tuple[Floats, Floats]:
        """Return the network's probabilities, none of them 0, (row, V), and those of the classes, (row, class)."""
        network: Floats = np.maximum(probabilities, _SMALLEST)
        of_class: Floats = network @ self._by_class
        return network, of_class

    def _expected(self, past: Past) -> tuple[Ints, Ints]:
        """Return the rows that have a match, and the token that each expects, (matched,)."""
        matched = np.flatnonzero(past.expected >= 0)
        return matched, past.expected[matched]

    def _class_match(self, past: Past, matched: Ints, expected: Ints) -> Match:
        if not len(matched):
            return NO_MATCH
        return Match(matched, self._reader.classes[expected], length_class(past.length[matched]))

    def _pitch_match(self, past: Past, matched: Ints, expected: Ints) -> Match:
        if not len(matched):
            return NO_MATCH
        pitches = self._index[expected]
        there = pitches >= 0
        return Match(matched[there], pitches[there], length_class(past.length[matched[there]]))

    def _by_pitch(self, known: Known, past: Past) -> Known:
        """Return what was counted with the pitches in the place of intervals, which the last context counts."""
        at = np.flatnonzero(known.contexts[known.counted] == len(PITCH_CONTEXTS) - 1)
        last = self._last_numbers(past)[known.rows[known.counted[at]]]
        known.outcomes[at] = self._near[last + known.outcomes[at]]
        # Beside pitches that there are not, what a context of intervals has counted that lost its slot to another.
        there = (known.outcomes >= 0) & (known.outcomes < len(self._numbers))
        if there.all():
            return known
        return known._replace(counted=known.counted[there], outcomes=known.outcomes[there], counts=known.counts[there])

    def _intervals(self, past: Past) -> Ints:
        """Return each pitch's interval from the last note, counted from `−FARTHEST`, (row, pitch)."""
        last = self._last_numbers(past)
        found: Ints = np.clip(self._numbers - last[:, None], -FARTHEST, FARTHEST) + FARTHEST
        return found

    def _last_numbers(self, past: Past) -> Ints:
        return np.where(past.last_pitch > 0, past.last_pitch - 1, self._numbers[0] + FARTHEST)
