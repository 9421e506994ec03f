"""Engines: where songs are parsed, in processes of this machine or on a Dask cluster. Nothing else differs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from typing import Any, TypeVar

from antiphon.errors import UserError
from antiphon_trainer.corpus.sources import Source

Engine = Callable[[], AbstractContextManager[Executor]]
"""Opens an executor when there is something to parse, and closes it; what was not begun by then is dropped."""

Value = TypeVar("Value")
MOST_ON_WINDOWS = 61
"""Processes of a pool that Windows can wait for at once (docs.python.org: ProcessPoolExecutor)."""
_PATIENCE = "10s"
"""How long a scheduler is waited for."""


def local(processes: int) -> Engine:
    """Return the engine of this machine: `processes` processes at most."""

    @contextmanager
    def opened() -> Iterator[Executor]:
        # Fresh processes: a fork would copy the progress bar's thread and whatever locks it holds.
        most = min(processes, MOST_ON_WINDOWS) if sys.platform == "win32" else processes
        pool = ProcessPoolExecutor(most, mp_context=get_context("spawn"), initializer=_ignore_interrupts)
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    return opened


def _ignore_interrupts() -> None:
    """Leave Ctrl-C, which reaches every process of the terminal, to the one that waits for the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def cluster(scheduler: str) -> Engine:
    """Return the engine of a Dask cluster, whose workers have `antiphon[trainer]` installed too.

    Args:
        scheduler: its address, `tcp://host:port`.

    Raises:
        UserError: (when opened) Dask isn't installed here, or no scheduler answers.
    """

    @contextmanager
    def opened() -> Iterator[Executor]:
        try:
            from distributed import Client
        except ImportError:
            raise UserError('--scheduler needs Dask: pip install "antiphon[cluster]"') from None
        try:
            client = Client(scheduler, timeout=_PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(
                f"{scheduler}: no Dask scheduler answers there ({error}); start one with: dask scheduler"
            ) from None
        with client:
            yield _Carrying(client.get_executor(pure=False))  # type: ignore[no-untyped-call]

    return opened


class _Carrying(Executor):
    """Gives scores to workers that don't see this machine's files: they take their bytes along."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, function: Callable[..., Value], /, *sources: Any, **named: Any) -> Future[Value]:
        """Submit a function of lists of scores."""
        return self._executor.submit(function, *([_carried(each) for each in some] for some in sources), **named)


def _carried(source: Source) -> Source:
    try:
        return replace(source, tune=source.read())
    except OSError:
        return source  # parsing says why it can't be read
