"""A song is whole, or refused with the place where it isn't."""

import pytest

from antiphon_trainer.corpus.score import NoScore, Score, WrittenNote
from antiphon_trainer.corpus.wholeness import DISAGREES, Counted, require_whole

SCORE = Score("", "", "", 0, "record", [WrittenNote(60, 1.0), WrittenNote(None, 0.5), WrittenNote(62, 0.5)])
FIRST, SECOND = Counted("line 1", frozenset({60}), 0, 1), Counted("line 2", frozenset({61, 62}), 1.5, 0.5)


def test_what_agrees_is_whole_whatever_the_count_knows() -> None:
    require_whole(SCORE, [FIRST, SECOND])
    require_whole(SCORE, [Counted("line 1"), Counted("line 2")])


@pytest.mark.parametrize(
    ("counted", "detail"),
    [
        ([FIRST], "2 read, 1 counted; one too many after line 1"),
        ([FIRST, SECOND, Counted("line 3")], "2 read, 3 counted; the first that is missing: line 3"),
        ([FIRST, Counted("bar 2", frozenset({64, 63}))], "note 2, bar 2: pitch 62 read, 63 or 64 counted"),
        ([FIRST, Counted("bar 2", None, 1)], "note 2, bar 2: starts after 1.5 quarter lengths as read, after 1"),
        ([Counted("bar 1", None, None, 2), SECOND], "note 1, bar 1: lasts 1 quarter lengths as read, 2 as counted"),
    ],
)
def test_what_disagrees_is_refused_with_its_place(counted: list[Counted], detail: str) -> None:
    with pytest.raises(NoScore) as refusal:
        require_whole(SCORE, counted)
    assert refusal.value.args[0] == DISAGREES
    assert refusal.value.args[1].startswith(detail)
