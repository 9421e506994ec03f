"""MIDI learn: what counts as moved, what is written, and the command as a process on real JACK ports."""

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.input.controls import Source
from antiphon.midi.backends import load_backend
from antiphon.midi.codec import decode, encode
from antiphon.midi.messages import ControlChange, Message, NoteOff, NoteOn
from antiphon.parameters import CONTROLS
from antiphon.setup.learn import Arrivals, Lesson, MoveDetector, check_controls, table_changes
from antiphon.setup.own_config import write_section
from tests.daemon.live import full_name

PATIENCE = 10.0
"""Seconds after which something that must come never will."""
MINE = """# my set-up
[play]
bpm = 92.0   # slow
key = "auto"

# the loft
[ports]
name = "Loft"
"""


def cc(number: int, value: int, channel: int = 1) -> ControlChange:
    return ControlChange(number, value, channel)


def pad(pitch: int, velocity: int, channel: int = 10) -> NoteOn | NoteOff:
    return NoteOn(pitch, velocity, channel) if velocity else NoteOff(pitch, channel)


def lesson(*came: Message | str, names: tuple[str, ...]) -> tuple[dict[str, Source], list[str]]:
    """Hold a lesson in which all this comes in, and then nothing more."""
    inbox: Arrivals = SimpleQueue()
    for each in came:
        inbox.put(each)
    said: list[str] = []
    inbox.put("q")
    it = Lesson(inbox, PATIENCE, said.append)
    for name in names:
        if not it.ask(name):
            break
    return it.learned, said


def test_a_knob_that_trembles_is_not_meant() -> None:
    trembling = [cc(7, value) for value in (99, 100, 99, 101, 99)]
    turning = [cc(21, value) for value in range(50, 60)]
    both = [message for pair in zip(trembling * 2, turning, strict=True) for message in pair]
    assert lesson(*both, names=("temperature",))[0] == {"temperature": Source("cc", 21, 1)}


def test_the_knob_just_learned_may_turn_on() -> None:
    turned = [cc(21, value) for value in range(128)]
    learned, said = lesson(*turned, cc(22, 100), cc(22, 0), names=("temperature", "density"))
    assert learned == {"temperature": Source("cc", 21, 1), "density": Source("cc", 22, 1)}
    assert len(said) == 4  # two questions, two answers, and no complaint about the first knob


def test_a_release_is_no_press() -> None:
    learned, _ = lesson(
        pad(40, 0), NoteOff(41, 10), cc(64, 0), pad(36, 12), pad(36, 0), cc(66, 100), names=("tap", "answer")
    )
    assert learned == {"tap": Source("note", 36, 10), "answer": Source("cc", 66, 1)}


def test_a_pedal_that_is_down_already_is_no_press() -> None:
    detector = MoveDetector("hold", {Source("cc", 64, 1): 1.0})
    assert [detector.hear(message) for message in (cc(64, 120), cc(64, 0), cc(64, 70))] == [
        None,
        None,
        Source("cc", 64, 1),
    ]


def test_a_controller_that_has_a_task_is_refused_once() -> None:
    turned = [cc(21, value) for value in range(0, 128, 20)]
    learned, said = lesson(*turned, pad(36, 90), *[cc(21, 0), cc(21, 127)] * 2, names=("lowest", "tap", "panic"))
    assert learned == {"lowest": Source("cc", 21, 1), "tap": Source("note", 36, 10)}
    assert [line for line in said if "take another" in line] == ["  cc 21 channel 1 is for lowest; take another"]


def test_a_key_sets_no_value_but_steps_through_modes() -> None:
    learned, said = lesson(pad(60, 90, 1), "", pad(60, 90, 1), names=("density", "mode"))
    assert learned == {"mode": Source("note", 60, 1)}
    assert "can't set a value" in said[1]


def test_enter_skips_and_q_ends() -> None:
    learned, said = lesson("\n", pad(36, 90), "q\n", pad(37, 90), names=("tap", "panic", "hold", "mute"))
    assert learned == {"panic": Source("note", 36, 10)}
    assert said[1] == "  skipped"
    assert said[-1].startswith("hold")


seven_bits = st.integers(0, 127)
midi_messages = st.tuples(st.integers(0x80, 0xBF) | st.integers(0xE0, 0xEF), seven_bits, seven_bits).map(decode)


@given(st.sampled_from(list(CONTROLS)), st.lists(midi_messages))
def test_a_detector_bears_any_message(name: str, messages: list[Message]) -> None:
    detector = MoveDetector(name, {})
    for message in messages:
        detector.hear(message)


def test_what_is_learned_is_taken_from_the_control_that_had_it() -> None:
    in_force = {"density": "cc 21", "tap": "note 36", "mode": "", "hold": "cc 67", "mute": "cc 21 channel 2"}
    learned: dict[str, Source] = {"temperature": Source("cc", 21, 1), "hold": Source("cc", 67, 1)}
    assert table_changes(learned, in_force) == {
        "temperature": "cc 21 channel 1",
        "hold": "cc 67 channel 1",
        "density": "",
    }


def test_names_are_checked() -> None:
    assert check_controls([]) == list(CONTROLS)
    assert check_controls(["tap", "mode", "tap"]) == ["tap", "mode"]
    with pytest.raises(UserError, match="there is no control 'volume'"):
        check_controls(["tap", "volume"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[controls]\ntap = "cc 3"\n'),
        ("# mine\n", '# mine\n\n[controls]\ntap = "cc 3"\n'),
        ("[play]\nbpm = 90.0 # slow", '[play]\nbpm = 90.0 # slow\n\n[controls]\ntap = "cc 3"\n'),
        (
            '[controls] # mine\ntap = "cc 9"   # the pad\nmode = "cc 1"\n\n# end\n[play]\nbpm = 90.0\n',
            '[controls] # mine\ntap = "cc 3"   # the pad\nmode = "cc 1"\n\n# end\n[play]\nbpm = 90.0\n',
        ),
        (
            '[controls]\nmode = "cc 1"\n\n[play]\nbpm = 90.0\n',
            '[controls]\nmode = "cc 1"\ntap = "cc 3"\n\n[play]\nbpm = 90.0\n',
        ),
        ('controls = { tap = "" } # short\n', 'controls = { tap = "cc 3" } # short\n'),
        ('controls.tap = "" # dotted\n', 'controls.tap = "cc 3" # dotted\n'),
        ("[play]\r\nbpm = 90.0\r\n", '[play]\r\nbpm = 90.0\r\n\n[controls]\ntap = "cc 3"\n'),
    ],
)
def test_the_rest_of_the_file_stays_as_it_is(before: str, after: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(before.encode())
    write_section(file, "controls", {"tap": "cc 3"})
    assert file.read_bytes().decode() == after
    write_section(file, "controls", {"tap": "cc 3"})
    assert file.read_bytes().decode() == after


keys = st.text("abcdefghij", min_size=1, max_size=4)
comments = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=10)


@given(st.dictionaries(keys, st.dictionaries(keys, st.text(max_size=5) | st.integers(0, 9), max_size=4)), comments)
def test_no_key_and_no_comment_is_lost(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, dict[str, object]], comment: str
) -> None:
    file = tmp_path_factory.mktemp("own") / "config.toml"
    text = f"# {comment}\n{tomlkit.dumps(content)}# {comment}"
    file.write_text(text, encoding="utf-8", newline="")
    write_section(file, "controls", {"tap": "cc 3"})
    written = file.read_text(encoding="utf-8")
    assert tomllib.loads(written) == content | {"controls": {"tap": "cc 3"}}
    assert written.count(f"# {comment}") >= text.count(f"# {comment}")


@pytest.mark.parametrize("broken", ["[play\n", "bpm = ", "controls = 3\n", "\ufffe".encode("utf-16").decode("latin-1")])
def test_a_broken_file_is_left_as_it_is(broken: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(broken.encode("latin-1"))
    with pytest.raises(UserError, match=r"config\.toml: "):
        write_section(file, "controls", {"tap": "cc 3"})
    assert file.read_bytes() == broken.encode("latin-1")


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    meant, link = tmp_path / "dotfiles" / "antiphon.toml", tmp_path / "config.toml"
    meant.write_text("# mine\n")
    link.symlink_to(meant)
    write_section(link, "controls", {"tap": "cc 3"})
    assert link.is_symlink()
    assert meant.read_text() == '# mine\n\n[controls]\ntap = "cc 3"\n'


class Pupil:
    """`antiphon learn` as a process: what it says, line by line, and a box of knobs on its port."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._said: SimpleQueue[str] = SimpleQueue()
        self._knobs = load_backend().output("jack", "Knobs")
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.put(line.rstrip())

    def says(self, wanted: str) -> str:
        """Wait for a line with these words."""
        said: list[str] = []
        try:
            while not said or wanted not in said[-1]:
                said.append(self._said.get(timeout=PATIENCE))
        except Empty:
            pytest.fail(f"it never said {wanted!r}, but {said}")
        return said[-1]

    def connect(self, part: str) -> None:
        self._knobs.open(full_name(self._knobs.ports(), part), "knobs")

    def move(self, *messages: Message) -> None:
        for message in messages:
            self._knobs.send(encode(message))

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def close(self) -> None:
        self._knobs.close()


@contextmanager
def learning(*options: str, home: Path, stdin: int = subprocess.PIPE) -> Iterator[Pupil]:
    """Start the command with a home of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "antiphon", "learn", "--api", "jack", *options],
        cwd=home,
        env=os.environ | {"XDG_CONFIG_HOME": str(home / "config")},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pupil = Pupil(process)
    try:
        yield pupil
    finally:
        process.kill()
        process.wait()
        pupil.close()


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    file = tmp_path / "config" / "antiphon" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(MINE)
    return file


def test_a_controller_that_moves_ends_in_the_file(jack_server: dict[str, str], tmp_path: Path, own_file: Path) -> None:
    with learning("temperature", "density", "tap", "mute", "--seconds", "60", home=tmp_path) as pupil:
        pupil.says("Loft in")
        pupil.says("temperature:")
        pupil.connect("Loft in")
        pupil.move(*(cc(74, value, 3) for value in range(40, 90)))
        pupil.says("  cc 74 channel 3")
        pupil.says("density:")
        pupil.type("")
        pupil.says("skipped")
        pupil.says("tap:")
        pupil.move(pad(36, 30), pad(36, 0))
        pupil.says("  note 36 channel 10")
        pupil.says("mute:")
        pupil.type("q")
        pupil.says(str(own_file))
        assert pupil.process.wait(PATIENCE) == 0
        assert pupil.process.stderr is not None
        assert pupil.process.stderr.read() == ""
    added = '\n[controls]\ntemperature = "cc 74 channel 3"\ntap = "note 36 channel 10"\n'
    assert own_file.read_text() == MINE + added


def test_without_anybody_to_press_enter_a_control_is_skipped(
    jack_server: dict[str, str], tmp_path: Path, own_file: Path
) -> None:
    file = tmp_path / "other.toml"
    options = ("hold", "panic", "--seconds", "1", "--config", str(file), "--name", "Patient")
    with learning(*options, home=tmp_path, stdin=subprocess.DEVNULL) as pupil:
        pupil.says("Patient in")
        pupil.says("skipped: nothing was moved for 1 s")
        pupil.says("skipped: nothing was moved for 1 s")
        pupil.says("Nothing was learned")
        assert pupil.process.wait(PATIENCE) == 0
    assert not file.exists()
    assert own_file.read_text() == MINE


def test_ctrl_c_leaves_everything_as_it_was(jack_server: dict[str, str], tmp_path: Path, own_file: Path) -> None:
    with learning("tap", "hold", "--name", "Hasty", home=tmp_path) as pupil:
        pupil.says("tap:")
        pupil.connect("Hasty in")
        pupil.move(pad(36, 90))
        pupil.says("hold:")
        pupil.process.send_signal(signal.SIGINT)
        assert pupil.process.wait(PATIENCE) == 130
        assert pupil.process.stderr is not None
        assert pupil.process.stderr.read() == ""
    assert own_file.read_text() == MINE


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["tap"], "config.toml: is not valid TOML"), (["volume"], "no control 'volume'; there are")],
)
def test_what_cannot_be_learned_is_refused_before_a_port_opens(
    arguments: list[str], complaint: str, tmp_path: Path, own_file: Path
) -> None:
    own_file.write_text("[play\n")
    done = subprocess.run(
        [sys.executable, "-m", "antiphon", "learn", *arguments],
        cwd=tmp_path,
        env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "config")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert own_file.read_text() == "[play\n"
