"""What the ABC reader makes of every construct of the standard 2.1 that changes notes or lengths."""

from pathlib import Path

import pytest

from antiphon.melody.grid import read
from antiphon_trainer.corpus.score import Score, Unreadable
from antiphon_trainer.corpus.scores import parse
from antiphon_trainer.corpus.sources import collect

from .conftest import Workplace, joined

KINDS = Path(__file__).parent / "kinds"
RIGHT = {
    "accidental-bar": "66 1 67 1 66 1 67 1 65 4",
    "accidental-tie": "68 8 69 4",
    "chord-tie": "64 3 62 1 64 2 62 2",
    "double-colon": "60 1 62 1 64 1 65 1 67 1 69 1 71 1 72 1",
    "fermata-H": "60 1 62 1 64 1 65 1 67 4",
    "inline-key": "60 1 62 1 64 1 65 1 66 1 66 1 61 2",
    "inline-length": "60 1 62 1 64 1 65 1 67 .5 69 .5 71 .5 72 .5 74 .5 76 .5 77 .5 79 .5",
    "invisible-rest": "60 1 r 1 64 1 65 1 r 4 67 4",
    "measure-rest": "60 1 62 1 64 1 65 1 r 8 67 4",
    "no-L-no-M": "60 .5 62 .5 64 .5 65 .5 67 .5 69 .5 71 .5 72 .5",
    "overlay": "60 1 62 1 64 1 65 1 67 4",
    "voices-inline": "60 1 62 1 64 1 65 1 67 1 69 1 71 1 72 1",
}
HEAD = "X:1\nT:t\nM:4/4\nL:1/4\nK:C\n"


def melody(text: str) -> list[tuple[int | None, float]]:
    """Return pitches, none for a rest, and quarter lengths, of `60 1 r 1`."""
    words = text.split()
    return [(None if a == "r" else int(a), float(b)) for a, b in zip(words[::2], words[1::2], strict=True)]


def scored(text: str) -> Score:
    found = parse(text.encode(), ".abc")
    assert isinstance(found, Score), found
    return found


def heard(text: str) -> list[tuple[int | None, float]]:
    return joined(scored(text).notes)


@pytest.mark.parametrize("name", RIGHT)
def test_small_files_are_prepared_right(workplace: Workplace, name: str) -> None:
    workplace.succeeds("prepare", KINDS / f"abc-{name}.abc", "--durations", "grid")
    (song,) = (workplace.path / "prepared/songs/training").iterdir()
    notes = [(note.pitch, note.steps / 4) for note in read(song.read_text().splitlines()[0].split())]
    assert notes == melody(RIGHT[name])


@pytest.mark.parametrize(
    ("music", "right"),
    [
        # accidentals: to the bar's end in all octaves, over ties for their own note, and naturals
        ("^F f F, =F|F4|", "66 1 78 1 54 1 65 1 65 4"),
        ("%%propagate-accidentals octave\n^F f F, F|F4|", "66 1 77 1 53 1 66 1 65 4"),
        ("[I:propagate-accidentals not]^F F =F F|", "66 1 65 1 65 1 65 1"),
        ("G2 ^G2-|G G z2|", "67 2 68 3 67 1 r 2"),
        ("G2 ^G2-|G ^G z2|", "67 2 68 3 68 1 r 2"),
        ("__B ^^F _A ^c|", "69 1 67 1 68 1 73 1"),
        ("{^f}G F F2|F4|", "67 1 66 1 66 2 65 4"),
        ("^F2 F2 :|2 F4|", "66 2 66 2 65 4"),
        # barlines, repeats, endings
        ("|:C4:|:D4:||:E4:: F4 .| G4 [|] A4 |[| B4 |]", "60 4 62 4 64 4 65 4 67 4 69 4 71 4"),
        ("C4|1 D4:|2 E4|[3,4 F4|[5-6 G4||", "60 4 62 4 64 4 65 4 67 4"),
        ("C4|\n1 D4:|\n2 E4|", "60 4 62 4 64 4"),
        ("C4||\\\n:D4:|", "60 4 62 4"),
        ("E:|\nE:|", "64 1 64 1"),
        # rests and spacers
        ("C x z x/ z/|X|C4|Z2|y16 C3 z|", "60 1 r 7 60 4 r 8 60 3 r 1"),
        ('"Am"[M:3/4]Z|C3|', "r 3 60 3"),
        # lengths, broken rhythm, tuplets
        ("C/ D// E3/2 F1/4 G/4 A3/4 B/2|", "60 .5 62 .25 64 1.5 65 .25 67 .25 69 .75 71 .5"),
        ("C>D E<F|C>>D E<<F|", "60 1.5 62 .5 64 .5 65 1.5 60 1.75 62 .25 64 .25 65 1.75"),
        ("C>>>D E<<<F|", "60 1.875 62 .125 64 .125 65 1.875"),
        ("C > D E{g}<F|G<{a}A z>B|", "60 1.5 62 .5 64 .5 65 1.5 67 .5 69 1.5 r 1.5 71 .5"),
        ("[CE]>[DF] G2|", "64 1.5 65 .5 67 2"),
        ("(3C/D/E/ (3:2:2 F G/ c2|", "60 .3333 62 .3333 64 .3333 65 .6667 67 .3333 72 2"),
        ("(3::2 CD/ (3:2 E/F/G/ (2C/D/|", "60 .6667 62 .3333 64 .3333 65 .3333 67 .3333 60 .75 62 .75"),
        ("(3(C/D/E/) ((3F/z/G/) (5C/D/E/F/G/ z|", None),
        ("(3C/ {g}\"Am\"!f!D/ E/ c3|", "60 .3333 62 .3333 64 .3333 72 3"),
        # chords
        ("[CEG]2 [C2E]/ [ceg]/ [C/E/G/]|", "67 2 64 1 79 .5 67 .5"),
        ('[!1!C"^x"!3!E-] E [^FA-] A|', "64 2 69 2"),
        ("[CE-] [EG] [CG-]4/4 C|", "64 1 67 1 67 1 60 1"),
        ("+CEG+ +f+ C !ff! D +fermata+ E|", "67 1 60 1 62 1 64 1"),
        # ties and slurs
        ("(C- C) D-E|F.-F (G A)-|A4|", "60 2 62 1 64 1 65 2 67 1 69 5"),
        # what has no pitch and no length
        ("HC JD TE ~F|.G LA MB Oc|PC RD Se uf|vC !trill(!D !D.C.!E !<(!F|", None),
        ("\"^Dear a b\"C \"Bb7/D\"D `E$F [r:bcd] ; * ?|", "60 1 62 1 64 1 65 1"),
        ("C D E F| % G A B c|\nw: a b c d|\ns: * * !f!\n+: more\nW:abc|\nG4|", "60 1 62 1 64 1 65 1 67 4"),
        ("P:A\nC4|\nQ:1/4=120\nT:b c\nN:d|\nD4|[P:B]E4|", "60 4 62 4 64 4"),
        ("C D E F| \\\n% between\nw:la\nG4|", "60 1 62 1 64 1 65 1 67 4"),
        ("%%begintext\nA B c d|\n%%endtext\nC4|", "60 4"),
        # overlays and voices
        ("C D E F & C,2 D,2 & E,4 | G4 & c4 & e4 | A4|", "60 1 62 1 64 1 65 1 67 4 69 4"),
        ("g4|e4|&& d4|c4|A4|", "79 4 76 4 69 4"),
        ("V:1\nC4|\nV:2\nE4|\nV:1\nD4|\n[V:2]F4|[V:1]E4|", "60 4 62 4 64 4"),
        ("[V:1]^F4-|[V:2]F4|[V:1]F2 F2|", "66 6 65 2"),
        ("[V:1][K:G]F4|[V:2]F4|[V:1]F4|", "66 4 66 4"),
        ("[V:2]E4|[V:1]C4|", "60 4"),
        ("V:1 perc\nC4|\nV:2\nE4|", "64 4"),
        ("V:1\nz4|\nV:2\nE4|", "64 4"),
        # fields in the line
        ("C4|[M:3/4][L:1/8]C6|[K:Am][K:F]B6|\nK:D\nM:2/4\nL:1/2\nF|", "60 4 60 3 70 3 66 2"),
        ("F4|[K:clef=bass]F4|[K:G]F4|[K:]F4|", "65 4 65 4 66 4 65 4"),
        # macros and user symbols
        ("m: ~G2 = {A}G{F}G\n~G2 ~A2|", "67 1 67 1 69 2"),
        ("m: ~n2 = (3o/n/m/ n\n~G2 ~c2|", "69 .3333 67 .3333 65 .3333 67 1 74 .3333 72 .3333 71 .3333 72 1"),
        ("U: W = !trill!\nWC3 WD|", "60 3 62 1"),
    ],
)  # fmt: skip
def test_constructs(music: str, right: str | None) -> None:
    notes = heard(HEAD + music)
    assert right is None or [(pitch, round(length, 4)) for pitch, length in notes] == melody(right)


def test_decorations_take_nothing_away() -> None:
    notes = scored(HEAD + "HC JD TE ~F|.G LA MB Oc|PC RD Se uf|vC !trill(!D !D.C.!E !<(!F|").notes
    assert [note.pitch for note in notes] == [60, 62, 64, 65, 67, 69, 71, 72, 60, 62, 76, 77, 60, 62, 64, 65]


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        *(("M:2/4\n", 0.25), ("M:3/4\n", 0.5), ("M:6/8\n", 0.5), ("M:C|\n", 0.5), ("M:none\n", 0.5), ("", 0.5)),
        *(("M:5/8\n", 0.25), ("M:2/4\nL:1/2\n", 2), ("L:1\n", 4), ("M:(2+3)/8\n", 0.25), ("M:4/4\nL:1/32\n", 0.125)),
    ],
)
def test_the_unit_length_comes_from_the_metre_where_it_is_not_written(fields: str, length: float) -> None:
    assert scored(f"X:1\n{fields}K:C\nC|").notes[0].quarter_length == length


@pytest.mark.parametrize(
    ("key", "sharps", "mode", "f_c_b_e"),
    [
        ("G", 1, "major", "66 72 71 76"), ("Am", 0, "minor", "65 72 71 76"), ("F# minor", 3, "minor", "66 73 71 76"),
        ("Bb", -2, "major", "65 72 70 75"), ("D dor", 0, "", "65 72 71 76"), ("A MIXOLYDIAN", 2, "", "66 73 71 76"),
        ("Ephr", 0, "", "65 72 71 76"), ("FLyd", 0, "", "65 72 71 76"), ("BLoc", 0, "", "65 72 71 76"),
        ("C#", 7, "major", "66 73 72 77"), ("Cb", -7, "major", "64 71 70 75"), ("EAeolian", 1, "minor", "66 72 71 76"),
        ("C ionian", 0, "major", "65 72 71 76"), ("D =c", 1, "", "66 72 71 76"), ("D exp _b _e ^f", -2, "", None),
        ("Amin clef=bass", 0, "minor", "65 72 71 76"), ("Hp", 2, "", "66 73 71 76"), ("HP", 2, "", "66 73 71 76"),
        ("D Phr ^f", -2, "", "66 72 70 75"), ("G octave=1", 1, "major", "78 84 83 88"),
        ("C treble-8", 0, "major", "53 60 59 64"), ("D transpose=-2", 0, "major", "64 71 69 74"),
        ("C t=12", 0, "major", "77 84 83 88"), ("C middle=d bass", 0, "major", "65 72 71 76"),
    ],
)  # fmt: skip
def test_keys(key: str, sharps: int, mode: str, f_c_b_e: str | None) -> None:
    score = scored(f"X:1\nM:4/4\nL:1/4\nK:{key}\nF c B e|")
    assert (score.sharps, score.key_source, score.mode) == (sharps, "record", mode)
    assert f_c_b_e is None or [note.pitch for note in score.notes] == [int(pitch) for pitch in f_c_b_e.split()]


@pytest.mark.parametrize("key", ["none", "", "clef=bass"])
def test_without_a_key_the_notes_say_it(key: str) -> None:
    score = scored(f"X:1\nM:4/4\nL:1/4\nK:{key}\n^F G A B|^c d ^c d|D4|A4|F|")
    assert (score.key_source, score.sharps) == ("analysis", 2)
    assert score.notes[-1].pitch == 65


def test_a_voices_clef_and_octave_are_its_own() -> None:
    score = scored('X:1\nM:4/4\nL:1/4\nV:T name="bass" clef=treble-8\nV:B octave=-1\nK:C\n[V:T]C4|\n[V:B]c4|')
    assert [note.pitch for note in score.notes] == [48]


def test_bars_are_as_written_and_several_without_barline_between_are_told_apart() -> None:
    bars = scored(HEAD + "C|D4|E4\nF4|[M:2/4]G2|A2|Z|").bars
    assert [(bar.start, bar.length) for bar in bars] == [(0, 4), (1, 4), (5, 4), (9, 4), (13, 2), (15, 2), (17, 2)]
    assert scored("X:1\nL:1/4\nM:none\nK:C\nC D|E F G|").bars == []


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        (HEAD + "C D E F G|", "a bar that is longer than its metre", "bar 1: 5 quarter lengths, the metre has 4"),
        (HEAD + 'C D E F|\n"Am C D|', "ABC that can't be read", "in line 7"),
        (HEAD + "C D {E F|", "ABC that can't be read", "'{E F|' in line 6"),
        (HEAD + "C ^/D E F|", "ABC that can't be read", "'^/D E F|' in line 6"),
        (HEAD + "C0 D|", "ABC that can't be read", "'C0' in line 6"),
        (HEAD + "C !DEF! G|", "ABC that can't be read", "'!DEF!' in line 6"),
        (HEAD + "C [CE D|", "ABC that can't be read", "in line 6"),
        (HEAD + "C (1D E|", "ABC that can't be read", "'(1' in line 6"),
        (HEAD + "(& C D & E F &) G A|", "ABC that can't be read", "'(& C D & E F' in line 6"),
        (HEAD + "C =20 D|", "ABC that can't be read", "'=20 D|' in line 6"),
        (HEAD + "C 2 D|", "ABC that can't be read", "'2' in line 6"),
        (HEAD + "C D E F|\n\nG A B c|", "music after the end of the tune", "line 8"),
        (HEAD + "z4|Z2|", "no notes", ""),
        (HEAD + "C>>>>>D E|", "ABC that can't be read", "'>' in line 6"),
        (HEAD + "(3(3(3(3CDE", "ABC that can't be read", "'(3' in line 6"),
        (HEAD + "C" + "9" * 5000 + "|", "ABC that can't be read", "in line 6"),
        ("X:1\nK:C\nZ2|C|", "a rest of whole bars without a metre", "line 3"),
        ("X:1\nK:H\nC|", "a key that ABC doesn't know", "K:H in line 2"),
        ("X:1\nK:EM\nC|", "a key that ABC doesn't know", "K:EM in line 2"),
        ("X:1\nM:FREI4/4\nK:C\nC|", "a metre that ABC doesn't know", "M:FREI4/4 in line 2"),
        ("X:1\nL:long\nK:C\nC|", "a unit length that ABC doesn't know", "L:long in line 2"),
        ("X:1\nm:~G2\nK:C\nC|", "a macro that can't be read", "m:~G2 in line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, reason: str, detail: str) -> None:
    found = parse(text.encode(), ".abc")
    assert isinstance(found, Unreadable), found
    assert found.reason == reason
    assert detail in found.detail


def test_lines_that_old_files_break_with_exclamation_marks() -> None:
    fields = "X:1\nM:4/4\nL:1/4\nI:linebreak !\nK:C\n"
    assert [note.pitch for note in scored(fields + "C D E F|!GABc! C4|").notes] == [60, 62, 64, 65, 67, 69, 71, 72, 60]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_books_of_every_encoding_and_line_end_are_taken_apart(tmp_path: Path, encoding: str, end: str) -> None:
    book = "L:1/4\n\nX:1\nT:Übung\nK:C\nC2\n\nX:2\nT:t\nK:D\nF2\n"
    (tmp_path / "book.abc").write_bytes(book.replace("\n", end).encode(encoding))
    scores = [parse(source.read(), ".abc") for source in collect([str(tmp_path)])]
    assert [score.title for score in scores if isinstance(score, Score)] == ["Übung", "t"]
    assert [[note.pitch for note in score.notes] for score in scores if isinstance(score, Score)] == [[60], [66]]
