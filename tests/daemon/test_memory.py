"""The memory beside the network: what it may never do, whatever is played, and that it learns."""

import json
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.memory import memory as memory_module
from antiphon.improviser.memory.counts import Before, Counts
from antiphon.improviser.memory.memory import JOURNAL, Memory
from antiphon.improviser.memory.past import Past, begun
from antiphon.improviser.memory.stage import RATE, SHARE, Features
from antiphon.improviser.memory.weights import UNTRAINED, StageWeights, read_weights
from antiphon.melody.bundle import MEMORY_FILE, Manifest, read_bundle, write_bundle
from antiphon.melody.grid import Place
from antiphon.melody.model import Floats
from antiphon.melody.vocabulary import vocabulary_of

VOCABULARY = vocabulary_of(str(pitch) for pitch in range(60, 73))
V = len(VOCABULARY)
_SYMBOLS = "60 _ 62 _ 64 _ 60 _ 67 _ _ _ 65 64 62 _ 60 _ r _"
TUNE = [VOCABULARY.tokens[symbol] for symbol in _SYMBOLS.split()]
tokens = st.integers(0, V - 1)
melodies = st.lists(tokens, max_size=60)
seeds = st.integers(0, 1 << 16)


def network(seed: int, steps: int, sharpness: float = 1.0) -> Floats:
    """Return random predictions, (step, 1, V)."""
    likings = np.random.default_rng(seed).normal(0, sharpness, (steps, 1, V))
    weights = np.exp(likings)
    return (weights / weights.sum(axis=2, keepdims=True)).astype(np.float32)


def learn(memory: Memory, melody: list[int], seed: int = 0, past: Past | None = None, bar: int = 16) -> Past:
    past = past or begun(1)
    for step, (token, probabilities) in enumerate(zip(melody, network(seed, len(melody)), strict=True)):
        past = memory.learn(probabilities, past, Place(step % bar, bar), token)
    return past


def bits(probabilities: Floats, token: int) -> float:
    return float(-np.log2(probabilities[0, token]))


@given(melodies, seeds, st.floats(0, 1), st.floats(0, 30))
@settings(max_examples=60, deadline=None)
def test_predictions_are_probabilities(melody: list[int], seed: int, share: float, sharpness: float) -> None:
    memory = Memory(VOCABULARY)
    past = learn(memory, melody, seed)
    probabilities = network(seed + 1, 1, sharpness)[0]  # some of them are 0
    mixed = memory.predict(probabilities, past, Place(3, 16), share)
    assert mixed.shape == (1, V) and mixed.dtype == np.float32
    assert np.all(mixed >= 0)
    assert mixed.sum() == pytest.approx(1, abs=1e-5)


@given(melodies, seeds)
@settings(max_examples=30, deadline=None)
def test_a_share_of_0_is_the_network_and_what_lies_between_is_monotone(melody: list[int], seed: int) -> None:
    memory = Memory(VOCABULARY)
    past = learn(memory, melody, seed)
    probabilities = network(seed + 1, 1)[0]
    shares = [memory.predict(probabilities, past, None, share) for share in (0, 0.25, 0.5, 1)]
    assert np.array_equal(shares[0], probabilities)
    moves = np.diff(np.concatenate(shares), axis=0)
    assert np.all((moves >= -1e-6).all(axis=0) | (moves <= 1e-6).all(axis=0))


@given(melodies, melodies, melodies, seeds)
@settings(max_examples=40, deadline=None)
def test_what_is_taken_back_was_never_heard(kept: list[int], lost: list[int], then: list[int], seed: int) -> None:
    memory, other = Memory(VOCABULARY), Memory(VOCABULARY)
    before = learn(memory, kept, seed)
    assert np.array_equal(before.table, learn(other, kept, seed).table)
    learn(memory, lost, seed + 1, before)
    memory.rewind(len(kept))
    assert (memory.steps, memory.notes, memory.weights) == (other.steps, other.notes, other.weights)
    after, expected = (learn(each, then, seed + 2, before) for each in (memory, other))
    probabilities = network(seed + 3, 1)[0]
    assert np.array_equal(memory.predict(probabilities, after), other.predict(probabilities, expected))


def test_a_full_table_is_rewound_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "CLASS_SLOTS", 16)
    monkeypatch.setattr(memory_module, "PITCH_BYTES", 16 * 4 * 49)
    memory, other = Memory(VOCABULARY), Memory(VOCABULARY)
    noise = np.random.default_rng(1).integers(0, V, 200).tolist()
    before = learn(memory, TUNE * 5)
    learn(other, TUNE * 5)
    learn(memory, noise, 1, before)
    memory.rewind(len(TUNE) * 5)
    for probabilities in network(2, 20):
        assert np.array_equal(memory.predict(probabilities, before), other.predict(probabilities, before))


def test_no_more_can_be_taken_back_than_the_journal_holds() -> None:
    memory = Memory(VOCABULARY)
    learn(memory, TUNE * (JOURNAL // len(TUNE) + 5))
    steps = memory.steps
    memory.rewind(0)
    assert memory.steps == steps - JOURNAL


def test_a_tune_that_was_played_is_expected() -> None:
    memory = Memory(VOCABULARY)
    learn(memory, TUNE * 4)
    past, frozen, mixed = begun(1), [], []
    for token, probabilities in zip(TUNE, network(5, len(TUNE)), strict=True):
        frozen.append(bits(probabilities, token))
        mixed.append(bits(memory.predict(probabilities, past), token))
        past = memory.after(past, np.array([token]))
    assert sum(mixed) < 0.6 * sum(frozen)


@given(st.integers(0, 1000))
@settings(max_examples=3, deadline=None)
def test_it_costs_little_however_wrong_it_is(seed: int) -> None:
    # Each stage mixes as Bayes does: it costs at most a bit, and what goes to the other side of its share.
    memory = Memory(VOCABULARY)
    past = learn(memory, TUNE * 4)
    generator = np.random.default_rng(seed)
    frozen = mixed = 0.0
    count = 300
    for probabilities in network(seed, count):
        token = int(generator.choice(V, p=probabilities[0] / probabilities[0].sum()))
        frozen += bits(probabilities, token)
        mixed += bits(memory.predict(probabilities, past), token)
        past = memory.learn(probabilities, past, None, token)
    learned_trust = -np.log2(SHARE)  # the tune before has shown that the memory is right: it may be trusted wholly
    assert mixed - frozen < 2 * (learned_trust + count * -np.log2(1 - 2 * SHARE))


def test_noise_is_left_to_the_network_within_a_phrase() -> None:
    memory = Memory(VOCABULARY)
    past = learn(memory, TUNE * 6)
    generator = np.random.default_rng(4)
    losses = []
    for step, probabilities in enumerate(network(3, 128, 3.0)):  # a network that knows what comes
        token = int(generator.choice(V, p=probabilities[0] / probabilities[0].sum()))
        if step >= 64:
            losses.append(bits(memory.predict(probabilities, past), token) - bits(probabilities, token))
        past = memory.learn(probabilities, past, None, token)
    assert np.mean(losses) < 0.1


@given(st.lists(melodies, min_size=2, max_size=4))
@settings(max_examples=20, deadline=None)
def test_rows_are_read_as_each_alone(rows: list[list[int]]) -> None:
    memory = Memory(VOCABULARY)
    learn(memory, TUNE * 2)
    length = min(map(len, rows))
    together, alone = begun(len(rows)), [begun(1) for _ in rows]
    for step in range(length):
        together = memory.after(together, np.array([row[step] for row in rows]))
        alone = [memory.after(past, np.array([row[step]])) for past, row in zip(alone, rows, strict=True)]
    probabilities = network(9, len(rows))[:, 0]
    mixed = memory.predict(probabilities, together, Place(1, 12))
    for row, past in enumerate(alone):
        assert np.allclose(mixed[row], memory.predict(probabilities[row : row + 1], past, Place(1, 12)), atol=1e-6)


def mixture(features: Features, weights: StageWeights) -> Floats:
    """Return M, (x,), by its equation, with nothing left out."""
    by_feature = [weights.match, *weights.contexts]
    chosen = [by_feature[feature][which] for feature, which in enumerate(features.classes[0].tolist())]
    likings = np.exp(weights.network * np.log(features.network[0]) + np.array(chosen) @ features.features[0])
    return likings / likings.sum()


def test_many_rows_are_predicted_and_one_learned_from_by_the_equations() -> None:
    memory = Memory(VOCABULARY)
    past = learn(memory, TUNE * 4)
    for token, probabilities in zip(TUNE, network(7, len(TUNE)), strict=True):
        mixed = memory.predict(probabilities, past, Place(2, 16))
        classes, pitches = memory.stages(probabilities, past, Place(2, 16))
        of_class, of_pitch = memory.outcome(token)
        trust, trust_in_pitches = (memory.arrays()[f"{stage}.numbers"][1] for stage in ("classes", "pitches"))
        of_classes = trust * mixture(classes, memory.weights.classes) + (1 - trust) * classes.network[0]
        of_pitches = trust_in_pitches * mixture(pitches, memory.weights.pitches)
        of_pitches += (1 - trust_in_pitches) * pitches.network[0]
        expected = of_classes[of_class] * (1 if of_pitch is None else of_pitches[of_pitch])
        assert mixed[0, token] == pytest.approx(expected, rel=1e-4)
        before = memory.weights
        past = memory.learn(probabilities, past, Place(2, 16), token)
        assert memory.likelihood == pytest.approx(expected, rel=1e-4)
        error = np.eye(4)[of_class] - mixture(classes, before.classes)
        for context, which in enumerate(classes.classes[0, 1:].tolist()):
            moved = memory.weights.classes.contexts[context][which] - before.classes.contexts[context][which]
            assert moved == pytest.approx(RATE * classes.features[0, 1 + context] @ error, abs=1e-6)


def test_forgetting_is_as_if_nothing_had_been_heard() -> None:
    memory = Memory(VOCABULARY)
    learn(memory, TUNE * 3)
    memory.forget()
    assert (memory.steps, memory.notes, memory.weights) == (0, 0, Memory(VOCABULARY).weights)
    learn(memory, TUNE)
    other = Memory(VOCABULARY)
    past = learn(other, TUNE)
    probabilities = network(1, 1)[0]
    assert np.array_equal(memory.predict(probabilities, past), other.predict(probabilities, past))


def test_it_is_bounded() -> None:
    every_pitch = vocabulary_of(map(str, range(128)))
    assert max(Memory(VOCABULARY).size, Memory(every_pitch).size) < 100e6


def test_a_full_table_forgets_what_was_learned_first() -> None:
    counts = Counts(4, 64)
    keys = np.random.default_rng(1).integers(1 << 63, size=1000, dtype=np.uint64)
    for now, key in enumerate(keys, start=1):
        counts.learn(key[None], counts.find_known(key[None, None]), 2, now)
    found: npt.NDArray[np.float32] = counts.find(keys[None])[0, :, 2]
    assert counts.used == 64 and found.sum() == 64
    assert found[-1] == 1 and not found[:500].any()


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_counts_that_are_taken_back_are_as_they_were(seed: int) -> None:
    draw = np.random.default_rng(seed)
    counts, keys = Counts(4, 16), draw.integers(1 << 63, size=40, dtype=np.uint64)

    def learn_some(now: int) -> Before:
        some = keys[draw.choice(len(keys), 3, replace=False)]
        return counts.learn(some, counts.find_known(some[None]), draw.integers(0, 4, 3), now)

    def all_of_them() -> list[npt.NDArray[np.float64]]:
        parts = next(counts.parts())
        known = counts.find_known(keys[None])
        found = (*parts.values(), counts.find(keys[None]), known.slots, known.certainty)
        return [np.asarray(each, np.float64) for each in found]

    for now in range(1, 30):
        learn_some(now)
    before = all_of_them()
    for taken_back in reversed([learn_some(now) for now in range(30, 60)]):
        counts.restore(taken_back)
    for one, other in zip(before, all_of_them(), strict=True):
        assert np.array_equal(one, other)


def test_start_weights_lie_in_the_bundle(tmp_path: Path) -> None:
    trained = msgspec.structs.replace(UNTRAINED, classes=msgspec.structs.replace(UNTRAINED.classes, network=0.9))
    manifest = Manifest(
        format_version=1,
        sha256={},
        vocabulary_size=V,
        state_size=1,
        initial_state=0,
        context="stream",
        sequence_length=64,
        step=0.25,
        acceptable_durations=[],
    )
    write_bundle(tmp_path / "mine", b"a model", VOCABULARY, manifest, memory=msgspec.json.encode(trained))
    bundle = read_bundle(tmp_path / "mine")
    assert read_weights(bundle.memory, "here") == trained
    memory = Memory(VOCABULARY, trained)
    assert memory.weights.classes.network == 0.9
    (tmp_path / "mine" / MEMORY_FILE).write_bytes(b"{}")
    with pytest.raises(UserError, match="differs from its checksum"):
        read_bundle(tmp_path / "mine")


def test_what_was_learned_can_be_start_weights() -> None:
    memory = Memory(VOCABULARY)
    learn(memory, TUNE * 3)
    content = msgspec.json.encode(memory.weights)
    assert read_weights(content, "here") == memory.weights != UNTRAINED
    assert read_weights(b"", "here") == UNTRAINED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 2}, "format version 2"),
        ({"pitches": {"network": 1.0, "contexts": [[0.0] * 12], "match": [0.3] * 6}}, "another set of contexts"),
        ({"classes": {"network": 1e9, "contexts": [], "match": []}}, "no start weights"),
        ({"classes": 3}, "no start weights"),
    ],
)
def test_weights_that_do_not_fit_are_refused(change: dict[str, object], message: str) -> None:
    content = json.dumps(msgspec.to_builtins(UNTRAINED) | change).encode()
    with pytest.raises(UserError, match=message):
        read_weights(content, "models/mine/memory.json")
