"""The page for listeners, in a real browser, from the command that makes it to the one that reads what they saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from antiphon_trainer.audition.listeners.excerpts import Excerpt, Origin
from antiphon_trainer.audition.listeners.page import ORIGINS, PAGE, Origins, write_page
from antiphon_trainer.audition.listeners.preferences import Answer, Answers, preferences, strengths
from tests.page.conftest import PATIENCE_MS
from tests.trainer.conftest import Workplace

TONE = (0.0, 0.02, 60)
PAIRS = [
    (Excerpt((TONE,), ((0.05, 0.02, 62),), ((0.05, 0.02, 64),)), Origin("song", "antiphon")),
    (Excerpt((TONE,), ((0.05, 0.02, 65),), ((0.05, 0.02, 67),)), Origin("antiphon", "song")),
    (Excerpt((TONE,), ((0.05, 0.02, 69),), ()), Origin("plain sampling", "antiphon")),
    (
        Excerpt(((0.0, 0.3, 60),), ((0.0, 0.02, 62),), ((0.0, 0.02, 64),), together=True),
        Origin("harmony 1", "harmony 0"),
    ),
]


def choose(page: Page, choice: str) -> None:
    """Hear both melodies to their end, and choose."""
    page.click("#play-a")
    page.wait_for_selector("#play-a:not(.sounds)")
    assert page.is_disabled(f"#choose-{choice}")
    page.click("#play-b")
    page.wait_for_selector(f"#choose-{choice}:not([disabled])", timeout=PATIENCE_MS)
    page.click(f"#choose-{choice}")


def test_what_a_listener_chooses_is_kept_saved_and_evaluated(browser: Browser, tmp_path: Path) -> None:
    write_page(tmp_path, "essen", 1, PAIRS)
    context = browser.new_context(accept_downloads=True)
    complaints: list[str] = []
    context.on("requestfailed", lambda request: complaints.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((tmp_path / PAGE).as_uri())
    assert page.is_disabled("#start")
    page.select_option("#experience", "3")
    page.click("#start")
    choose(page, "a")
    page.reload()  # what was chosen is kept
    assert page.inner_text("#number") == "2 of 4"
    choose(page, "b")
    page.check("#known")
    assert page.inner_text("#question") == "Which goes better with the phrase before it?"
    choose(page, "same")
    assert page.inner_text("#question") == "Which second voice goes better with the tune?"
    assert page.inner_text("#play-a") == "▶ The tune with A"
    before = page.evaluate("performance.now()")
    choose(page, "a")
    assert page.evaluate("performance.now()") - before > 2 * 300  # the tune was heard to its end, not only the voice
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename.startswith("answers-")
    download.value.save_as(tmp_path / "anna.json")
    context.close()
    assert not complaints

    saved = json.loads((tmp_path / "anna.json").read_text())
    assert saved["experience"] == "3"
    assert [(each["preferred"], each["known"]) for each in saved["answers"]] == [
        ("a", False),
        ("b", False),
        ("same", True),
        ("a", False),
    ]
    shown = Workplace(tmp_path).succeeds("audition", "--heard", ".")
    assert "listeners: 1; comparisons: 3; left out, of tunes that they knew: 1" in shown
    figures = json.loads(Workplace(tmp_path).succeeds("audition", "--heard", ".", "--json"))
    assert figures["pairs"] == [
        {"first": "antiphon", "second": "song", "wins": 0.0, "count": 2},
        {"first": "harmony 0", "second": "harmony 1", "wins": 0.0, "count": 1},
    ]


def test_the_page_does_not_say_whose_a_melody_is_and_asks_nobody(tmp_path: Path) -> None:
    write_page(tmp_path, "essen", 1, PAIRS)
    text = (tmp_path / PAGE).read_text().lower()
    assert "plain sampling" not in text and "harmony" not in text
    assert "http" not in text.replace("http-equiv", "")
    excerpts = text.split('type="application/json">')[1].split("</script>")[0]
    assert set(json.loads(excerpts)) == {"page", "excerpts"}
    assert set(json.loads(excerpts)["excerpts"][0]) == {"phrase", "a", "b", "together"}


def test_without_answers_it_is_said_where_they_go(tmp_path: Path) -> None:
    write_page(tmp_path, "essen", 1, PAIRS)
    (tmp_path / "another.json").write_text('{"page": "x", "listener": "y", "experience": "0", "answers": []}')
    heard = "audition", "--heard", tmp_path
    said = Workplace(tmp_path).refuses(*heard)
    assert said.endswith(f"{tmp_path}: there are no answers to its page; put the files that listeners saved into it")
    (tmp_path / "broken.json").write_text("{")
    assert "broken.json: can't be read as answers" in Workplace(tmp_path).refuses(*heard)
    (tmp_path / ORIGINS).unlink()
    assert "origins.json: can't be read as origins" in Workplace(tmp_path).refuses(*heard)


def test_who_is_always_preferred_is_the_strongest_and_intervals_hold_the_share() -> None:
    origins = Origins("x", "essen", 1, tuple(origin for _, origin in PAIRS))
    songs_better = (Answer(0, "a"), Answer(1, "b"), Answer(2, "b"), Answer(3, "same"))
    listeners = [Answers("x", str(number), "0", songs_better) for number in range(8)]
    second, first, voices = preferences(origins, listeners)
    assert (first.first, first.second, first.share, first.count) == ("antiphon", "song", 0.0, 16)
    assert (second.first, second.second, second.share) == ("antiphon", "plain sampling", 1.0)
    for each in (first, second):
        low, high = each.interval
        assert -1e-9 <= low <= each.share <= high <= 1 + 1e-9
    # Wilson's interval of n of n begins at n / (n + 1.96²).
    assert second.count == 8 and second.interval[0] == pytest.approx(8 / (8 + 1.96**2))
    strong = strengths(origins, listeners)
    assert strong["song"][0] > strong["antiphon"][0] > strong["plain sampling"][0]
    assert all(low <= value <= high for value, low, high in strong.values())
    # Second voices were compared with each other alone: whatever is said of answers says nothing of them.
    assert (voices.first, voices.second, voices.share) == ("harmony 0", "harmony 1", 0.5)
    assert strong["harmony 0"] == strong["harmony 1"] == pytest.approx((0.5, 0.5, 0.5))
    without = strengths(Origins("x", "essen", 1, origins.origins[:3]), listeners)
    assert {kind: strong[kind] for kind in without} == without
