"""The songs of a corpus while it is prepared."""

from __future__ import annotations

from antiphon_trainer.corpus.song_store import SongStore
from antiphon_trainer.corpus.songs import Song


def test_who_reads_songs_may_stop_after_the_store_is_closed() -> None:
    with SongStore() as store:
        for name in ("a", "b"):
            store.add("training", Song(name, name, ["60", "_", "r"], [], "major"))
        songs = store.songs("training")
        first = next(songs)
    assert (first.name, first.symbols) == ("a", ["60", "_", "r"])
    songs.close()  # it would raise here if it closed its cursor
