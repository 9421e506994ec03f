"""Parsing a corpus: music21 on an engine, everything known already taken from the cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed

from antiphon_trainer.corpus.cache import ScoreCache, content_key
from antiphon_trainer.corpus.engines import Engine
from antiphon_trainer.corpus.music_xml import TOO_SLOW
from antiphon_trainer.corpus.score import Parsed, Unreadable
from antiphon_trainer.corpus.scores import parse
from antiphon_trainer.corpus.sources import Source

_CHUNK = 8
"""Songs that a process takes at once: enough to make handing over cheap, few enough to share the work evenly."""

Advance = Callable[[int], None]
"""Told how many songs more are done."""


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parse_all(sources: Sequence[Source], cache: ScoreCache, engine: Engine, advance: Advance) -> list[Parsed]:
    """Parse songs, in the order of `sources` whatever the engine.

    A file that can't be read or parsed comes back as `Unreadable`; it stops nothing.
    """
    parsed: list[Parsed | None] = [_known(source, cache) for source in sources]
    todo = [index for index, known in enumerate(parsed) if known is None]
    advance(len(sources) - len(todo))
    chunks = [todo[start : start + _CHUNK] for start in range(0, len(todo), _CHUNK)]
    if chunks:
        for index, key, result in _on_engine(sources, chunks, engine, advance):
            parsed[index] = result
            if key:
                cache.put(key, result)
    return [result for result in parsed if result is not None]


def _known(source: Source, cache: ScoreCache) -> Parsed | None:
    try:
        return cache.get(content_key(source.read(), source.suffix))
    except OSError as error:
        return Unreadable("can't be read", error.strerror or str(error))


def _on_engine(
    sources: Sequence[Source], chunks: list[list[int]], engine: Engine, advance: Advance
) -> Iterator[tuple[int, str, Parsed]]:
    """Yield (index, key, parsed) of every song in `chunks`, as they come; no key for what isn't to be kept."""
    with engine() as executor:
        waiting: dict[Future[list[tuple[str, Parsed]]], list[int]] = {
            executor.submit(_parse_chunk, [sources[index] for index in chunk]): chunk for chunk in chunks
        }
        for done in as_completed(waiting):
            chunk = waiting[done]
            for index, (key, result) in zip(chunk, done.result(), strict=True):
                yield index, key, result
            advance(len(chunk))


def _parse_chunk(sources: list[Source]) -> list[tuple[str, Parsed]]:
    results: list[tuple[str, Parsed]] = []
    for source in sources:
        try:
            content = source.read()
        except OSError as error:  # it was there a moment ago
            results.append(("", Unreadable("can't be read", error.strerror or str(error))))
            continue
        result = parse(content, source.suffix)
        keeps = not (isinstance(result, Unreadable) and result.reason == TOO_SLOW)
        results.append((content_key(content, source.suffix) if keeps else "", result))
    return results
