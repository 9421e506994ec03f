import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.melody.vocabulary import vocabulary_of
from antiphon_trainer.network import cue_step, cues
from antiphon_trainer.network.cues import columns, offsets, table_size, without_metre

VOCABULARY = vocabulary_of(["60", "62", "64", "65", "67"])
SIZE = len(VOCABULARY)
NAMES = [column.name for column in columns(SIZE)]


def tokens(text: str) -> np.ndarray:
    return np.array([VOCABULARY.tokens[symbol] for symbol in text.split()], np.int32)


def cue(found: np.ndarray, step: int, name: str) -> int:
    index = NAMES.index(name)
    return int(found[step, index] - offsets(SIZE)[index])


def without_bars(line: np.ndarray) -> np.ndarray:
    unknown = np.zeros(len(line), np.int32)
    return cues.cues(line, unknown, unknown, VOCABULARY)


graph = tf.function(lambda token, position, bar, state: cue_step.cue_step(token, position, bar, state, VOCABULARY))


# Songs that repeat themselves, so that there is something to be reminded of.
passages = st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=12)
songs = st.lists(st.tuples(passages, st.integers(1, 3)), min_size=1, max_size=8).map(
    lambda parts: np.array([VOCABULARY.end, *(t for passage, times in parts for t in passage * times)], np.int32)
)


@settings(deadline=None, max_examples=25)
@given(songs, st.sampled_from([0, 3, 8, 16]), st.integers(0, 20))
def test_a_step_at_a_time_finds_the_same_cues_as_the_whole_song(song: np.ndarray, bar: int, upbeat: int) -> None:
    bars = np.full(len(song), bar, np.int32)
    position = ((np.arange(len(song)) + upbeat) % max(bar, 1)).astype(np.int32)
    expected = cues.cues(song, position, bars, VOCABULARY)
    state = tf.zeros((1, cue_step.STATE_SIZE))
    for step in range(len(song)):
        one = slice(step, step + 1)
        found, state = graph(song[one], position[one], bars[one], state)
        assert found.numpy()[0].tolist() == expected[step].tolist()


def test_what_is_out_of_reach_is_forgotten_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cues, cue_step):
        monkeypatch.setattr(module, "REACH", 12)
    monkeypatch.setattr(cue_step, "STATE_SIZE", 3 * 12 + 4)
    song = np.random.default_rng(1).integers(0, SIZE, 12)
    song = np.concatenate([song, song[3:9], song, song[5:]]).astype(np.int32)
    bars, position = np.full(len(song), 3, np.int32), (np.arange(len(song)) % 3).astype(np.int32)
    expected = cues.cues(song, position, bars, VOCABULARY)
    state = tf.zeros((1, cue_step.STATE_SIZE))
    for step in range(len(song)):
        one = slice(step, step + 1)
        found, state = cue_step.cue_step(song[one], position[one], bars[one], state, VOCABULARY)
        assert found.numpy()[0].tolist() == expected[step].tolist()


@given(songs, st.sampled_from([0, 4, 16]))
def test_every_cue_is_a_row_of_its_own_part_of_the_table(song: np.ndarray, bar: int) -> None:
    bars = np.full(len(song), bar, np.int32)
    position = (np.arange(len(song)) % max(bar, 1)).astype(np.int32)
    found = cues.cues(song, position, bars, VOCABULARY) - offsets(SIZE)
    sizes = np.array([column.size for column in columns(SIZE)])
    assert (found >= 0).all()
    assert (found < sizes).all()
    assert table_size(SIZE) == sizes.sum()


def test_a_passage_that_comes_back_says_how_it_went_on() -> None:
    found = without_bars(tokens("/ 60 62 64 65 67 60 62 64"))
    classes = len(cues.LENGTHS) + 1
    goes_on = cue(found, 8, "melody goes on with, symbols alike")
    assert goes_on // classes == VOCABULARY.tokens["65"]
    assert goes_on % classes == 3  # three symbols are alike
    assert cue(found, 5, "melody goes on with, symbols alike") == SIZE * classes  # 67 was not heard before


def test_the_longest_and_then_the_latest_passage_counts() -> None:
    classes = len(cues.LENGTHS) + 1
    longest = without_bars(tokens("/ 60 62 64 67 62 65 60 62"))
    assert cue(longest, 8, "melody goes on with, symbols alike") // classes == VOCABULARY.tokens["64"]
    latest = without_bars(tokens("/ 62 64 67 62 65 60 62"))
    assert cue(latest, 7, "melody goes on with, symbols alike") // classes == VOCABULARY.tokens["65"]


def test_a_rhythm_that_comes_back_says_what_comes_next_whatever_the_pitches() -> None:
    found = without_bars(tokens("/ 60 _ _ 62 r 64 _ _ 65"))
    assert cue(found, 9, "rhythm goes on with") // (len(cues.LENGTHS) + 1) == cues.RESTS


def test_earlier_bars_are_seen_from_the_step_to_be_predicted() -> None:
    line = tokens("/ 60 62 64 65 67 _")
    bars, position = np.full(len(line), 3, np.int32), (np.arange(len(line)) % 3).astype(np.int32)
    found = cues.cues(line, position, bars, VOCABULARY)
    assert cue(found, 4, "symbol 1 bars ago") == VOCABULARY.tokens["62"]  # predicts the step after 65
    assert cue(found, 6, "symbol 2 bars ago") == VOCABULARY.tokens["60"]
    assert cue(found, 1, "symbol 1 bars ago") == SIZE  # before the song


def test_a_sounding_note_ages() -> None:
    found = without_bars(tokens("/ 60 _ _ 62"))
    assert [cue(found, step, "age") for step in range(5)] == [0, 0, 1, 2, 0]
    assert cue(found, 3, "sounding") == VOCABULARY.tokens["60"]


@given(songs)
def test_forgetting_the_metre_is_never_having_known_it(song: np.ndarray) -> None:
    bars = np.full(len(song), 8, np.int32)
    position = (np.arange(len(song)) % 8).astype(np.int32)
    assert (without_metre(cues.cues(song, position, bars, VOCABULARY), SIZE) == without_bars(song)).all()
