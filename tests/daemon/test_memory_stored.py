"""A memory that was stored: what comes back, and what is refused."""

import io
import json
import zipfile

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.memory import stored
from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.past import begun
from antiphon.improviser.memory.stored import StoredMemory, read_header, restore, store
from antiphon.improviser.memory.weights import UNTRAINED
from antiphon.melody.grid import Place
from antiphon.melody.vocabulary import vocabulary_of
from tests.daemon.test_memory import TUNE, VOCABULARY, learn, melodies, network, seeds


def content(melody: list[int] = TUNE * 4) -> bytes:
    memory = Memory(VOCABULARY)
    learn(memory, melody)
    return store(memory, VOCABULARY)


@given(melodies, melodies, seeds)
@settings(max_examples=15, deadline=None)
def test_what_comes_back_predicts_and_learns_as_if_nothing_had_happened(
    before: list[int], after: list[int], seed: int
) -> None:
    memory = Memory(VOCABULARY)
    learn(memory, before, seed)
    again = restore(store(memory, VOCABULARY), "x.npz", VOCABULARY)
    assert (again.notes, again.steps) == (memory.notes, memory.steps)
    pasts = [learn(each, after, seed + 1, begun(1)) for each in (memory, again)]
    probabilities = network(seed + 2, 1)[0]
    mixed = [each.predict(probabilities, past, Place(2, 16)) for each, past in zip((memory, again), pasts, strict=True)]
    assert np.array_equal(mixed[0], mixed[1])


def test_it_says_what_it_holds() -> None:
    header = read_header(content(), "x.npz")
    assert header.steps == 4 * len(TUNE)
    assert header.notes == header.gain.notes > 0


def test_it_says_what_was_gained_overall_and_lately() -> None:
    memory = Memory(VOCABULARY)
    past, frozen, mixed = begun(1), 0.0, 0.0
    for token, probabilities in zip(TUNE * 40, network(2, 40 * len(TUNE)), strict=True):
        frozen -= float(np.log2(probabilities[0, token]))
        past = memory.learn(probabilities, past, None, token)
        mixed -= float(np.log2(memory.likelihood))
    noise = learn(memory, np.random.default_rng(1).integers(0, 12, 300).tolist(), 9, past)  # then it guesses wrongly
    memory.rewind(memory.steps - 300)
    gain = read_header(store(memory, VOCABULARY), "x").gain
    assert gain == memory.gain and gain.overall == pytest.approx((frozen - mixed) / memory.notes, rel=1e-3)
    assert gain.lately is not None and gain.overall is not None and gain.lately > gain.overall > 0.5
    learn(memory, np.random.default_rng(1).integers(0, 12, 400).tolist(), 9, noise)
    assert memory.gain.lately is not None and memory.gain.overall is not None
    assert memory.gain.lately < memory.gain.overall - 1


def test_one_that_an_older_version_has_stored_is_read() -> None:
    with np.load(io.BytesIO(content())) as file:
        arrays = {name: file[name] for name in file.files}
    fields = json.loads(arrays["header"].tobytes())
    del fields["gain"]
    arrays["header"] = np.frombuffer(json.dumps(fields | {"bits_gained": 0.25}).encode(), np.uint8)
    arrays["history.count"] = arrays["history.count"].reshape(())
    out = io.BytesIO()
    np.savez(out, **arrays)
    memory = restore(out.getvalue(), "x", VOCABULARY)
    assert memory.steps == 4 * len(TUNE) and memory.gain.overall is None


def test_the_first_set_takes_what_was_restored_to_see_that_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    restored: list[str] = []
    original = stored.restore

    def counted(content: bytes, where: str, *rest: object) -> Memory:
        restored.append(where)
        return original(content, where, VOCABULARY)

    monkeypatch.setattr(stored, "restore", counted)
    kept = StoredMemory(content(), "x", VOCABULARY, UNTRAINED)
    sets = [kept.begun(VOCABULARY, UNTRAINED) for _ in range(2)]
    assert restored == ["x", "x"]
    assert sets[0] is not sets[1] and sets[0].steps == sets[1].steps == 4 * len(TUNE)


def test_one_of_another_vocabulary_is_refused() -> None:
    other = vocabulary_of(str(pitch) for pitch in range(48, 73))
    with pytest.raises(UserError, match="another mapping"):
        restore(content(), "x.npz", other)


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"format_version": 99}, "format version 99; .*update Antiphon"), ({"contexts": "0"}, "another version")],
)
def test_one_of_a_newer_version_is_refused(
    changed: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = msgspec.structs.replace(read_header(content(), "x"), **changed)
    monkeypatch.setattr(stored, "Header", lambda **_: header)
    newer = content()
    monkeypatch.undo()
    with pytest.raises(UserError, match=said):
        restore(newer, "x.npz", VOCABULARY)


@given(st.data())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_one_is_refused_or_still_predicts(data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]) if data.draw(st.booleans()) else bytes(damaged))


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_one_with_other_numbers_is_refused_or_still_predicts(data: st.DataObject) -> None:
    # The archive's own checksums hold here: it is what a file made on purpose looks like.
    with np.load(io.BytesIO(GOOD)) as file:
        arrays = {name: file[name].copy() for name in file.files}
    name = data.draw(st.sampled_from(sorted(set(arrays) - {"header"})))
    array = arrays[name].reshape(-1)
    if len(array):
        value = data.draw(st.sampled_from([-1, 0, 1, 1e30, -1e30, np.nan, np.inf, 1 << 31, len(array)]))
        with np.errstate(invalid="ignore", over="ignore"):
            array[data.draw(st.integers(0, len(array) - 1))] = np.float64(value).astype(array.dtype)
    if data.draw(st.booleans()):
        arrays[name] = array[: data.draw(st.integers(0, len(array)))]
    out = io.BytesIO()
    np.savez(out, **arrays)
    check(out.getvalue())


def check(damaged: bytes) -> None:
    try:
        memory = restore(damaged, "x.npz", VOCABULARY)
    except UserError as error:
        assert str(error).startswith("x.npz: ") and "\n" not in str(error)
        return
    past = learn(memory, TUNE, 3)
    mixed = memory.predict(network(5, 1)[0], past, None)
    assert mixed.sum() == pytest.approx(1, abs=1e-4) and (mixed >= 0).all()


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("header.npy", "w") as member:
        for _ in range(300):
            member.write(bytes(1 << 20))
    with pytest.raises(UserError, match="at most"):
        restore(out.getvalue(), "x.npz", VOCABULARY)


GOOD = content()
