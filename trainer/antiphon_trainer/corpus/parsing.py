"""Parsing a corpus: the readers on an engine, everything known already taken from the cache."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice

from antiphon_trainer.corpus.cache import ScoreCache, content_key
from antiphon_trainer.corpus.engines import Engine
from antiphon_trainer.corpus.music_xml import TOO_SLOW
from antiphon_trainer.corpus.score import Parsed, Unreadable
from antiphon_trainer.corpus.scores import parse
from antiphon_trainer.corpus.sources import Source

_CHUNK = 16
"""Songs that a process takes at once: enough to make handing over cheap, few enough to share the work evenly."""
_AT_ONCE = 256
"""Chunks that are given out before the first of them must be there: enough for the workers of a cluster, and their
results, some 5 kB a song, are no burden."""

Advance = Callable[[int], None]
"""Told how many songs more are done."""


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parse_all(sources: Iterable[Source], cache: ScoreCache, engine: Engine, advance: Advance) -> Iterator[Parsed]:
    """Yield what is parsed of songs, in the order of `sources` whatever the engine.

    A file that can't be read or parsed comes as `Unreadable`; it stops nothing. However many songs there are, memory
    holds those few that are being parsed.
    """
    with ExitStack() as stack:
        executor: Executor | None = None
        chunks: deque[_Chunk] = deque()
        for batch in batched(sources, _CHUNK):
            known = [_known(source, cache) for source in batch]
            unknown = [source for source, parsed in zip(batch, known, strict=True) if parsed is None]
            if unknown and executor is None:
                executor = stack.enter_context(engine())
            chunks.append(_Chunk(known, executor.submit(_parse_chunk, unknown) if executor and unknown else None))
            while chunks and (len(chunks) > _AT_ONCE or chunks[0].is_done):
                yield from _finished(chunks.popleft(), cache, advance)
        for chunk in chunks:
            yield from _finished(chunk, cache, advance)


def batched(sources: Iterable[Source], size: int) -> Iterator[list[Source]]:
    """Yield the sources in lists of `size`; the last may be shorter."""
    remaining = iter(sources)
    while batch := list(islice(remaining, size)):
        yield batch


@dataclass
class _Chunk:
    """Songs that are parsed together: what is known of them, and what is to come of the others."""

    known: list[Parsed | None]
    coming: Future[list[tuple[str, Parsed]]] | None

    @property
    def is_done(self) -> bool:
        return self.coming is None or self.coming.done()


def _finished(chunk: _Chunk, cache: ScoreCache, advance: Advance) -> Iterator[Parsed]:
    """Yield the songs of a chunk, waiting for those that are to come, and keep these."""
    come = iter(chunk.coming.result() if chunk.coming else [])
    parsed: list[Parsed] = []
    for known in chunk.known:
        if known is None:
            key, known = next(come)
            if key:
                cache.put(key, known)
        parsed.append(known)
    advance(len(parsed))
    yield from parsed


def _known(source: Source, cache: ScoreCache) -> Parsed | None:
    try:
        return cache.get(content_key(source.read(), source.suffix))
    except OSError as error:
        return Unreadable("can't be read", error.strerror or str(error))


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
