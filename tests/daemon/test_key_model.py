from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.bundle import find_bundle, read_bundle, write_bundle
from antiphon.melody.grid import Tempo
from antiphon.melody.key_model import (
    INTERVALS,
    NO_INTERVAL,
    RESTED,
    TRANSPOSITIONS,
    WAIT_CLASSES,
    KeyNote,
    LiteKeyModel,
    interval_classes,
    wait_classes,
)
from antiphon.melody.keys import SIGNATURES, transposition
from antiphon.melody.model import Floats
from antiphon.settings import model_folders
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.test_bundle import MANIFEST


@pytest.fixture(scope="module")
def shipped() -> LiteKeyModel:
    return LiteKeyModel(read_bundle(find_bundle("essen", model_folders())))


class StubKeyModel:
    """It is sure of one side, and keeps what it heard."""

    def __init__(self, side: int) -> None:
        self.heard: list[KeyNote] = []
        self.notes_before: list[int] = []
        self._sides = np.where(np.arange(TRANSPOSITIONS) == side, 0.99, 0.01 / 11).astype(np.float32)

    def initial_state(self) -> Floats:
        return np.zeros((1, 1), np.float32)

    def hear(self, note: KeyNote, state: Floats) -> tuple[Floats, Floats]:
        self.heard.append(note)
        self.notes_before.append(int(state[0, 0]))
        return self._sides, state + 1


def listening_with(key_model: StubKeyModel, signatures: tuple[int, ...] = SIGNATURES) -> Listener:
    return Listener(ListeningModel(StubModel(), VOCABULARY, signatures, key_model), Timekeeper(Tempo(120)), 2)


@given(st.integers(-200, 200), st.integers(0, 1000), st.booleans())
def test_every_note_has_a_class(semitones: int, sixteenths: int, rested: bool) -> None:
    assert 0 <= interval_classes(semitones) < NO_INTERVAL < INTERVALS
    assert 0 <= wait_classes(sixteenths, rested) < WAIT_CLASSES
    assert (wait_classes(sixteenths, rested) >= RESTED) == rested


@pytest.mark.parametrize("sharps", SIGNATURES)
def test_the_listener_believes_the_key_model_about_its_side(sharps: int) -> None:
    hearing = listening_with(StubKeyModel(transposition(sharps) % 12))
    for count in range(6):  # one pitch says little by itself
        heard = hearing.note_on(count * 0.5, 66)
        hearing.note_off(count * 0.5 + 0.4, 66)
    assert heard is not None
    assert heard.sharps == sharps


def test_the_key_model_is_told_degrees_intervals_and_waits() -> None:
    model = StubKeyModel(0)
    hearing = listening_with(model)
    hearing.note_on(0.0, 60)
    hearing.note_off(0.45, 60)
    hearing.note_on(0.5, 67)
    hearing.note_off(0.55, 67)
    hearing.note_on(1.5, 65)
    assert [list(note.degrees) for note in model.heard[:2]] == [
        [(pitch + n) % 12 for n in range(12)] for pitch in (60, 67)
    ]
    assert [note.interval for note in model.heard] == [NO_INTERVAL, *interval_classes([7, -2])]
    assert [note.wait for note in model.heard] == list(wait_classes([0, 4, 8], [False, False, True]))


def test_a_chord_takes_the_key_models_memory_back_too() -> None:
    model = StubKeyModel(0)
    hearing = listening_with(model)
    hearing.note_on(0.0, 60)
    hearing.note_on(0.01, 64)
    hearing.note_on(0.5, 65)
    assert [note.interval for note in model.heard] == [NO_INTERVAL, NO_INTERVAL, interval_classes(1)]
    assert model.notes_before == [0, 0, 1]


def test_with_a_fixed_key_nobody_asks() -> None:
    model = StubKeyModel(0)
    assert listening_with(model, (2,)).note_on(0.0, 60) is not None
    assert not model.heard


def test_the_shipped_key_model_hears_a_tune_alike_in_every_transposition(shipped: LiteKeyModel) -> None:
    def heard(semitones: int) -> Floats:
        state = shipped.initial_state()
        last = None
        for pitch in (60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60):
            interval = NO_INTERVAL if last is None else int(interval_classes(pitch - last))
            degrees = ((pitch + semitones + np.arange(TRANSPOSITIONS)) % 12).astype(np.int32)
            signatures, state = shipped.hear(
                KeyNote(degrees, interval, int(wait_classes(4 * (last is not None), False))), state
            )
            last = pitch
        return signatures

    for semitones in range(12):
        signatures = heard(semitones)
        assert signatures.argmax() == -semitones % 12
        assert np.allclose(signatures, np.roll(heard(0), -semitones), atol=1e-5)
        assert np.isclose(signatures.sum(), 1, atol=1e-5)


def test_a_bundle_carries_its_key_model(tmp_path: Path) -> None:
    write_bundle(tmp_path / "mine", b"a model", VOCABULARY, MANIFEST, b"a key model")
    assert read_bundle(tmp_path / "mine").key_model == b"a key model"
    (tmp_path / "mine" / "key.tflite").write_bytes(b"another")
    with pytest.raises(UserError, match=r"key\.tflite: differs from its checksum"):
        read_bundle(tmp_path / "mine")
    write_bundle(tmp_path / "mine", b"a model", VOCABULARY, MANIFEST)
    assert read_bundle(tmp_path / "mine").key_model == b""
