"""Playing a session: what the network alone, PPM*, and the network with its memory expected at each step of it.

The key is heard: the tunes are played to the daemon's listener, each in its own key, and what counts is what was
expected in the key that was in use before the note. Or it is told: the tunes are read in the model's key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.memory.learner import Recall
from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.past import begun
from antiphon.improviser.memory.weights import StartWeights
from antiphon.melody.bundle import Bundle
from antiphon.melody.grid import Note, read
from antiphon.melody.keys import SIGNATURES, transposition
from antiphon.melody.model import Floats, Tokens
from antiphon.midi.messages import NoteOn
from antiphon.musician import Musician
from antiphon_trainer.audition.sessions.playlists import Playlist
from antiphon_trainer.audition.songs import BPM, performed
from antiphon_trainer.dataset.melody import melody_of
from antiphon_trainer.evaluation.context_counts import short_term_counts
from antiphon_trainer.evaluation.measure import predictions_of
from antiphon_trainer.evaluation.ppm import Doubles, ppm
from antiphon_trainer.evaluation.remembering import remembered
from antiphon_trainer.memory.tunes import Tune

PAUSE = 8.0
"""Seconds between two tunes: longer than any breath within one."""


@dataclass(frozen=True, eq=False)
class Played:
    """A tune as it was heard, and what was expected of it."""

    tokens: Tokens
    """(step,)."""
    frozen: Floats
    """The network's probabilities, (step, V)."""
    mixed: Floats
    """With the memory mixed in, (step, V)."""


def told(bundle: Bundle, weights: StartWeights, playlist: Playlist) -> list[Played]:
    """Let a memory hear a session whose keys and whose tunes' beginnings it is told."""
    memory, vocabulary = Memory(bundle.vocabulary, weights), bundle.vocabulary
    melodies = [melody_of(tune.song, vocabulary) for tune in playlist]
    frozen = predictions_of(bundle, melodies)
    return [
        Played(melody.tokens, network, remembered(memory, melody, network, with_metre=False))
        for melody, network in zip(melodies, frozen, strict=True)
    ]


def heard(musician: Musician, playlist: Playlist, advance: Callable[[int], None]) -> list[Played]:
    """Play a session to the daemon's listener, which has to find the keys and the tunes' beginnings itself."""
    time = musician.timekeeper(BPM, start=0.0)
    listener = musician.listener(time)
    played, start = [], 0.0
    for tune in playlist:
        notes = _in_its_key(tune)
        steps = list(_heard(listener, notes, start))
        played.append(Played(*(np.concatenate(each) for each in zip(*steps, strict=True))))
        start += sum(note.steps for note in notes) * 60 / BPM / 4 + PAUSE
        advance(1)
    return played


def _in_its_key(tune: Tune) -> list[Note]:
    semitones = -transposition(tune.sharps)
    return [
        Note(None if note.pitch is None else note.pitch + semitones, note.steps) for note in read(tune.song.symbols)
    ]


def _heard(listener: Listener, notes: Sequence[Note], start: float) -> Iterator[tuple[Tokens, Floats, Floats]]:
    """Yield, of each note, the tokens of its steps, what the network expected of them, and what the mixture did."""
    for moment, event in performed(notes):
        if not isinstance(event, NoteOn):
            listener.note_off(start + moment, event.pitch)
            continue
        row, recall = SIGNATURES.index(listener.sharps), listener.recall
        listener.note_on(start + moment, event.pitch)
        tokens, frozen, mixed = [], [], []
        for step in listener.hypothesis.steps if listener.hypothesis else ():
            network = step.probabilities[row : row + 1]
            if step.begins:
                recall = Recall(listener.memory, begun(1))
            frozen.append(network[0])
            mixed.append(network[0] if recall is None else recall.mix(network, step.place)[0])
            tokens.append(step.tokens[row])
            recall = recall and recall.after(step.tokens[row : row + 1])
        listener.finish()
        yield np.array(tokens, np.int32), np.array(frozen), np.array(mixed)


def ppm_of_the_session(played: Sequence[Played], size: int) -> Doubles:
    """Return the probabilities of a PPM* that knows what was played before in the session alone, (step, V)."""
    tokens = np.concatenate([each.tokens for each in played])
    before = np.concatenate([tokens[-1:], tokens[:-1]])
    return ppm(short_term_counts(before, tokens, size))
