"""Lists of songs to keep apart."""

from pathlib import Path

import pytest

from antiphon.errors import UserError
from antiphon_trainer.corpus.held_out import HeldOut, read_held_out


def test_the_packaged_list() -> None:
    packaged = read_held_out("essen")
    assert (len(packaged.test), len(packaged.near)) == (553, 28)
    assert packaged.split_of("E0120") == "test"
    assert packaged.split_of("") == "training"


def test_a_list_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("# mine\nA1\n\ntest\tA2\tsome/path.krn\nnear A3\n")
    assert read_held_out(str(file)) == HeldOut(frozenset({"A1", "A2"}), frozenset({"A3"}))


def test_no_list_holds_nothing_out() -> None:
    assert read_held_out("").split_of("E0120") == "training"


@pytest.mark.parametrize("content", ["", "# nothing\n", "near A1\n", "A1\ntest\n", None, b"\xff\xfe\x00"])
def test_a_bad_list_is_a_users_mistake(tmp_path: Path, content: str | bytes | None) -> None:
    file = tmp_path / "bad.txt"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=r"bad\.txt"):
        read_held_out(str(file))
