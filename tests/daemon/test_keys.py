import pytest

from antiphon.errors import UserError
from antiphon.melody.keys import SIGNATURES, parse_key, signature_name, transposition


@pytest.mark.parametrize(
    ("name", "sharps"),
    [
        *(("C", 0), ("G", 1), ("D", 2), ("Eb", -3), ("E♭", -3), ("F#", 6), ("Gb", 6), ("Db", -5), ("C#", -5)),
        *(("Am", 0), ("a", 0), ("c", -3), ("c#m", 4), ("C#m", 4), ("bb", -5), ("b", 2), ("d#", 6), ("eb", 6)),
        *(("E- major", -3), ("B minor", 2), ("Bbmin", -5), (" Eb ", -3)),
    ],
)
def test_names_of_keys(name: str, sharps: int) -> None:
    assert parse_key(name) == sharps


@pytest.mark.parametrize("name", ["", "H", "Ebb", "c major", "auto", "E flat", "3"])
def test_what_is_no_key(name: str) -> None:
    with pytest.raises(UserError, match="Eb"):
        parse_key(name)


@pytest.mark.parametrize("sharps", SIGNATURES)
def test_transposition_brings_the_tonic_to_c_by_the_nearest_octave(sharps: int) -> None:
    tonic = parse_key(signature_name(sharps).split()[0])
    assert tonic == sharps
    assert -6 <= transposition(sharps) <= 5
    assert (7 * sharps + transposition(sharps)) % 12 == 0
