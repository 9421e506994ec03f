"""The musician: loads the models that the settings name, and makes listeners and improvisers of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as with_fields

from msgspec.structs import replace

from antiphon.errors import UserError
from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import Timed
from antiphon.improviser.improviser import Improviser, Options
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.inter_onset import UNKNOWN_SILENCE
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.pace import LONGEST_SILENCE
from antiphon.improviser.listening.state import HeardNote, WithdrawnNote
from antiphon.improviser.memory.stored import StoredMemory
from antiphon.improviser.memory.weights import weights_of
from antiphon.improviser.models import ListeningModel, Models, PlayingModel
from antiphon.improviser.output.metronome import Click
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.bundle import Bundle, find_bundle, read_bundle
from antiphon.melody.grid import Tempo
from antiphon.melody.key_model import LiteKeyModel
from antiphon.melody.keys import SIGNATURES, parse_key
from antiphon.melody.metre import COMMON_TIME, TimeSignature, parse_metre
from antiphon.melody.model import LiteModel
from antiphon.melody.swing import parse_swing
from antiphon.parameters import AUTO
from antiphon.settings import Settings, model_folders
from antiphon.trial import try_bundle

LISTENING_MODEL = "essen"
"""Name of the shipped model, which listens where a model plays that can't."""
WINDOW_CANDIDATES = 4
"""Answers that are sampled at most where a `window` bundle plays: each of its steps takes a millisecond a candidate."""


@dataclass(frozen=True)
class Musician:
    """A loaded model and how it is to play."""

    settings: Settings
    bundle: Bundle
    """Of the model that plays."""
    model: LiteModel
    """The one that plays."""
    models: Models
    """What listens and what plays."""
    key: int | None
    """The key signature that the settings say, in sharps, −5…6; None finds it by listening."""
    metre: TimeSignature
    """As the settings say it; 4/4 where the performer's is to be inferred."""

    def remembering(self, content: bytes, where: str) -> Musician:
        """Return a musician who has learned something before the first note.

        Args:
            content: of a stored memory.
            where: it was stored, as it is called in errors.

        Raises:
            UserError: it can't be restored, or is of another vocabulary.
        """
        listening = self.models.listening
        learned = StoredMemory(content, where, listening.vocabulary, listening.start_weights)
        listening = with_fields(listening, learned=learned)
        return with_fields(self, models=with_fields(self.models, listening=listening))

    @property
    def signatures(self) -> tuple[int, ...]:
        """The key signatures that it listens in, in sharps: all twelve, if a model can."""
        return self.models.listening.signatures

    def take_over(self, improviser: Improviser, time: float) -> list[Timed]:
        """Let this musician's models play on in an improviser that another one has made, from `time` (seconds) on."""
        return improviser.change_models(time, self.models)

    def longest_reply(self, bpm: float) -> float:
        """Return how long it takes at most from the performer's last note to the end of the answer, in seconds."""
        play = self.settings.play
        beat = 60 / bpm
        seconds = (self._phrase_silence or UNKNOWN_SILENCE) * beat
        if self._phrase_silence is None and play.mode == "call-response":  # a melody that goes on by itself has no end
            seconds = max(seconds, LONGEST_SILENCE)
        beats_a_bar = self.metre.beats * 4 / self.metre.unit
        # A bar until the answer starts, and one for its upbeat.
        bars = max(play.shortest_answer, play.longest_answer) + 2
        return seconds + bars * beats_a_bar * beat

    @property
    def _phrase_silence(self) -> float | None:
        """The beats of silence that end a phrase; None where its pace says how much that takes."""
        silence = self.settings.play.phrase_silence
        return None if silence == "auto" else silence

    def timekeeper(self, bpm: float, start: float) -> Timekeeper:
        """Return a timekeeper for a performance that starts at `start`, in seconds; a count-in comes before step 0."""
        play, metronome = self.settings.play, self.settings.metronome
        steps_per_beat = 1 / self.bundle.manifest.step
        bar = self.metre.bar_of(steps_per_beat)
        count_in = metronome.count_in * bar if metronome.on and play.sync == "fixed" else 0
        return Timekeeper(
            Tempo(bpm, start, -count_in, steps_per_beat),
            sync=play.sync,
            metre=None if play.metre == AUTO else self.metre,
            is_heard=metronome.on,
            clock_offset=play.clock_offset_ms / 1000,
            leads=play.leads,
        )

    def listener(self, time: Timekeeper) -> Listener:
        """Return a listener that has heard nothing."""
        play = self.settings.play
        listener = Listener(self.models.listening, time, self._phrase_silence, self.key, play.tune_silence)
        listener.memory.share = play.memory
        return listener

    def improviser(
        self,
        bpm: float,
        start: float,
        channel: int,
        on_heard: Callable[[HeardNote | WithdrawnNote], None] | None = None,
        on_notice: Callable[[float, str], None] | None = None,
        clicks: bool = True,
    ) -> Improviser:
        """Return an improviser at the start of a performance.

        Args:
            bpm: beats (quarter notes) a minute, to begin with.
            start: the moment, in seconds, from which steps count.
            channel: the answer's, 1…16; the settings say the accompaniment's.
            on_heard: is told every note that was heard, or that it was none; it must not block.
            on_notice: is told, with the time in seconds, what the performer should know, in words; it must not block.
            clicks: whether a metronome that is on is to be heard.
        """
        play, metronome = self.settings.play, self.settings.metronome
        time = self.timekeeper(bpm, start)
        options = Options(
            mode=play.mode,
            when=play.when,
            channel=channel,
            accompaniment_channel=accompaniment_channel_of(self.settings, channel),
            style=self._style(time.quarter),
            seed=play.seed,
            phrase_silence=self._phrase_silence,
            tune_silence=play.tune_silence,
            key=self.key,
            click=Click(metronome.channel, metronome.pitch, metronome.accent) if metronome.on and clicks else None,
        )
        return Improviser(self.models, options, self.routing(), time, on_heard, on_notice)

    def routing(self) -> InputRouting:
        """Return what is heard of the performer, and what is passed on."""
        hands = self.settings.hands
        return InputRouting(
            channel=hands.channel,
            split=hands.split,
            left_hand=hands.left_hand,
            melody=self.settings.play.melody,
            thru=hands.thru,
            thru_channel=hands.thru_channel,
        )

    def _style(self, beat: int) -> Style:
        """Return the style that the settings say; `beat` is a quarter note's length in steps."""
        play = self.settings.play
        is_window = self.bundle.manifest.context == "window"
        return Style(
            temperature=play.temperature,
            density=play.density,
            harmony=play.harmony,
            memory=play.memory,
            form=play.form,
            accompaniment=play.accompaniment,
            swing=parse_swing(play.swing),
            feel=play.feel,
            octave=play.octave,
            constraints=Constraints(
                play.lowest, play.highest, play.in_scale, round(play.longest_rest * beat), play.repetitions
            ),
            shortest=play.shortest_answer,
            longest=max(play.shortest_answer, play.longest_answer),
            candidates=min(play.candidates, WINDOW_CANDIDATES) if is_window else play.candidates,
        )


def load_musician(settings: Settings) -> Musician:
    """Find, check, try and load the model that the settings name.

    Raises:
        UserError: the bundle is missing, damaged or of a kind that can't play, or fails its trial; or the key or the
            metre is none.
    """
    play = settings.play
    metre = COMMON_TIME if play.metre == AUTO else parse_metre(play.metre, "play.metre")
    _check_channels(settings)
    _check_melody(settings)
    key = None if play.key == "auto" else parse_key(play.key)
    bundle = read_bundle(find_bundle(play.model, model_folders()))
    if bundle.manifest.context == "window":
        # Its batch is 1: it can't listen in twelve keys, and draws its answers one after the other.
        try_bundle(bundle, (1,))
        model = LiteModel(bundle)
        listening = _listening_model_for(bundle)
        if listening is None:
            if key is None:
                raise UserError(
                    f"{bundle.path}: {LISTENING_MODEL!r} can't listen for it; say the key, for example --key Eb"
                )
            listening = ListeningModel(model, bundle.vocabulary, (key,), start_weights=weights_of(bundle))
    else:
        rows = tuple(sorted({1, len(SIGNATURES), play.candidates, metre.bar_of(1 / bundle.manifest.step)}))
        try_bundle(bundle, rows)
        model = LiteModel(bundle, rows)
        listening = ListeningModel(model, bundle.vocabulary, SIGNATURES, _key_model(bundle), weights_of(bundle))
    manifest = bundle.manifest
    knows_metre = manifest.context == "stream" and {"position", "bar"} <= set(manifest.inputs)
    playing = PlayingModel(model, bundle.vocabulary, knows_metre)
    return Musician(settings, bundle, model, Models(listening, playing), key, metre)


def musician_for(musician: Musician, model: str) -> Musician:
    """Load another model in a musician's place, with the same settings.

    Raises:
        UserError: it can't be had, or counts in other steps than the one that plays.
    """
    play = replace(musician.settings.play, model=model)
    another = load_musician(replace(musician.settings, play=play))
    if another.bundle.manifest.step != musician.bundle.manifest.step:
        raise UserError(f"{model}: its steps are of another length; start again with --model {model}")
    if another.signatures != musician.signatures:
        raise UserError(f"{model}: it listens in other keys; start again with --model {model}")
    return another


def thru_channel_of(settings: Settings) -> int | None:
    """Return the channel, 1…16, on which what the performer plays is passed on; None where nothing is."""
    hands = settings.hands
    return hands.thru_channel if hands.thru or hands.left_hand == "passed" else None


def accompaniment_channel_of(settings: Settings, channel: int) -> int:
    """Return the channel, 1…16, of what accompanies the performer: `channel`, the answer's, where no other is free."""
    metronome = settings.metronome
    taken = {0, thru_channel_of(settings), metronome.channel if metronome.on else None}
    wanted = settings.play.accompaniment_channel
    return channel if wanted in taken else wanted


def _check_channels(settings: Settings) -> None:
    """Refuse settings in which one part's note-offs would end another part's notes.

    An accompaniment that has no channel of its own takes the answer's, which it never sounds together with; so only who
    asks for it is told.

    Raises:
        UserError: two parts share a channel.
    """
    play, metronome = settings.play, settings.metronome
    thru_channel = thru_channel_of(settings)
    accompaniment = play.accompaniment_channel if play.mode == "accompany" else None
    if thru_channel == play.channel:
        raise UserError(
            f"hands.thru_channel and play.channel are both {play.channel}: what you play and the answer "
            "would end each other's notes; give one of them another channel"
        )
    if thru_channel is not None and thru_channel == accompaniment:
        raise UserError(
            f"hands.thru_channel and play.accompaniment_channel are both {thru_channel}: what you play and what "
            "accompanies it would end each other's notes; give one of them another channel"
        )
    if metronome.on and metronome.channel in (play.channel, accompaniment, thru_channel):
        raise UserError(
            f"metronome.channel is {metronome.channel}, on which the answer, the accompaniment or what you play goes "
            "out as well (play.channel, play.accompaniment_channel, hands.thru_channel): they would end each other's "
            "notes; give it another channel"
        )


def _check_melody(settings: Settings) -> None:
    """Refuse settings that don't say where the melody is.

    Raises:
        UserError: it is to be told by a split point or a channel that isn't set.
    """
    melody, hands = settings.play.melody, settings.hands
    if melody == "split" and hands.split == 0:
        raise UserError('play.melody is "split", and hands.split is 0: set it to the lowest key of your melody, say 60')
    if melody == "channel" and hands.channel == 0:
        raise UserError(
            'play.melody is "channel", and hands.channel is 0: set it to the channel of your melody, 1 to 16'
        )


def _listening_model_for(bundle: Bundle) -> ListeningModel | None:
    """Return what listens for a bundle that can't tell keys apart; None where the shipped model can't either."""
    try:
        other = read_bundle(find_bundle(LISTENING_MODEL, model_folders()))
    except UserError:
        return None
    if other.manifest.context == "window" or other.manifest.step != bundle.manifest.step:
        return None
    rows = (len(SIGNATURES),)
    try_bundle(other, rows)
    model = LiteModel(other, rows)
    return ListeningModel(model, other.vocabulary, SIGNATURES, _key_model(other), weights_of(other))


def _key_model(bundle: Bundle) -> LiteKeyModel | None:
    return LiteKeyModel(bundle) if bundle.key_model else None
