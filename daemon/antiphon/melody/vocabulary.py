"""The vocabulary: which symbols a model knows, and the token of each.

A melody is text, one symbol a step: `"60"` a note starts (MIDI number), `"_"` what sounds goes on,
`"r"` silence starts, `"/"` a song ends. A mapping gives every symbol its token, the integer that the
network reads and predicts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.budgets import MAPPING_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file

HOLD = "_"
REST = "r"
END = "/"
LAST_MIDI_NOTE = 127
LOWEST_FOLDED, HIGHEST_FOLDED = -128, 255
"""The pitches that folding can be asked for: MIDI's, shifted by a phrase's octaves and a transposition."""


@dataclass(frozen=True)
class Vocabulary:
    """Symbols in the order of their tokens: `symbols[token]` is the symbol of `token`."""

    symbols: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def tokens(self) -> dict[str, int]:
        """Symbol → token."""
        return {symbol: token for token, symbol in enumerate(self.symbols)}

    @cached_property
    def hold(self) -> int:
        """The token of `"_"`."""
        return self.tokens[HOLD]

    @cached_property
    def rest(self) -> int:
        """The token of `"r"`."""
        return self.tokens[REST]

    @cached_property
    def end(self) -> int:
        """The token of `"/"`, which is also what a fresh performance starts from."""
        return self.tokens[END]

    @cached_property
    def pitches(self) -> dict[int, int]:
        """MIDI note number → token, in rising order of pitch."""
        numbers = sorted((int(s), t) for s, t in self.tokens.items() if s not in (HOLD, REST, END))
        return dict(numbers)

    @cached_property
    def pitch_tokens(self) -> npt.NDArray[np.intp]:
        """The tokens of the pitches, in rising order of pitch."""
        return np.array(list(self.pitches.values()), dtype=np.intp)

    def density_weights(self, density: float) -> npt.NDArray[np.float32]:
        """Return what tokens' probabilities are multiplied by so that fewer notes start, (V,): pitches by `density`."""
        weights = np.ones(len(self), np.float32)
        weights[self.pitch_tokens] = density
        return weights

    @cached_property
    def pitch_numbers(self) -> npt.NDArray[np.intp]:
        """The pitches as MIDI note numbers, rising; `pitch_numbers[i]` is the pitch of `pitch_tokens[i]`."""
        return np.array(list(self.pitches), dtype=np.intp)

    @cached_property
    def pitch_classes(self) -> npt.NDArray[np.intp]:
        """The pitch class (0…11) of each token, (V,); 0 of the special tokens, which have none."""
        classes = np.zeros(len(self), np.intp)
        classes[self.pitch_tokens] = self.pitch_numbers % 12
        return classes

    @cached_property
    def class_table(self) -> npt.NDArray[np.float32]:
        """Which pitch class each token is of, (V, 12): 1 or 0. The special tokens are of none."""
        table = np.zeros((len(self), 12), np.float32)
        table[self.pitch_tokens, self.pitch_numbers % 12] = 1
        return table

    @cached_property
    def _folded(self) -> npt.NDArray[np.intp]:
        known = list(self.pitches)
        by_class: dict[int, list[int]] = {}
        for pitch in known:
            by_class.setdefault(pitch % 12, []).append(pitch)
        return np.array(
            [
                # A pitch class that the corpus lacks altogether takes the nearest pitch there is.
                self.pitches[min(by_class.get(pitch % 12, known), key=lambda p: (abs(p - pitch), p))]
                for pitch in range(LOWEST_FOLDED, HIGHEST_FOLDED + 1)
            ],
            dtype=np.intp,
        )

    def fold(self, pitches: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return the tokens of pitches (−128…255); one that is unknown becomes the nearest, whole octaves away."""
        return self._folded[pitches - LOWEST_FOLDED]


@dataclass(frozen=True)
class SpecialTokens:
    """The symbols by which a mapping from elsewhere calls hold, rest and end."""

    hold: str = HOLD
    rest: str = REST
    end: str = END

    def translated(self, mapping: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return a mapping in which they have our names.

        Raises:
            UserError: it lacks one of them, or two have one name.
        """
        names = {self.hold: HOLD, self.rest: REST, self.end: END}
        missing = [name for name in names if name not in mapping]
        if len(names) < 3 or missing:
            raise UserError(
                f"{where}: hold, rest and end must be three of its symbols; they are named "
                f"{self.hold!r}, {self.rest!r} and {self.end!r}, and it has {', '.join(map(repr, list(mapping)[:6]))} …"
            )
        return {names.get(symbol, symbol): token for symbol, token in mapping.items()}


def vocabulary_of(symbols: Iterable[str]) -> Vocabulary:
    """Return the vocabulary of a corpus: its symbols and hold, rest and end, sorted as text.

    Sorted, because a `set()` has another order in every run, and a model with another run's mapping is noise.
    """
    return Vocabulary(tuple(sorted({*symbols, HOLD, REST, END})))


def vocabulary_from_mapping(mapping: Mapping[str, Any], where: str) -> Vocabulary:
    """Check a symbol → token mapping and return its vocabulary.

    Raises:
        UserError: a token is missing, doubled or no integer, a sign is missing, or a symbol is no MIDI note.
    """
    if not isinstance(mapping, dict) or not mapping:
        raise UserError(f'{where}: not a mapping of symbols to tokens (an object like {{"60": 0, "_": 1}})')
    for symbol, token in mapping.items():
        if type(token) is not int:
            raise UserError(f"{where}: the token of {symbol!r} is {token!r}, which is no integer")
    if sorted(mapping.values()) != list(range(len(mapping))):
        raise UserError(
            f"{where}: the tokens must be 0…{len(mapping) - 1}, each once; "
            "one is missing or doubled: take the mapping that was written with the model"
        )
    for symbol, meaning in ((HOLD, "hold"), (REST, "rest"), (END, "end of song")):
        if symbol not in mapping:
            raise UserError(f"{where}: lacks the symbol {symbol!r} ({meaning})")
    notes = [s for s in mapping if s not in (HOLD, REST, END)]
    for symbol in notes:
        if not (symbol.isascii() and symbol.isdigit() and len(symbol) <= 3 and int(symbol) <= LAST_MIDI_NOTE):
            raise UserError(f"{where}: the symbol {symbol!r} is no MIDI note number (0…127)")
    if not notes:
        raise UserError(f"{where}: holds no pitch at all")
    return Vocabulary(tuple(sorted(mapping, key=lambda symbol: mapping[symbol])))


def read_mapping(path: Path, special: SpecialTokens | None = None) -> Vocabulary:
    """Read `mapping.json`; `special` are its symbols for hold, rest and end, where they are not ours.

    Raises:
        UserError: the file can't be read or is no valid mapping.
    """
    try:
        content = json.loads(read_file(path, MAPPING_BYTES).decode())
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); every model needs its mapping") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: is no JSON ({error})") from None
    if special and special != SpecialTokens() and isinstance(content, dict):
        content = special.translated(content, str(path))
    return vocabulary_from_mapping(content, str(path))


def mapping_text(vocabulary: Vocabulary) -> str:
    """Return the content of `mapping.json` for a vocabulary."""
    return json.dumps(vocabulary.tokens, indent=1) + "\n"
