"""Chord tones: how many notes of a musician on strong beats are of the chord that the performer's left hand plays.

A tune is performed with its chords, once with the left hand heard and once without it: deaf. In `next-note` each note
of the tune is answered; in `continue` the tune ends after some bars, and the left hand goes on alone. The tune's own
notes on strong beats say what there is to reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from antiphon.improviser.events import Timed
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.musician import Musician, load_musician
from antiphon.parameters import Mode
from antiphon.settings import read_settings
from antiphon.streams import say, say_json
from antiphon_trainer import screen
from antiphon_trainer.audition.music import accompaniment
from antiphon_trainer.audition.music.chord_tunes import ChordTune, chord_tunes
from antiphon_trainer.audition.music.measuring import Figure, Shares, figures_of
from antiphon_trainer.audition.music.playing import CHANNEL, SoundingNote, sounding
from antiphon_trainer.settings import Half

TUNE, LEFT_HAND = 1, 3
"""Channels."""
LEAD = 0.02
"""Seconds by which the left hand's keys go down before the tune's: who knows which chord is meant when it sounds can
play to it, and nobody else can."""
CALL_BARS = 8
"""Half bars after which the tune ends for a melody that goes on."""
MODES: tuple[Mode, ...] = ("next-note", "continue")


class Reached(NamedTuple):
    """The shares of strong-beat notes that are chord tones."""

    real: Figure
    deaf: Figure
    hearing: Figure

    @property
    def way(self) -> float:
        """How much of the way from deaf to real is gone."""
        return (self.hearing.value - self.deaf.value) / (self.real.value - self.deaf.value)


def audition_chords(model: str, folder: Path, half: Half, most: int | None, as_json: bool, seed: int) -> None:
    """Measure how a bundle's musician plays to chords, and print the figures.

    Args:
        model: the bundle: a name or a folder.
        folder: of MIDI files with a tune and its chords.
        half: of the files, by the SHA-256 of their names.
        most: tunes, the first by that; None is all.
        as_json: print JSON in place of a table.
        seed: of all random choices.

    Raises:
        UserError: the bundle or the tunes can't be read.
    """
    tunes = chord_tunes(folder, half, most)
    with screen.stoppable("nothing was written"):
        found = {mode: measure(model, mode, tunes, seed) for mode in MODES}
        accompanied = accompaniment.measure_accompaniment(model, tunes, seed)
    if as_json:
        figures = {
            mode: {**{name: each._asdict() for name, each in reached._asdict().items()}, "way": reached.way}
            for mode, reached in found.items()
        }
        agreement = {
            who: {name: each._asdict() for name, each in figures.items()} for who, figures in accompanied.items()
        }
        say_json({"bundle": model, "seed": seed, "half": half, "tunes": len(tunes), **figures, "accompany": agreement})
        return
    say(f"{model} to {len(tunes)} tunes with chords ({half}), seed {seed}; in brackets 95 % of resampled tunes")
    say(f"{'chord tones on strong beats':28}{'the tunes':>22}{'deaf':>22}{'hearing':>22}{'of the way':>12}")
    for mode, reached in found.items():
        cells = "".join(f"{f'{each.value:.3f} [{each.low:.3f}, {each.high:.3f}]':>22}" for each in reached)
        say(f"  {mode:26}{cells}{reached.way:>12.0%}")
    if accompanied:
        say("")
        for line in accompaniment.lines(accompanied):
            say(line)


def measure(model: str, mode: Mode, tunes: Sequence[ChordTune], seed: int) -> Reached:
    """Measure a bundle's musician in a mode, with its default settings."""
    counted: dict[str, list[Shares]] = {"real": [], "deaf": [], "hearing": []}
    for tune in tunes:
        play = {"model": model, "mode": mode, "seed": seed, "bpm": tune.bpm, "metre": tune.metre, "melody": "channel"}
        player = load_musician(read_settings(None, {"play": play, "hands": {"channel": TUNE}}))
        end = max(note.off for note in tune.chords)
        until = end if mode == "next-note" else CALL_BARS * tune.half_bar
        counted["real"].append(_chord_tones(tune, tune.tune))
        counted["deaf"].append(_chord_tones(tune, _answers(player, tune, until, left_hand=False)))
        counted["hearing"].append(_chord_tones(tune, _answers(player, tune, until, left_hand=True)))
    return Reached(*(figures_of(shares, seed)["chord tones"] for shares in counted.values()))


def _answers(player: Musician, tune: ChordTune, until: float, left_hand: bool) -> list[SoundingNote]:
    """Return what a musician plays to a tune up to `until` (seconds), with its left hand to the end, or without."""
    improviser = player.improviser(tune.bpm, 0.0, CHANNEL)
    messages: list[Timed] = []
    for time, event in sorted(_events(tune, until, left_hand), key=lambda each: each[0]):
        messages += improviser.receive(time, event)
    end = max(note.off for note in tune.chords)
    messages += improviser.advance(end)
    return sounding(messages + improviser.close(end))


def _events(tune: ChordTune, until: float, left_hand: bool) -> Iterator[tuple[float, NoteOn | NoteOff]]:
    for note in tune.tune:
        if note.on < until:
            yield note.on, NoteOn(note.pitch, 80, TUNE)
            yield min(note.off, until) - LEAD / 2, NoteOff(note.pitch, TUNE)
    for note in tune.chords if left_hand else ():
        yield max(0.0, note.on - LEAD), NoteOn(note.pitch, 60, LEFT_HAND)
        yield note.off - 2 * LEAD, NoteOff(note.pitch, LEFT_HAND)


def _chord_tones(tune: ChordTune, notes: Sequence[SoundingNote]) -> Shares:
    """Return how many notes on strong beats are of the chord there, of those where there is one."""
    strong = [(note.pitch % 12, tune.chord_at(note.on)) for note in notes if tune.is_strong(note.on)]
    known = [(pitch, chord) for pitch, chord in strong if chord]
    return {"chord tones": (sum(pitch in chord for pitch, chord in known), len(known))}
