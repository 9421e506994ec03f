"""Measures how the daemon hears the performances of a source, with baselines beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from antiphon.musician import Musician
from antiphon_trainer.audition.performances import intervals, scores
from antiphon_trainer.audition.performances.hearing import counted_steps, hear
from antiphon_trainer.audition.performances.intervals import Right
from antiphon_trainer.audition.performances.performance import Performance
from antiphon_trainer.audition.performances.scores import Share

Figures = dict[str, Share]
"""What was measured → how much of it was right, in the order of `ROWS`."""


class Row(NamedTuple):
    """A row of the table: its words, and the figures in it."""

    words: str
    figures: tuple[str, ...]
    """The first, and those that stand behind it in brackets, or behind a stroke."""
    form: str = "{}"


ROWS = (
    Row("intervals right, one factor ½/1/2 allowed (none)", ("intervals", "intervals_at_1"), "{} ({})"),
    Row("  bpm set within 20 % of the true median tempo", ("intervals_nearby", "intervals_nearby_at_1"), "{} ({})"),
    Row("  nearest at the true median tempo", ("nearest", "nearest_at_1"), "{} ({})"),
    Row("  nearest at partitura's tempo", ("partitura_tempo", "partitura_tempo_at_1"), "{} ({})"),
    Row("  nearest on annotated beats (ceiling)", ("annotated", "annotated_at_1"), "{} ({})"),
    Row("  that no grid of sixteenths could hear", ("no_grid",)),
    Row("tempo jumps by half or more, of performances", ("tempo_jumps",)),
    Row("melody in the texture: precision/recall/F1", ("melody_precision", "melody_recall"), "{}/{}/f1"),
    Row("  highest of each moment", ("highest_precision", "highest_recall"), "{}/{}/f1"),
    Row("  heard of the melody played alone", ("heard_alone",)),
    Row("answer on the player's beat (chance .25)", ("answers",)),
    Row("  where the whole texture is heard", ("answers_in_texture",)),
    Row("answer on the player's downbeat", ("downbeats",)),
    Row("  on the next beat, whichever that is", ("downbeats_by_beat",)),
    Row("  in 4/4 from the first note on", ("downbeats_in_common_time",)),
    Row(
        "  where the whole texture is heard (next beat)", ("texture_downbeats", "texture_downbeats_by_beat"), "{} ({})"
    ),
    Row("key signature after 8 notes/of all notes", ("key_after_8", "key_of_all"), "{}/{}"),
    Row("  with the accompaniment", ("texture_key_after_8", "texture_key_of_all"), "{}/{}"),
    Row("  Krumhansl-Schmuckler", ("profiles_after_8", "profiles_of_all"), "{}/{}"),
    Row("  partitura, of all notes", ("partitura_key",)),
    Row("phrase starts: recall/precision", ("phrase_recall", "phrase_precision"), "{}/{}"),
)


class SourceResult(NamedTuple):
    """The figures of a source."""

    name: str
    performances: int
    notes: int
    """Of the melodies; of the textures where no melody is known."""
    figures: Figures

    def as_json(self) -> dict[str, object]:
        """Return the figures for JSON; shares are 0…1, and None where nothing could be measured."""
        shares = {name: share.value for name, share in self.figures.items()}
        return {"source": self.name, "performances": self.performances, "notes": self.notes, **shares}


def measure(name: str, musician: Musician, performances: Iterable[Performance]) -> SourceResult:
    """Measure the performances of a source; counts add up, so a long performance counts for more."""
    total: Figures = {}
    count = notes = 0
    for performance in performances:
        count, notes = count + 1, notes + len(performance.line)
        for figure, share in _figures(musician, performance):
            total[figure] = total.get(figure, Share()).plus(share)
    return SourceResult(name, count, notes, total)


def _figures(musician: Musician, performance: Performance) -> Iterator[tuple[str, Share]]:
    line = performance.line
    heard = hear(musician, line)
    if len(performance.melody) > 1:
        nearby = hear(musician, line, intervals.bpm_nearby(performance))
        ways = {
            "intervals": counted_steps(heard, len(line)),
            "intervals_nearby": counted_steps(nearby, len(line)),
            "nearest": intervals.nearest(performance),
            "partitura_tempo": intervals.at_estimated_tempo(performance),
            "annotated": intervals.on_annotated_beats(performance),
        }
        for way, steps in ways.items():
            yield from _of_intervals(way, intervals.right(steps, performance))
        yield "no_grid", Share(*intervals.unheard_by_grids(performance)[1:])
    yield "tempo_jumps", scores.tempo_jumps(heard)
    yield "answers", scores.answers_on_the_beat(heard, performance)
    yield "downbeats", scores.starts_on_downbeats([note.next_start for note in heard], performance)
    yield "downbeats_by_beat", scores.starts_on_downbeats([note.next_beat for note in heard], performance)
    in_common_time = [note.next_in_common_time for note in heard]
    yield "downbeats_in_common_time", scores.starts_on_downbeats(in_common_time, performance)
    yield from zip(("key_after_8", "key_of_all"), scores.keys_in_use(heard, line), strict=True)
    yield from zip(("profiles_after_8", "profiles_of_all"), scores.keys_by_profiles(line), strict=True)
    yield "partitura_key", scores.key_by_partitura(performance)
    yield from zip(("phrase_precision", "phrase_recall"), scores.phrases_found(heard, performance), strict=True)
    if performance.melody and performance.texture:
        whole = hear(musician, performance.texture)
        yield "answers_in_texture", scores.answers_on_the_beat(whole, performance)
        yield "texture_downbeats", scores.starts_on_downbeats([note.next_start for note in whole], performance)
        yield "texture_downbeats_by_beat", scores.starts_on_downbeats([note.next_beat for note in whole], performance)
        yield from zip(("melody_precision", "melody_recall"), scores.melody_found(whole, performance), strict=True)
        keys = scores.keys_in_texture(whole, performance)
        yield from zip(("texture_key_after_8", "texture_key_of_all"), keys, strict=True)
        yield "heard_alone", scores.heard_alone(heard, line)
        highest = scores.highest_of_each_moment(performance)
        yield from zip(("highest_precision", "highest_recall"), highest, strict=True)


def _of_intervals(name: str, right: Right) -> Iterator[tuple[str, Share]]:
    yield name, Share(right.with_factor, right.total)
    yield f"{name}_at_1", Share(right.without, right.total)
