"""Scores that mean harm or are merely odd: each is refused by itself, without filling the memory; the run goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .conftest import SCORES

MOST_MB = 500
"""What a process that reads scores may take at its peak."""
PREPARE = """
import resource
from pathlib import Path
from antiphon_trainer.__main__ import main
try:
    main()
finally:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    print("PEAK", line.split()[1], resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
XML = """<?xml version="1.0"?><score-partwise><part-list><score-part id="P1"><part-name/></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>{divisions}</divisions><key><fifths>{fifths}</fifths></key>
<time><beats>{beats}</beats><beat-type>{beat_type}</beat-type></time>{more}</attributes>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>{duration}</duration></note></measure></part>
</score-partwise>"""
PLAIN = {"divisions": 4, "fifths": 0, "beats": 4, "beat_type": 4, "more": "", "duration": 16}
HUGE = 99_999_999


def xml(**changes: object) -> str:
    return XML.format(**(PLAIN | changes))


TEXTS = {
    "beats.musicxml": xml(beats=HUGE),
    "sum-of-beats.musicxml": xml(beats=f"3+{HUGE}"),
    "beat-type.musicxml": xml(beat_type=HUGE),
    "divisions.musicxml": xml(divisions=10**18),
    "duration.musicxml": xml(duration=10**18),
    "fifths.musicxml": xml(fifths=HUGE),
    "rest.musicxml": xml(more=f"<measure-style><multiple-rest>{HUGE}</multiple-rest></measure-style>"),
    "staves.musicxml": xml(more=f"<staves>{HUGE}</staves>"),
    "measures.musicxml": xml().replace("</part>\n", '<measure number="2"/>' * 100_000 + "</part>\n"),
    "laughs.musicxml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{("&" + a + ";") * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><score-partwise>&i;</score-partwise>",
    "rests.abc": f"X:1\nT:rests\nM:4/4\nL:1/4\nK:C\nZ{HUGE}|c4|]\n",
    "note.abc": f"X:1\nT:note\nM:4/4\nL:1/4\nK:C\nc{HUGE * 1000}|]\n",
    "metre.abc": f"X:1\nT:metre\nM:{HUGE}/4\nL:1/4\nK:C\ncdef|]\n",
    "unit.abc": f"X:1\nT:unit\nM:4/4\nL:1/{10**30}\nK:C\ncdef|]\n",
    "metre.krn": f"**kern\n*C:\n*M{HUGE}/4\n=1\n4c\n4d\n4e\n4f\n==\n*-\n",
    "note.krn": "**kern\n*C:\n*M4/4\n=1\n" + "0" * 500 + "c\n==\n*-\n",
    "small.krn": f"**kern\n*C:\n*M4/4\n=1\n{10**300}c\n4d\n==\n*-\n",
    "dots.krn": "**kern\n*C:\n*M4/4\n=1\n4" + "." * 100_000 + "c\n==\n*-\n",
    "spines.krn": "**kern\n*C:\n*M4/4\n" + "\t".join(["*^"]) + "\n" + "*^\t*^\n" * 40 + "4c\n*-\n",
}


def hostile(folder: Path) -> None:
    """Fill a folder with what nobody should have to read."""
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    for name in ("sparse.krn", "sparse.abc", "sparse.mid", "sparse.mxl"):
        (folder / name).touch()
        os.truncate(folder / name, 6 << 30)
    with zipfile.ZipFile(folder / "bomb.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", b"<a>" + bytes([97]) * (600 << 20))
    content = bytearray((folder / "bomb.mxl").read_bytes())
    size = ((600 << 20) + 3).to_bytes(4, "little")
    assert content.count(size) == 2
    (folder / "false-size.mxl").write_bytes(content.replace(size, (100).to_bytes(4, "little")))
    os.mkfifo(folder / "fifo.krn")
    (folder / "dangling.krn").symlink_to(folder / "nowhere.krn")
    (folder / "outside.krn").symlink_to("/etc/passwd")
    (folder / "device.krn").symlink_to("/dev/zero")
    (folder / "inside.krn").symlink_to(folder / "good.krn")


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read as Linux tells it")
def test_each_hostile_score_is_refused_by_itself(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    good = next(iter(sorted(SCORES.rglob("*.krn"))))
    shutil.copyfile(good, corpus / "good.krn")
    hostile(corpus)
    odd = [os.fsencode(corpus) + name for name in (b"/caf\xe9 \x1b[31m\n.krn", b"/\xff empty.krn")]
    for path, content in zip(odd, (good.read_bytes().replace(b"4", b"8"), b""), strict=True):
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(content)
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, "prepare", str(corpus)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b[31m" not in done.stdout + done.stderr
    _, peak, of_children = done.stdout[done.stdout.index("PEAK") :].split()
    assert max(int(peak), int(of_children)) / 1024 < MOST_MB, (peak, of_children)
    report = json.loads(next(tmp_path.rglob("report.json")).read_text())
    listed = json.dumps(report, ensure_ascii=False)
    for name in (*TEXTS, "sparse.krn", "bomb.mxl", "false-size.mxl", "fifo.krn", "dangling.krn", "outside.krn"):
        assert name in listed, name
    assert "leads out of the folder" in listed
    assert "\ufffd empty.krn" in listed
    assert report["kept"] == 2
    assert len({each["song"] for each in report["refused_songs"]}) == len(report["refused_songs"]) >= len(TEXTS) + 9
