"""The commands `antiphon-trainer audition --listen` and `--heard`: a page for listeners, and what they preferred."""

from __future__ import annotations

from pathlib import Path

from antiphon.errors import UserError
from antiphon.files import check_folder
from antiphon.melody.bundle import find_bundle, read_bundle
from antiphon.settings import model_folders
from antiphon.streams import say, say_json
from antiphon_trainer import screen
from antiphon_trainer.audition.listeners.excerpts import excerpts
from antiphon_trainer.audition.listeners.page import PAGE, write_page
from antiphon_trainer.audition.listeners.preferences import preferences, read_answers, strengths
from antiphon_trainer.audition.songs import songs_to_hear
from antiphon_trainer.settings import Settings


def make_page(name: str, songs: Path | None, folder: Path, seed: int, settings: Settings) -> None:
    """Write a page on which listeners compare a bundle's answers with songs and with plain sampling.

    Args:
        name: of the bundle, or its folder.
        songs: a folder of encoded songs; None is what prepare held out.
        folder: to write the page into.
        seed: of all random choices.
        settings: section `[prepare]` says where prepared songs lie.

    Raises:
        UserError: the bundle or the songs can't be read, give no pair, or the page can't be written.
    """
    check_folder(folder)
    bundle = read_bundle(find_bundle(name, model_folders()))
    with screen.stoppable("nothing was written"):
        pairs = excerpts(bundle, songs_to_hear(songs, settings.prepare), seed)
    if not pairs:
        raise UserError("no song is long enough: a call takes two bars, and so does what follows; take other songs")
    write_page(folder, name, seed, pairs)
    say(f"{folder / PAGE}: {len(pairs)} pairs; give it to listeners, and put the files that they save beside it")
    say(f"then: antiphon-trainer audition --heard {folder}")


def show_preferences(folder: Path, as_json: bool) -> None:
    """Print what the listeners preferred whose answers lie in a folder, beside the page.

    Raises:
        UserError: there are none, or a file can't be read.
    """
    origins, listeners = read_answers(folder)
    compared, strong = preferences(origins, listeners), strengths(origins, listeners)
    if as_json:
        pairs = [{"first": p.first, "second": p.second, "wins": p.wins, "count": p.count} for p in compared]
        say_json({"bundle": origins.bundle, "listeners": len(listeners), "pairs": pairs, "strengths": strong})
        return
    known = sum(answer.known for listener in listeners for answer in listener.answers)
    count = sum(pair.count for pair in compared)
    left_out = f"left out, of tunes that they knew: {known}"
    say(f"{origins.bundle}; listeners: {len(listeners)}; comparisons: {count}; {left_out}")
    say("")
    for each in compared:
        low, high = each.interval
        title = f"{each.first} preferred to {each.second}"
        say(f"{title:45} {each.share:5.0%} of {each.count:4}  (95 %: {low:.0%} to {high:.0%})")
    say("")
    for kind, (value, low, high) in sorted(strong.items(), key=lambda item: -item[1][0]):
        say(f"{kind:45} {value:5.0%}  against the mean (95 %: {low:.0%} to {high:.0%})")
