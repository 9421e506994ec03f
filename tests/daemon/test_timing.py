"""Being on time on Windows and macOS: what is asked of these systems, in place of which a simulated one answers."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from antiphon.live import macos_timing, priority, terminal, windows_timing


class System:
    """Libraries whose functions note how they are called."""

    def __init__(self, **answers: int) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        function = _Function(self.calls, name, self._answers.get(name, 0))
        setattr(self, name, function)
        return function


class _Function:
    def __init__(self, calls: list[tuple[Any, ...]], name: str, answer: int) -> None:
        self._calls, self._name, self._answer = calls, name, answer

    def __call__(self, *arguments: Any) -> int:
        # A structure that is pointed to, as its values are now.
        values = [_values(each._obj) if hasattr(each, "_obj") else each for each in arguments]
        if self._name == "mach_timebase_info":
            arguments[0]._obj.numerator, arguments[0]._obj.denominator = 125, 3  # Apple silicon
        self._calls.append((self._name, *values))
        return self._answer


def _values(structure: Any) -> Any:
    return tuple(getattr(structure, name) for name, _ in getattr(structure, "_fields_", ()))


@pytest.mark.parametrize("granted", [True, False])
def test_on_windows_waits_end_to_the_millisecond_and_the_thread_is_favoured(
    granted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = System(AvSetMmThreadCharacteristicsW=99 if granted else 0, GetCurrentProcess=-1)
    monkeypatch.setattr(windows_timing, "library", lambda _name: system)
    monkeypatch.setattr(priority, "sys", SimpleNamespace(**vars(sys) | {"platform": "win32"}))
    with priority.playing() as is_favoured:
        assert is_favoured is granted
        assert ("timeBeginPeriod", 1) in system.calls
        assert ("SetProcessInformation", -1, 4, (1, 4, 0), 12) in system.calls
        assert ("AvSetMmThreadCharacteristicsW", "Pro Audio", ()) in system.calls
        assert "timeEndPeriod" not in [name for name, *_ in system.calls]
    assert (("AvRevertMmThreadCharacteristics", 99) in system.calls) is granted
    assert system.calls[-1] == ("timeEndPeriod", 1)


def test_a_windows_without_these_functions_plays_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_timing, "library", lambda _name: None)
    monkeypatch.setattr(priority, "sys", SimpleNamespace(**vars(sys) | {"platform": "win32"}))
    with priority.playing() as is_favoured:
        assert not is_favoured


@pytest.mark.parametrize("refused", [0, 46])
def test_on_macos_the_thread_has_a_time_constraint_in_the_machines_own_units(
    refused: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = System(thread_policy_set=refused, pthread_mach_thread_np=7)
    monkeypatch.setattr(macos_timing, "load", lambda _path: system)
    monkeypatch.setattr(priority, "sys", SimpleNamespace(**vars(sys) | {"platform": "darwin"}))
    with priority.playing() as is_favoured:
        assert is_favoured is not bool(refused)
    asked, back = [call for call in system.calls if call[0] == "thread_policy_set"]
    assert asked == ("thread_policy_set", 7, 2, (0, 120_000, 240_000, 1), 4)  # 5 ms of 10 ms
    assert back == ("thread_policy_set", 7, 1, None, 0)


@pytest.mark.parametrize(
    ("platform", "term", "is_one"),
    [("win32", "", True), ("win32", "dumb", False), ("linux", "", False), ("linux", "xterm", True)],
)
def test_a_windows_console_needs_no_term_to_be_a_terminal(
    platform: str, term: str, is_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(
        terminal, "sys", SimpleNamespace(platform=platform, stdout=SimpleNamespace(isatty=lambda: True))
    )
    assert terminal.is_terminal() is is_one
