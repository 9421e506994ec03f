"""Controls send what they set, and stand where the daemon says."""

import pytest
from playwright.sync_api import Page, expect

from antiphon.parameters import PLAY
from antiphon.recording.entries import Press, Set
from antiphon.stage.messages import FromPage, HeardBar, Midi, Refused
from tests.page.conftest import OpenPage
from tests.page.fake_daemon import FakeDaemon


def heard(daemon: FakeDaemon, message: FromPage) -> None:
    daemon.wait(lambda heard: message in heard)


def test_the_mode_is_set(page: Page, daemon: FakeDaemon) -> None:
    page.get_by_label("Note by note").check()
    heard(daemon, Set("mode", "next-note"))


def test_lists_and_numbers_are_set(page: Page, daemon: FakeDaemon) -> None:
    page.get_by_label("Key", exact=True).select_option("Eb")
    heard(daemon, Set("key", "Eb"))
    page.get_by_label("Model").select_option("mine")
    heard(daemon, Set("model", "mine"))
    page.get_by_label("Follow").select_option("auto")
    heard(daemon, Set("sync", "auto"))
    page.get_by_label("Tempo", exact=True).fill("84")
    page.keyboard.press("Enter")
    heard(daemon, Set("bpm", 84))


def test_swing_is_chosen_and_shown_as_the_performer_swings(page: Page, daemon: FakeDaemon) -> None:
    page.get_by_label("Swing").select_option("62")
    heard(daemon, Set("swing", "62"))
    daemon.change(swing="61.5", sync="auto", heard_swing=66.7)
    expect(page.get_by_label("Swing")).to_have_value("61.5")
    expect(page.locator("#sync")).to_have_text("follows your tempo, which isn't sure yet, swing 67 %")
    daemon.change(sync="auto", heard_swing=50.0, tempo_certainty=0.926)
    expect(page.locator("#sync")).to_have_text("follows your tempo (sure 93 %)")


def test_the_bar_that_is_heard_is_shown_where_it_is_likely(page: Page, daemon: FakeDaemon) -> None:
    waltz = HeardBar(3, 0.8)
    daemon.change(sync="auto", tempo_certainty=0.9, heard_bar=waltz)
    expect(page.locator("#sync")).to_have_text("follows your tempo (sure 90 %), in 3/4 (sure 80 %)")
    daemon.change(sync="fixed", tempo_certainty=None, heard_bar=waltz)
    expect(page.locator("#sync")).to_have_text("own tempo, in 3/4 (sure 80 %)")
    daemon.change(heard_bar=HeardBar(3, 0.55))
    expect(page.locator("#sync")).to_have_text("own tempo")


def test_link_is_chosen_and_said_how_it_stands(page: Page, daemon: FakeDaemon) -> None:
    follow = page.get_by_label("Follow")
    assert tuple(follow.locator("option").evaluate_all("all => all.map(each => each.value)")) == PLAY["sync"].choices
    follow.select_option("link")
    heard(daemon, Set("sync", "link"))
    daemon.change(sync="link", clock="waiting")
    expect(page.locator("#sync")).to_have_text("waits for others on Link")
    daemon.change(sync="link", clock="rolling")
    expect(page.locator("#sync")).to_have_text("in step with Link")


def test_sliders_are_set(page: Page, daemon: FakeDaemon) -> None:
    for label, value in (("Temperature", 1.5), ("Density", 0.5), ("Lowest note", 48), ("Highest note", 84)):
        page.get_by_label(label).fill(str(value))
        name = label.split()[0].lower()
        daemon.wait(lambda heard, name=name, value=value: Set(name, value) in heard)  # type: ignore[misc]


def test_switches_ask_for_the_other_state_and_wait_for_it(page: Page, daemon: FakeDaemon) -> None:
    for label, name in (("Hold", "hold"), ("Mute", "mute")):
        button = page.get_by_role("button", name=label, exact=True)
        button.click()
        heard(daemon, Set(name, True))  # type: ignore[arg-type]
        expect(button).to_have_attribute("aria-pressed", "false")
        daemon.change(**{name: True})
        expect(button).to_have_attribute("aria-pressed", "true")
        button.click()
        heard(daemon, Set(name, False))  # type: ignore[arg-type]
    page.get_by_role("button", name="Record").click()
    heard(daemon, Set("record", False))


def test_buttons_are_pressed(page: Page, daemon: FakeDaemon) -> None:
    for label, name in (("Answer now", "answer"), ("Tap", "tap"), ("Panic", "panic")):
        page.get_by_role("button", name=label).click()
        heard(daemon, Press(name))  # type: ignore[arg-type]


def test_escape_is_panic(page: Page, daemon: FakeDaemon) -> None:
    page.keyboard.press("Escape")
    heard(daemon, Press("panic"))


def test_everything_follows_the_daemon(page: Page, daemon: FakeDaemon) -> None:
    daemon.change(
        mode="continue", temperature=1.3, density=0.25, lowest=43, highest=79, bpm=72.0, sync="clock", clock="lost",
        key="Eb", sharps=-3, model="mine", record=False, latency_ms=23.4, turn="answering", midi=Midi("Keys", "Synth"),
        accompaniment="bass",
    )  # fmt: skip
    expect(page.locator("input[value=continue]")).to_be_checked()
    for field, value in (("temperature", "1.3"), ("density", "0.25"), ("lowest", "43"), ("highest", "79"),
                         ("bpm", "72"), ("follow", "clock"), ("key", "Eb"), ("model", "mine"),
                         ("accompaniment", "bass")):  # fmt: skip
        expect(page.locator(f"#{field}")).to_have_value(value)
    expect(page.locator("output[for=highest]")).to_have_text("G5")
    expect(page.locator("#key-name")).to_have_text("E♭ major")
    expect(page.locator("#key-minor")).to_have_text("C minor")
    expect(page.locator("#turn")).to_have_text("Answering")
    expect(page.locator("#latency.bad")).to_contain_text("23.4 ms: late")
    expect(page.locator("#sync.bad")).to_contain_text("lost")
    expect(page.locator("#ports")).to_have_text("MIDI: Keys → Synth")
    expect(page.locator("#recording")).to_have_text("not recording")
    expect(page.locator("#spoken")).to_contain_text("E flat major or C minor")
    expect(page.locator("#circle")).to_have_attribute("aria-label", "Circle of fifths: E flat major or C minor, locked")


def test_a_key_that_is_locked_by_another_name_is_shown(page: Page, daemon: FakeDaemon) -> None:
    daemon.change(key="B minor", sharps=2)
    expect(page.locator("#key")).to_have_value("B minor")


@pytest.mark.parametrize(
    ("key", "large", "small"),
    [("c#m", "C♯ minor", "E major"), ("E", "E major", "C♯ minor"), ("c#", "C♯ minor", "E major"),
     ("C# minor", "C♯ minor", "E major"), ("auto", "E major", "C♯ minor")],
)  # fmt: skip
def test_the_key_that_was_chosen_is_the_large_one(
    page: Page, daemon: FakeDaemon, key: str, large: str, small: str
) -> None:
    daemon.change(key=key, sharps=4, posterior=[0.0] * 9 + [1.0, 0.0, 0.0])
    expect(page.locator("#key-name")).to_have_text(large)
    expect(page.locator("#key-minor")).to_have_text(small)


def test_a_temperature_beyond_the_slider_is_said(page: Page, daemon: FakeDaemon) -> None:
    daemon.change(temperature=5.0)
    expect(page.locator("output[for=temperature]")).to_have_text("5.00")


def test_a_temperature_beyond_the_slider_is_typed(page: Page, daemon: FakeDaemon) -> None:
    number = page.get_by_title("Type any value from 0 to 10")
    expect(number).to_have_count(1)
    number.fill("5.5")
    daemon.change(density=0.4)
    expect(page.locator("#density")).to_have_value("0.4")
    expect(number).to_have_text("5.5")  # what is being typed stays
    number.press("Enter")
    heard(daemon, Set("temperature", 5.5))
    daemon.change(temperature=5.5)
    expect(number).to_have_text("5.50")
    number.fill("7")
    number.press("Escape")
    expect(number).to_have_text("5.50")
    number.fill("warm")
    number.press("Enter")
    expect(number).to_have_text("5.50")


def test_the_tempo_is_bounded_as_it_is_declared(page: Page, daemon: FakeDaemon) -> None:
    tempo = page.get_by_label("Tempo", exact=True)
    expect(tempo).to_have_attribute("min", f"{PLAY['bpm'].least:g}")
    expect(tempo).to_have_attribute("max", f"{PLAY['bpm'].most:g}")


def test_a_phone_shows_how_to_download_a_recording(open_page: OpenPage, daemon: FakeDaemon) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="Sessions").click()
    expect(page.get_by_role("link", name="Download 2026-11-22 20.15.07.mid")).to_be_in_viewport(ratio=1)


def test_two_pages_stay_in_step(open_page: OpenPage, daemon: FakeDaemon) -> None:
    pages = [open_page(), open_page()]
    daemon.change(temperature=1.7)
    for page in pages:
        expect(page.locator("#temperature")).to_have_value("1.7")


def test_a_slider_in_the_hand_is_not_moved_by_others(page: Page, daemon: FakeDaemon) -> None:
    slider = page.locator("#temperature")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    page.mouse.down()
    mine = slider.input_value()
    daemon.change(temperature=0.2, density=0.4)
    expect(page.locator("#density")).to_have_value("0.4")
    assert slider.input_value() == mine
    page.mouse.up()
    expect(slider).to_have_value("0.2")  # let go of, it is where the daemon says


def test_what_is_refused_is_said_and_taken_back(page: Page, daemon: FakeDaemon) -> None:
    page.get_by_label("Tempo", exact=True).fill("999")
    page.keyboard.press("Enter")
    heard(daemon, Set("bpm", 999))
    daemon.say(Refused("bpm is between 20 and 400, not 999"))
    expect(page.locator("#notices")).to_have_text("bpm is between 20 and 400, not 999")
    expect(page.locator("#bpm")).to_have_value("100")


def test_sessions_are_listed_and_downloaded(page: Page) -> None:
    page.get_by_role("button", name="Sessions").click()
    link = page.get_by_role("link", name="Download 2026-11-22 20.15.07.mid")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "2026-11-22 20.15.07.mid"
    page.keyboard.press("Escape")
    page.wait_for_selector("#sessions", state="hidden")


def test_the_theme_follows_the_system_until_it_is_chosen(open_page: OpenPage) -> None:
    page = open_page(color_scheme="dark")

    def ground() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    dark = ground()
    page.get_by_role("button", name="Light").click()
    light = ground()
    assert light != dark
    page.reload()
    page.wait_for_selector("#link.good")
    assert ground() == light
