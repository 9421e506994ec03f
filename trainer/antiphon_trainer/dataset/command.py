"""The command `antiphon-trainer prepare`: prepares a corpus, or loads what is stored, and prints the report."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.streams import say
from antiphon_trainer import screen
from antiphon_trainer.corpus import report
from antiphon_trainer.corpus.versions import TENTH
from antiphon_trainer.settings import Prepare


def prepare_corpus(corpora: Sequence[str], settings: Prepare, processes: int | None, scheduler: str | None) -> None:
    """Prepare a corpus, or load and check what an earlier run stored; print the report.

    Args:
        corpora: folders, files, or the word `essen`.
        settings: section `[prepare]`; `is_preprocessing_required` decides between preparing and loading.
        processes: worker processes of this machine; None is one for each core.
        scheduler: address of a Dask scheduler to parse on instead; None is this machine.

    Raises:
        UserError: a corpus or a stored file is missing or invalid, or no song is left to train on.
    """
    from antiphon_trainer.corpus.engines import cluster, local
    from antiphon_trainer.corpus.parsing import cores
    from antiphon_trainer.corpus.sources import collect
    from antiphon_trainer.dataset.prepare import load, prepare

    if settings.is_preprocessing_required:
        sources = collect(corpora)
        engine = local(processes or cores()) if scheduler is None else cluster(scheduler)
        with (
            screen.stoppable("what was parsed is kept: the same command goes on from there"),
            screen.progress_bar("parsing songs", len(sources)) as advance,
        ):
            done = prepare(corpora, sources, settings, engine, advance)
    else:
        done = load(settings)
    for line in report.lines(done.report):
        say(line)
    if settings.held_out == TENTH and not done.report.held_out.songs:
        say("         none held out: all songs are versions of one tune")
    elif settings.held_out and not done.report.held_out.songs:
        say(
            f"         none held out: no song has a catalogue number of {settings.held_out!r} "
            "(ABC: the field N:, kern: the record !!!SCT:)"
        )
    count, length = done.windows.inputs.shape
    say(f"mapping  {len(done.vocabulary)} symbols in {settings.mapping_file_path}")
    say(f"tensors  {count:,} windows of {length} steps in {settings.test_target_path}")
    say(f"songs    {settings.save_path}, merged in {settings.merged_path}")
    file = report.report_file(settings.merged_path)
    say(f"report   {file}, and as a page of pictures {file.with_suffix('.png')}")


def check_corpora(corpora: Sequence[str], processes: int | None, scheduler: str | None) -> None:
    """Read every song of each corpus twice and print where the two readings agree, differ, or refuse it.

    Raises:
        UserError: see `sources.collect`.
    """
    from antiphon_trainer.corpus.check import check_all, lines
    from antiphon_trainer.corpus.engines import cluster, local
    from antiphon_trainer.corpus.parsing import cores
    from antiphon_trainer.corpus.sources import collect

    found = {corpus: collect([corpus]) for corpus in corpora}
    engine = local(processes or cores()) if scheduler is None else cluster(scheduler)
    for corpus, sources in found.items():
        with (
            screen.stoppable("nothing is kept of a check"),
            screen.progress_bar("checking", len(sources)) as advance,
        ):
            checked = check_all(sources, engine, advance)
        for line in lines(corpus, checked):
            say(line)
