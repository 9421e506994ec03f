"""Checks corpora: every song is read twice, by its reader and by another program's, and what differs is counted.

Nothing is written and nothing is taken from the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from typing import NamedTuple

from antiphon_trainer.corpus.engines import Engine
from antiphon_trainer.corpus.report import RefusedSong, reason_lines
from antiphon_trainer.corpus.score import Unreadable
from antiphon_trainer.corpus.scores import parse, reader_version
from antiphon_trainer.corpus.second_reading import SECOND_READERS, difference, read_again
from antiphon_trainer.corpus.sources import Source

_CHUNK = 8
"""Songs that a process takes at once."""


class Checked(NamedTuple):
    """What became of a song: refused, with its reason; or read, and perhaps read otherwise by the second reader."""

    song: str
    suffix: str
    refused: tuple[str, str] | None
    has_second: bool
    """The second reader could read it."""
    differs: tuple[str, str] | None
    """Kind and place."""


def check_all(sources: Sequence[Source], engine: Engine, advance: Callable[[int], None]) -> list[Checked]:
    """Check songs, in the order of `sources`; `advance` is told how many more are done."""
    chunks = [sources[start : start + _CHUNK] for start in range(0, len(sources), _CHUNK)]
    checked: dict[int, list[Checked]] = {}
    with engine() as executor:
        waiting: dict[Future[list[Checked]], int] = {
            executor.submit(_check_chunk, chunk): count for count, chunk in enumerate(chunks)
        }
        for done in as_completed(waiting):
            checked[waiting[done]] = done.result()
            advance(len(done.result()))
    return [each for count in sorted(checked) for each in checked[count]]


def _check_chunk(sources: Sequence[Source]) -> list[Checked]:
    return [_check(source) for source in sources]


def _check(source: Source) -> Checked:
    try:
        content = source.read()
    except OSError as error:
        return Checked(source.where, source.suffix, ("can't be read", error.strerror or str(error)), False, None)
    score = parse(content, source.suffix)
    if isinstance(score, Unreadable):
        return Checked(source.where, source.suffix, (score.reason, score.detail), False, None)
    second = read_again(content, source.suffix) if source.suffix in SECOND_READERS else None
    differs = None if second is None else difference(score.notes, second)
    return Checked(source.where, source.suffix, None, second is not None, differs)


def lines(corpus: str, checked: Sequence[Checked]) -> Iterator[str]:
    """Yield what to print of a corpus: per format songs, refusals by reason, and what the second reader makes of it."""
    for suffix in sorted({each.suffix for each in checked}):
        songs = [each for each in checked if each.suffix == suffix]
        refused = [RefusedSong(each.song, *each.refused) for each in songs if each.refused]
        yield f"{corpus}, {suffix} by {reader_version(suffix)}"
        yield f"{len(songs):>8,} songs"
        yield f"{len(songs) - len(refused):>8,} read whole"
        yield f"{len(refused):>8,} refused"
        yield from (f"    {line}" for line in reason_lines(refused))
        yield from _second_lines(suffix, [each for each in songs if not each.refused])


def _second_lines(suffix: str, read: Sequence[Checked]) -> Iterator[str]:
    if suffix not in SECOND_READERS:
        yield "         no second reader"
        return
    again = [each for each in read if each.has_second]
    differing = [RefusedSong(each.song, *each.differs) for each in again if each.differs]
    yield f"{len(again) - len(differing):>8,} read alike by music21"
    if len(again) < len(read):
        yield f"{len(read) - len(again):>8,} not read by music21"
    if differing:
        yield f"{len(differing):>8,} read otherwise by music21"
        yield from (f"    {line}" for line in reason_lines(differing))
