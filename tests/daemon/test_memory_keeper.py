"""Keeping the memory while it is played: when, and what is copied while more is learned."""

from pathlib import Path

import numpy as np
import pytest

from antiphon.improviser.answering.style import Style
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.past import begun
from antiphon.improviser.memory.stored import header_of, packed, read_header, restore
from antiphon.live.both_views import BothViews
from antiphon.live.memory_keeper import INTERVAL, LONGEST, SILENCE, MemoryKeeper
from antiphon.live.performance import NoView
from tests.daemon.players import improviser, play
from tests.daemon.stub_model import VOCABULARY as STUB_VOCABULARY
from tests.daemon.test_memory import TUNE, VOCABULARY, learn, network
from tests.daemon.tunes import ODE_TO_JOY, events


def test_a_copy_is_whole_though_more_is_learned_and_taken_back_meanwhile() -> None:
    memory = Memory(VOCABULARY)
    past = learn(memory, TUNE * 20)
    copied: dict[str, list[np.ndarray]] = {}
    for number, _ in enumerate(memory.copied_into(copied)):
        if number % 2:
            past = learn(memory, np.random.default_rng(number).integers(0, 12, 60).tolist(), number, past)
        else:
            memory.rewind(memory.steps - 5)
    arrays = {name: np.concatenate(parts) for name, parts in copied.items()}
    again = restore(packed(header_of(memory, VOCABULARY), arrays), "x", VOCABULARY)
    mixed = again.predict(network(3, 1)[0], learn(again, TUNE, 4, begun(1)))
    assert mixed.sum() == pytest.approx(1, abs=1e-4)


def looks(keeper: MemoryKeeper, player: Improviser, until: float) -> list[float]:
    """Let the keeper look whenever it wants to; return when it began to."""
    began: list[float] = []
    while (due := keeper.next_look()) is not None and due <= until:
        if not began or due > began[-1]:
            began.append(due)
        keeper.look(player, due)
    keeper.finish()
    return began


def notes_in(path: Path) -> int:
    return read_header(path.read_bytes(), str(path)).notes if path.exists() else 0


def test_it_is_kept_after_the_first_phrase_and_then_once_a_minute(tmp_path: Path) -> None:
    path, player = tmp_path / "a.memory", improviser(style=Style(memory=1.0))
    keeper = MemoryKeeper(path, STUB_VOCABULARY, pytest.fail)
    assert keeper.next_look() is None
    keeper.changed(3.0)
    assert keeper.next_look() == 3.0 + SILENCE
    assert looks(keeper, player, 100) == [3.0 + SILENCE] and not path.exists()  # nothing was learned
    tune = list(events(ODE_TO_JOY))
    play(player, tune)
    end = tune[-1][0]
    keeper.changed(end)
    assert looks(keeper, player, end + 9) == [end + SILENCE]
    notes = notes_in(path)
    assert notes >= len(ODE_TO_JOY) - 1
    later = [(moment + end + 8, event) for moment, event in tune]
    play(player, later)
    keeper.changed(later[-1][0])
    assert looks(keeper, player, end + SILENCE + INTERVAL - 1) == []
    assert looks(keeper, player, 1000) == [max(end + SILENCE + INTERVAL, later[-1][0] + SILENCE)]
    assert notes_in(path) > notes


def test_where_there_is_no_silence_it_is_kept_between_the_notes(tmp_path: Path) -> None:
    keeper = MemoryKeeper(tmp_path / "a.memory", STUB_VOCABULARY, pytest.fail)
    for second in range(1000):
        keeper.changed(second / 2)
    assert keeper.next_look() == LONGEST


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "a.memory").mkdir()
    player = improviser(style=Style(memory=1.0))
    play(player, events(ODE_TO_JOY))
    keeper = MemoryKeeper(tmp_path / "a.memory", STUB_VOCABULARY, said.append)
    keeper.changed(60.0)
    looks(keeper, player, 100)
    assert len(said) == 1 and str(tmp_path) in said[0]


class Looking(NoView):
    """A view that wants to look at one moment."""

    def __init__(self, at: float | None) -> None:
        self.at, self.looked = at, 0

    def next_look(self) -> float | None:
        return self.at

    def look(self, improviser: Improviser, time: float) -> None:
        self.looked, self.at = self.looked + 1, None


def test_two_views_look_in_turn() -> None:
    first, second, player = Looking(2.0), Looking(1.0), improviser(style=Style(memory=1.0))
    both = BothViews(first, second)
    assert both.next_look() == 1.0
    both.look(player, 1.0)
    assert (first.looked, second.looked, both.next_look()) == (0, 1, 2.0)
    both.look(player, 2.0)
    assert (first.looked, second.looked, both.next_look()) == (1, 1, None)
