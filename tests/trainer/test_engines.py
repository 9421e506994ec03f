"""How many processes parse songs, as far as the system lets that many be waited for."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from antiphon_trainer.corpus import engines


@pytest.mark.parametrize(("platform", "most"), [("win32", engines.MOST_ON_WINDOWS), ("linux", 96)])
def test_windows_waits_for_61_processes_at_most(platform: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pools: list[int] = []

    def pool(processes: int, **_options: object) -> SimpleNamespace:
        pools.append(processes)
        return SimpleNamespace(shutdown=lambda **_: None)

    monkeypatch.setattr(engines, "sys", SimpleNamespace(**vars(sys) | {"platform": platform}))
    monkeypatch.setattr(engines, "ProcessPoolExecutor", pool)
    with engines.local(96)():
        assert pools == [most]
