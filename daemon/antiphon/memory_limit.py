"""A limit of the memory that a process may still take, for whatever reads files from outside."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limited_memory(more: int) -> Iterator[None]:
    """Let this process take so many more bytes, all its threads together; what needs more raises MemoryError.

    Linux alone can count it: macOS reserves address space by the gigabyte, and Windows has no such limit.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    import psutil

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = int(psutil.Process().memory_info().data) + more
    if soft != resource.RLIM_INFINITY:
        most = min(most, soft)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
