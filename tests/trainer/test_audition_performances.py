"""Hearing people play, through the command: small performances whose truth is known, in each form that is read."""

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from typer.testing import CliRunner

from antiphon.errors import UserError
from antiphon_trainer.audition.performances import intervals, scores
from antiphon_trainer.audition.performances.hearing import HeardNote
from antiphon_trainer.audition.performances.match_files import key_signatures, read_match
from antiphon_trainer.audition.performances.performance import Performance, PlayedNote, beats_of
from antiphon_trainer.audition.performances.sources import find_performances
from antiphon_trainer.cli import app

BPM = 96
TUNE = [60, 62, 64, 65, 67, 65, 64, 62, 60, 64, 67, 64, 65, 62, 59, 62, 60, 62, 64, 65, 67, 69, 71, 72]
"""In C major, in eighths."""
BASS = 43
"""Under each note of the tune, an eighth later than the one before: a left hand that never pauses."""


def odd(stem: str) -> str:
    """Return a name that starts so and whose SHA-256 is odd."""
    return next(name for n in range(100) if hashlib.sha256((name := f"{stem}{n}").encode()).digest()[-1] % 2)


def even(stem: str) -> str:
    """Return a name that starts so and whose SHA-256 is even."""
    return next(name for n in range(100) if not hashlib.sha256((name := f"{stem}{n}").encode()).digest()[-1] % 2)


def measured(*arguments: object) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["audition", "--json", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    (source,) = json.loads(done.stdout)["sources"]
    return dict(source)


def complaint(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["audition", *map(str, arguments)])
    assert isinstance(done.exception, UserError)
    return str(done.exception)


def save_csv(
    path: Path,
    beats: Sequence[float],
    phrases: Iterable[int] | None = None,
    pitches: Sequence[int] = TUNE,
    bpm: float = BPM,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    phrase = list(phrases or [1] * len(beats))
    rows = [
        f"{beat * 60 / bpm:.4f},{0.2},{pitches[n % len(pitches)]},{beat},{phrase[n]},0" for n, beat in enumerate(beats)
    ]
    path.write_text("\n".join(["onset,duration,pitch,beat,phrase,sharps", *rows]) + "\n", encoding="utf-8")


def save_match(path: Path, late: int = 0) -> None:
    """Write a performance of the tune over a left hand in quarters, with the score that it was played from.

    The melody is `late` ticks behind the bass, of which there are 960 a second.
    """
    lines = [
        "info(matchFileVersion,1.0.0).",
        "info(midiClockUnits,480).",
        "info(midiClockRate,500000).",
        "scoreprop(keySignature,C,1:1,0,0.0000).",
        "scoreprop(timeSignature,4/4,1:1,0,0.0000).",
    ]
    tick = 480 * 2 * 60 / BPM  # of a quarter note: the file's clock counts 960 ticks a second
    number = 0
    names = ["C", "C", "D", "D", "E", "F", "F", "G", "G", "A", "A", "B"]
    for eighth, pitch in enumerate(TUNE):
        sharp = "#" if pitch % 12 in (1, 3, 6, 8, 10) else "n"
        voices = [(pitch, 1, 1, eighth / 2)]
        if eighth % 2 == 0:
            voices.append((BASS, 5, 2, eighth / 2))
        for each, voice, staff, quarter in voices:
            number += 1
            name = f"[{names[each % 12]},{sharp if each == pitch else 'n'}],{each // 12 - 1}"
            length = 0.5 if voice == 1 else 1.0
            bar, beat = int(quarter // 4) + 1, int(quarter % 4) + 1
            offset = "1/8" if quarter % 1 else "0"
            on = round((quarter + 1) * tick) + (late if voice == 1 else 0)
            lines.append(
                f"snote(n{number},{name},{bar}:{beat},{offset},1/{round(4 / length)},{quarter:.4f},"
                f"{quarter + length:.4f},[v{voice},staff{staff}])-note({number},{each},{on},"
                f"{on + round(0.9 * length * tick)},70,0,0)."
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def save_midi(path: Path, notes: Iterable[tuple[float, float, int]]) -> None:
    """Write (on, off, pitch) in seconds, rounded to milliseconds."""
    file = mido.MidiFile(ticks_per_beat=500)  # at 120 BPM a tick is a millisecond
    track, now = file.add_track(), 0
    messages = [(round(on * 1000), 1, pitch) for on, _, pitch in notes]
    messages += [(round(off * 1000), 0, pitch) for _, off, pitch in notes]
    for at, is_on, pitch in sorted(messages):
        track.append(mido.Message("note_on" if is_on else "note_off", note=pitch, velocity=70 * is_on, time=at - now))
        now = at
    file.save(path)


def test_a_slow_melody_is_heard_at_its_own_tempo_where_one_near_it_is_set(tmp_path: Path) -> None:
    path = tmp_path / "slow" / f"{odd('a')}.csv"
    save_csv(path, [n / 2 for n in range(40)], bpm=45)
    found = measured("--performances", path.parent)
    assert (found["intervals"], found["intervals_at_1"]) == (1, 0)
    assert (found["intervals_nearby"], found["intervals_nearby_at_1"]) == (1, 1)


@pytest.mark.parametrize("is_known", [True, False])
def test_what_may_be_6_8_or_swung_is_right_as_either(tmp_path: Path, is_known: bool) -> None:
    rows = ["onset,duration,pitch,beat,played,swung"]
    for beat in range(24):
        for part, swung in ((0, 0), (2 / 3, 0.5)):
            onset = (beat + part) * 60 / 124
            read_too = str(beat + swung) if is_known else ""
            rows.append(f"{onset:.4f},0.15,{TUNE[beat % len(TUNE)]},{(beat + part) * 1.5},{beat + part},{read_too}")
    (tmp_path / "sung").mkdir()
    (tmp_path / "sung" / f"{odd('a')}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = measured("--performances", tmp_path / "sung")
    assert (found["intervals_at_1"] == 1) is is_known


def test_a_steady_melody_is_heard_right_but_for_what_is_no_sixteenth(tmp_path: Path) -> None:
    eighths = [n / 2 for n in range(40)]
    save_csv(tmp_path / "solos" / f"{odd('a')}.csv", eighths)
    found = measured("--performances", tmp_path / "solos")
    assert (found["source"], found["performances"], found["notes"]) == ("solos", 1, 40)
    assert found["intervals"] == found["intervals_at_1"] == found["nearest"] == found["annotated"] == 1
    assert found["no_grid"] == 0
    assert found["answers"] == 1  # the first note is on the beat
    assert found["key_of_all"] > 0.5
    triplets = [*eighths[:20], *(10 + n / 3 for n in range(30))]
    save_csv(tmp_path / "triplets" / f"{odd('a')}.csv", triplets)
    assert measured("--performances", tmp_path / "triplets")["no_grid"] == pytest.approx(29 / 41)


def test_phrases_are_found_at_long_rests(tmp_path: Path) -> None:
    beats = [*(n / 2 for n in range(16)), *(12 + n / 2 for n in range(16)), *(20 + n / 2 for n in range(8))]
    phrases = [1] * 16 + [2] * 16 + [3] * 8
    save_csv(tmp_path / "solos" / f"{odd('a')}.csv", beats, phrases)
    found = measured("--performances", tmp_path / "solos")
    assert (found["phrase_recall"], found["phrase_precision"]) == (0.5, 1)  # the third starts without a rest


def test_only_one_half_is_measured_and_at_most_so_many(tmp_path: Path) -> None:
    for n in range(8):
        save_csv(tmp_path / "solos" / f"solo{n}.csv", [beat / 2 for beat in range(12 + n)])
    lengths = {
        half: sum(12 + n for n in range(8) if hashlib.sha256(f"solo{n}".encode()).digest()[-1] % 2 == parity)
        for half, parity in (("even", 0), ("odd", 1))
    }
    assert measured("--performances", tmp_path / "solos")["notes"] == lengths["odd"]
    assert measured("--performances", tmp_path / "solos", "--half", "even")["notes"] == lengths["even"]
    assert measured("--performances", tmp_path / "solos", "--most", 1)["performances"] == 1
    assert lengths["odd"] and lengths["even"]


def test_a_match_file_tells_melody_from_accompaniment(tmp_path: Path) -> None:
    save_match(tmp_path / "pianists" / f"{odd('p')}.match")
    found = measured("--performances", tmp_path / "pianists")
    assert found["notes"] == len(TUNE)
    assert found["intervals"] == found["annotated"] == 1
    assert found["melody_recall"] == found["melody_precision"] == 1  # chords: the upper note is the melody
    assert found["heard_alone"] == 1
    assert found["texture_key_after_8"] == 1
    assert found["texture_key_of_all"] > 0.9
    save_match(tmp_path / "rolled" / f"{odd('p')}.match", late=15)
    assert measured("--performances", tmp_path / "rolled")["melody_precision"] == 1  # 16 ms: still a chord
    save_match(tmp_path / "leading" / f"{odd('p')}.match", late=40)
    found = measured("--performances", tmp_path / "leading")
    assert found["melody_recall"] == 1
    assert found["melody_precision"] >= 2 / 3  # the bass is 42 ms earlier: who takes it for the melody gets no more


def test_a_match_file_has_keys(tmp_path: Path) -> None:
    path = tmp_path / "p.match"
    save_match(path)
    text = path.read_text().replace("Signature,C,1:1", "Signature,Eb,1:1")
    text += "scoreprop(keySignature,Cm,3:1,0,0.0000).\nscoreprop(keySignature,F#m,2:1,0,4.0000).\n"
    path.write_text(text)
    assert key_signatures(path) == [(0.0, -3), (8.0, -3), (4.0, 3)]
    sharps = [note.sharps for note in read_match(path, "p").melody]
    assert sharps == [-3] * 8 + [3] * 8 + [-3] * 8


def test_an_inner_voice_is_no_melody_and_a_grace_note_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "pianists" / f"{odd('p')}.match"
    save_match(path)
    plain = read_match(path, "p")
    end = 480 * 2 * 60 / BPM * 13.2
    text = path.read_text().replace("12.0000,[v1,staff1]", "13.0000,[v1,staff1]")  # the last note is held
    for number, (name, place, length, until, kind, pitch, on) in enumerate(
        [
            ("[G,n],4", "3:4,3/16", "1/16", 12.0, "v2,staff1", 67, end),
            ("[A,n],5", "3:4,1/8", "0", 11.5, "v1,staff1,grace", 81, end - 500),
        ]
    ):
        start = 11.75 if length != "0" else 11.5
        text += (
            f"snote(m{number},{name},{place},{length},{start:.4f},{until:.4f},[{kind}])-note({90 + number},"
            f"{pitch},{round(on)},{round(on) + 40},70,0,0).\n"
        )
    path.write_text(text)
    more = read_match(path, "p")
    assert [note.pitch for note in more.melody] == [note.pitch for note in plain.melody] == TUNE
    assert len(more.texture) == len(plain.texture) + 2
    assert {pitch for _, pitch in more.ornaments} == {81}
    found = measured("--performances", path.parent)
    assert found["melody_precision"] == pytest.approx(24 / 25)  # the inner voice; the grace note doesn't count
    assert found["answers_in_texture"] > 0.8


def test_annotated_midi_has_beats_and_key(tmp_path: Path) -> None:
    folder = tmp_path / "asap"
    folder.mkdir()
    name = odd("p")
    save_midi(folder / f"{name}.mid", [(n * 0.3, n * 0.3 + 0.25, pitch) for n, pitch in enumerate(TUNE)])
    beats = [f"{n * 0.6}\t{n * 0.6}\t{'db,4/4,0' if n == 0 else 'b'}" for n in range(13)]
    (folder / f"{name}_annotations.txt").write_text("\n".join(beats), encoding="utf-8")
    found = measured("--performances", folder)
    assert found["answers"] == 1
    assert found["key_of_all"] > 0.5
    assert "intervals" not in found  # nobody says which notes are the melody


def test_a_recording_that_is_aligned_with_a_score(tmp_path: Path) -> None:
    import music21

    (tmp_path / "novices" / "Scores").mkdir(parents=True)
    part = music21.stream.Part()
    part.append(music21.meter.TimeSignature("4/4"))
    for pitch in TUNE:
        part.append(music21.note.Note(pitch, quarterLength=0.5))
    part.write("mxl", tmp_path / "novices" / "Scores" / "Tune.mxl")
    number = next(n for n in range(1, 100) if hashlib.sha256(f"takes/Tune.{n:03}".encode()).digest()[-1] % 2)
    takes = tmp_path / "novices" / "takes"
    takes.mkdir()
    save_midi(
        takes / f"Tune-{number:02}.mid",
        [(1 + n * 0.3 + 0.01, 1 + n * 0.3 + 0.2, pitch) for n, pitch in enumerate(TUNE)] + [(1.1, 1.2, 40)],
    )
    moments = [f"{n // 8 + 1}+{n % 8}/8\t{1 + n * 0.3}" for n in range(len(TUNE))]
    (takes / f"Tune.{number:03}.txt").write_text("\n".join(moments), encoding="utf-8")
    found = measured("--performances", tmp_path / "novices")
    assert found["notes"] == len(TUNE)
    assert found["intervals"] == found["annotated"] == 1
    assert found["melody_recall"] == 1
    assert found["melody_precision"] == pytest.approx(24 / 25)
    late = [f"{n // 8 + 1}+{n % 8}/8\t{41 + n * 0.3}" for n in range(len(TUNE))]  # of a recording that began before
    (takes / f"Tune.{number:03}.txt").write_text("\n".join(late), encoding="utf-8")
    assert measured("--performances", tmp_path / "novices") == found
    (takes / f"Tune.{number:03}.txt").write_text("\n".join(late[:12]), encoding="utf-8")
    done = CliRunner().invoke(app, ["audition", "--performances", str(tmp_path / "novices")])
    assert "12 of 24 notes are in the recording at their times; left out" in done.stderr


def test_the_table_has_a_column_a_source(tmp_path: Path) -> None:
    for source in ("first", "second"):
        save_csv(tmp_path / source / f"{odd('a')}.csv", [n / 2 for n in range(20)])
    arguments = ["audition", "--performances", tmp_path / "first", "--performances", tmp_path / "second"]
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == 0, done.output
    head, *rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in head[1:]] == ["first (1)", "second (1)"]
    cells = {row[0].strip(): row[1].strip() for row in rows}
    assert cells["intervals right, one factor ½/1/2 allowed (none)"] == "1 (1)"
    assert cells["melody in the texture: precision/recall/F1"] == "–"


def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is no folder" in complaint("--performances", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "holds no performance whose name's SHA-256 is odd" in complaint("--performances", tmp_path / "empty")
    folder = tmp_path / "solos"
    good, bad = f"{odd('a')}.csv", f"{odd('b')}.csv"
    save_csv(folder / good, [n / 2 for n in range(20)])
    (folder / bad).write_text("onset,duration,pitch,beat\n1,much,60,0\n", encoding="utf-8")
    (folder / f"{odd('c')}.match").write_text("nothing", encoding="utf-8")
    done = CliRunner().invoke(app, ["audition", "--json", "--performances", str(folder)])
    assert json.loads(done.stdout)["sources"][0]["performances"] == 1
    assert len(done.stderr.strip().splitlines()) == 2
    assert bad in done.stderr and "must be numbers" in done.stderr
    monkeypatch.setitem(sys.modules, "partitura", None)
    monkeypatch.setattr("antiphon_trainer.audition.performances.command.find_spec", lambda _name: None)
    assert 'pip install "antiphon[trainer,performances]"' in complaint("--performances", folder)


def performance(quarters: Sequence[float]) -> Performance:
    notes = [PlayedNote(q, q + 0.2, 60, q, 0) for q in quarters]
    return Performance("p", notes, beats=beats_of((note.quarter, note.on) for note in notes))


def test_one_factor_counts_for_a_whole_performance() -> None:
    played = performance([n / 2 for n in range(21)])
    twice = np.full(20, 4.0)
    assert intervals.right(twice, played) == (12, 0, 12)
    mixed = np.array([2.0] * 15 + [4.0] * 5)
    assert intervals.right(mixed, played) == (7, 7, 12)
    assert intervals.right(np.full(20, np.nan), played) == (0, 0, 12)


def test_an_eighth_of_a_beat_is_on_the_beat() -> None:
    played = performance(range(30))

    def heard(next_beat: float) -> HeardNote:
        return HeardNote(0, 0, 100.0, 0, False, next_beat, next_beat, next_beat)

    notes = [heard(beat) for beat in [0.5] * 8 + [12.12, 13.88, 14.13, 15.5]]
    assert scores.answers_on_the_beat(notes, played) == (2, 4)


def test_a_start_on_a_beat_is_on_a_downbeat_where_a_bar_begins() -> None:
    waltz = replace(performance(range(30)), downbeats=tuple(range(0, 30, 3)))
    starts = [0.0] * 8 + [12.0, 13.0, 15.1, 16.5]
    assert scores.starts_on_downbeats(starts, waltz) == (2, 4)
    assert scores.starts_on_downbeats(starts, performance(range(30))).value is None


def test_a_jump_of_tempo_is_one_by_half(tmp_path: Path) -> None:
    notes = [HeardNote(n, n, bpm, 0, False, 0.0, 0.0, 0.0) for n, bpm in enumerate([100.0] * 10 + [140.0, 100.0])]
    assert scores.tempo_jumps(notes) == (0, 1)
    assert scores.tempo_jumps([*notes, HeardNote(12, 12, 200.0, 0, False, 0.0, 0.0, 0.0)]) == (1, 1)


def test_an_empty_half_is_no_source(tmp_path: Path) -> None:
    save_csv(tmp_path / f"{even('a')}.csv", [0, 1])
    assert [each.half for each in find_performances(tmp_path, "even", None)] == ["even"]
    with pytest.raises(UserError, match="odd"):
        find_performances(tmp_path, "odd", None)
