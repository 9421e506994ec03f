"""Mutated archives and HDF5 files are read or refused, and crash nobody; `python -m tests.soak.archives` tries more."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no forks", allow_module_level=True)

from tests.soak.archives import kinds, soak

COUNT = 40


@pytest.mark.parametrize("name", kinds())
def test_a_mutated_file_is_read_or_refused(name: str) -> None:
    ends = soak(name, COUNT, seed=7)
    assert set(ends) == {"passed", "refused"}, ends  # some of each: what is always refused tries nothing


@pytest.mark.parametrize("name", kinds())
def test_the_files_that_are_mutated_are_whole_to_begin_with(name: str) -> None:
    kind = kinds()[name]
    assert kind.whole
    for content in kind.whole:
        kind.read(content)
