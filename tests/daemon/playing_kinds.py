"""Generators of what `cases/playing` has an instance of: other keys, registers, tempi, rhythms and unevenness.

Each takes a source of randomness and returns a case as those files have it, without its words: `notes` as
[onset, end, pitch] in seconds, `sync`, `bpm` and `expected`.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from random import Random
from typing import Any

Case = dict[str, Any]
Written = Sequence[tuple[float, float, int]]
"""Notes as (onset, length, pitch), in beats."""

SET_BPM = 100
"""BPM that is set, as in the default settings, whatever tempo is played."""
MOST_UNEVEN = 0.012
"""Seconds; how far from its place an onset is at most."""
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
BLUES = (0, 3, 5, 6, 7, 10)
"""Semitones of each scale from its tonic."""


def uneven(random: Random, written: Written, bpm: float, legato: float, at: float = 1.0) -> list[list[float]]:
    """Return notes as they are played at a tempo, each onset a little off, fingers up after `legato` of a note."""
    beat, most = 60 / bpm, random.uniform(0, MOST_UNEVEN)
    notes = []
    for onset, length, pitch in written:
        on = at + onset * beat + random.uniform(-most, most)
        notes.append([round(on, 4), round(on + length * beat * legato, 4), pitch])
    return notes


def case(notes: list[list[float]], **expected: Any) -> Case:
    return {"sync": "auto", "bpm": SET_BPM, "notes": sorted(notes), "expected": expected}


def line(steps: Sequence[float], pitches: Sequence[int]) -> list[tuple[float, float, int]]:
    """Return a line of notes, each lasting until the next, from the sixteenths that each takes."""
    onsets = accumulate(steps, initial=0.0)
    return [(onset / 4, step / 4, pitch) for onset, step, pitch in zip(onsets, steps, pitches, strict=False)]


def walk(random: Random, tonic: int, count: int, scale: Sequence[int] = MAJOR, leap: int = 2) -> list[int]:
    """Return a melody that goes up and down a scale, within an octave and a half, and ends on the tonic."""
    size, place, found = len(scale), random.choice((0, 2, 4)), list[int]()
    for _ in range(count - 1):
        found.append(tonic + 12 * (place // size) + scale[place % size])
        moves = [move for move in range(-leap, leap + 1) if move and -3 <= place + move <= size + 3]
        place += random.choice(moves)
    return [*found, tonic + (12 if place > size // 2 + 1 else 0)]


def signature(tonic: int, minor: bool = False) -> int:
    """Return the sharps of a key, −5…6."""
    return ((tonic + 3 * minor) * 7 + 5) % 12 - 5


def tonic_of(random: Random) -> int:
    return random.randint(55, 72)


def adagio_breath(random: Random) -> Case:
    """A slow melody with breaths that end nothing."""
    bpm, tonic = random.uniform(42, 56), tonic_of(random)
    steps = random.choice(
        ([4, 2, 2, 4, 4, 8, 2, 2, 4, 4, 4, 4], [4, 4, 2, 2, 4, 8, 4, 4, 2, 2, 4], [2, 2, 4, 4, 8, 2, 2, 4, 4, 4, 8])
    )
    written = line(steps, walk(random, tonic, len(steps)))
    breath = steps.index(8)
    onset, _, pitch = written[breath]
    written[breath] = (onset, random.uniform(0.65, 0.85), pitch)
    return case(uneven(random, written, bpm, random.uniform(0.86, 0.95)), phrase_starts=[0])


def alberti(random: Random) -> Case:
    """A melody over a broken chord."""
    bpm, tonic = random.uniform(80, 132), random.randint(67, 74)
    chords = {0: (0, 7, 4, 7), 4: (2, 7, 5, 7), 1: (2, 7, 5, 7), 6: (2, 7, 5, 7), 2: (0, 7, 4, 7), 3: (0, 9, 5, 9)}
    melody, bass = list[tuple[float, float, int]](), list[tuple[float, float, int]]()
    lag = random.uniform(0.0, 0.02)
    for half in range(random.randint(4, 7)):
        degree = random.choice(tuple(chords))
        shape = random.choice(((2,), (2,), (1, 1)))
        place = 2.0 * half
        for number, length in enumerate(shape):
            pitch = tonic + MAJOR[degree] + (0 if number == 0 else 2)
            melody.append((place, length, pitch))
            place += length
        bass += [(2 * half + 0.5 * number + lag, 0.5, tonic - 24 + each) for number, each in enumerate(chords[degree])]
    played = uneven(random, melody, bpm, 0.97)
    return case([*played, *uneven(random, bass, bpm, random.uniform(0.8, 0.95))], melody=[n[2] for n in played])


def blues_lick(random: Random) -> Case:
    """A line in a blues scale."""
    tonic, bpm = tonic_of(random), random.uniform(92, 144)
    if random.random() < 0.5:
        degrees = (12, 15, 17, 18, 19, 15, 17, 15, 12, 10, 7, 10, 12, 15, 12, 10, 7, 6, 5, 3, 0)
        steps = [2, 2, 2, 2, 4, 4, 2, 2, 4, 4, 2, 2, 4, 4, 2, 2, 2, 2, 2, 2, 8]
        pitches = [tonic - 5 + degree for degree in degrees]
        root = tonic - 5
    else:
        steps = [random.choice((2, 2, 2, 4)) for _ in range(random.randint(16, 26))]
        pitches, root = walk(random, tonic, len(steps), BLUES), tonic
        while (tonic + 6) % 12 not in {pitch % 12 for pitch in pitches}:
            pitches = walk(random, tonic, len(steps), BLUES)
    sharps = [signature(root, minor=True), (signature(root, minor=True) + 6) % 12 - 5]
    return case(uneven(random, line(steps, pitches), bpm, 0.92), sharps_in=sharps, most_changes=1)


def grace_notes(random: Random) -> Case:
    """Grace notes, one or two together, before beats."""
    bpm, tonic = random.uniform(76, 126), tonic_of(random)
    beat = 60 / bpm
    steps = [4] * 12 if random.random() < 0.5 else [random.choice((4, 4, 4, 2, 8)) for _ in range(12)]
    pitches = walk(random, tonic, len(steps))
    notes = uneven(random, line(steps, pitches), bpm, random.uniform(0.85, 0.95))
    graced = random.sample(range(2, len(notes)), random.randint(2, 4))
    graces = list[list[float]]()
    for index in graced:
        length, many = random.uniform(0.040, 0.075), random.choice((1, 1, 1, 2))
        on, _, pitch = notes[index]
        side = random.choice((2, 1, 2, -1, -2, 3))
        for number in range(many, 0, -1):
            start = on - number * length
            graces.append(
                [round(start, 4), round(start + 0.9 * length, 4), pitch + side * (1 if many == 1 else number)]
            )
            notes[index - 1][1] = min(notes[index - 1][1], round(start - 0.005, 4))
    assert min(b[0] - a[0] for a, b in pairwise(notes)) > 0.3 * beat
    return case([*notes, *graces], principals=[n[0] for n in notes], principal_steps=steps[:-1], upto="factor")


def jazz_breath(random: Random) -> Case:
    """Two phrases of a solo in eighths, a beat and a half apart."""
    bpm, tonic = random.uniform(140, 220), tonic_of(random)
    swing = random.choice((0.5, 0.5, random.uniform(0.55, 0.65)))
    steps = [2, 2, 2, 2, 4, 2, 4 + 6] if random.random() < 0.5 else [*[2] * random.randint(6, 10), 10]
    if sum(steps) % 4:
        steps[-1] += 2
    count = random.randint(6, 9)
    both = [*steps, *[2] * count, 4]
    notes = line(both, walk(random, tonic, len(both), leap=3))
    last = len(steps) - 1
    notes[last] = (notes[last][0], (both[last] - 6) / 4, notes[last][2])
    swung = [(onset + (swing - 0.5) * (onset % 1 == 0.5), length, pitch) for onset, length, pitch in notes]
    return case(uneven(random, swung, bpm, 0.92), phrase_starts=[0, len(steps)])


def legato_leaps(random: Random) -> Case:
    """One voice with large leaps down, each key overlapping the next."""
    bpm, tonic, overlap = random.uniform(84, 132), random.randint(62, 70), random.uniform(0.03, 0.075)
    count, beat = random.randint(8, 14), 60 / bpm
    steps = [random.choice((2, 4, 4)) for _ in range(count)]
    pitches = [tonic + 12]
    while len(pitches) < count:
        down = len(pitches) % 2
        leaps = (-8, -9, -7, -12, -14) if down else (5, 7, 4, 8, 9)
        fits = [leap for leap in leaps if tonic - 8 <= pitches[-1] + leap <= tonic + 14]
        pitches.append(pitches[-1] + random.choice(fits or [-1 if down else 1]))
    notes = uneven(random, line(steps, pitches), bpm, 1.0)
    for note, after in pairwise(notes):
        note[1] = round(after[0] + min(overlap, 0.4 * beat), 4)
    return case(notes, melody=pitches)


def melody_lead(random: Random) -> Case:
    """A melody that is struck a little before its chords."""
    bpm, tonic, lead = random.uniform(60, 110), random.randint(67, 76), random.uniform(0.025, 0.05)
    beat, notes = 60 / bpm, list[list[float]]()
    melody = walk(random, tonic, random.randint(6, 9))
    for number, pitch in enumerate(melody):
        on = 1 + number * beat + random.uniform(-0.01, 0.01)
        notes.append([round(on, 4), round(on + 0.94 * beat, 4), pitch])
        for below in sorted(random.sample((7, 9, 12, 14, 16, 19, 21), 3), reverse=True):
            late = on + lead + random.uniform(0, 0.008)
            notes.append([round(late, 4), round(late + 0.8 * beat, 4), pitch - below])
    return case(notes, melody=melody)


def ritardando(random: Random) -> Case:
    """Even eighths that broaden into the close."""
    first, last, tonic = random.uniform(80, 116), random.uniform(0.45, 0.6), tonic_of(random)
    count, steady = random.randint(17, 22), random.randint(7, 10)
    notes, time, most = list[list[float]](), 1.0, random.uniform(0, 0.006)
    for number, pitch in enumerate(walk(random, tonic, count)):
        slowed = max(0.0, (number - steady) / (count - steady))
        length = 30 / (first * (1 - slowed * (1 - last)))
        on = time + random.uniform(-most, most)
        notes.append([round(on, 4), round(on + 0.94 * length, 4), pitch])
        time += length
    return case(notes, steps=[2] * (count - 1), upto="factor")


def rolled_chords(random: Random) -> Case:
    """Chords that are rolled from the bottom."""
    beat, gap, tonic = random.uniform(0.6, 1.0), random.uniform(0.025, 0.045), random.randint(67, 76)
    notes, melody = list[list[float]](), walk(random, tonic, random.randint(6, 9))
    for number, pitch in enumerate(melody):
        below = sorted(random.sample((4, 7, 9, 12, 14, 16, 19, 24), random.randint(2, 3)), reverse=True)
        for place, under in enumerate([*below, 0]):
            on = 1 + number * beat + place * gap + random.uniform(-0.003, 0.003)
            notes.append([round(on, 4), round(1 + (number + 0.93) * beat, 4), pitch - under])
    return case(notes, melody=melody)


def swing(random: Random) -> Case:
    """A line of swung eighths."""
    bpm, tonic, ratio = random.uniform(100, 168), tonic_of(random), random.uniform(1.6, 2.1)
    count = 2 * random.randint(6, 10)
    share = ratio / (1 + ratio)
    written = list[tuple[float, float, int]]()
    for number, pitch in enumerate(walk(random, tonic, count + 1)):
        off = number % 2
        written.append((number // 2 + share * off, 1 - share if off else share, pitch))
    notes = uneven(random, written, bpm, 0.9)
    return case(notes, steps=[2] * count, upto="factor")


def tied_fives(random: Random) -> Case:
    """Syncopations whose notes last five, seven and nine sixteenths."""
    bpm, tonic = random.uniform(92, 112), tonic_of(random)
    if random.random() < 0.5:
        steps = [3, 3, 2, 5, 3, 5, 3, 3, 3, 2, 7, 1, 9, 3, 4]
    else:
        cells = ((3, 3, 2), (3, 5), (5, 3), (2, 3, 3), (7, 1), (9, 3), (3, 2, 3), (3, 3, 3, 3, 4))
        chosen = [(3, 3, 2), (5, 3), *random.choices(cells, k=4), random.choice(((7, 1), (9, 3)))]
        steps = [step for cell in chosen for step in cell] + [4]
    notes = uneven(random, line(steps, walk(random, tonic, len(steps))), bpm, 0.92)
    return case(notes, steps=steps[:-1], upto="factor")


def touch_of_dominant(random: Random) -> Case:
    """A melody that goes to the dominant for a bar, and back."""
    bpm, tonic = random.uniform(92, 132), random.randint(55, 67)
    if random.random() < 0.5:
        degrees = (0, 4, 7, 12, 11, 9, 7, 6, 7, 9, 11, 14, 13, 14, 11, 7, 6, 9, 7, 7, 5, 4, 2, 0)
    else:
        home = random.choice(((0, 2, 4, 5, 7, 9, 11, 12), (4, 5, 7, 4, 0, 2, 4, 5), (7, 5, 4, 2, 4, 5, 7, 9)))
        there = random.choice(((11, 9, 7, 6, 7, 9, 11, 7), (14, 12, 11, 9, 7, 6, 9, 7), (7, 6, 7, 9, 11, 9, 6, 7)))
        back = random.choice(((7, 5, 4, 2, 4, 5, 2, 0), (12, 9, 5, 9, 7, 5, 2, 0), (5, 4, 2, 0, 5, 2, -1, 0)))
        degrees = (*home, *there, *back)
    notes = line([2] * len(degrees), [tonic + degree for degree in degrees])
    return case(uneven(random, notes, bpm, 0.92), final_sharps=[signature(tonic)], most_changes=2)


def triplet_in_quarters(random: Random) -> Case:
    """Triplets, each in the time of a beat, among quarters."""
    bpm, tonic = random.uniform(84, 120), tonic_of(random)
    beats = [1, 1, 1, 1, 3, 1, 3, 1, 1, 1, 1] if random.random() < 0.5 else [1] * 4
    while len(beats) < 10:
        beats += random.choice(([1], [1, 1], [3, 1]))
    steps, beat_of, index = list[float](), dict[str, int](), 0
    for beat, notes in enumerate(beats):
        beat_of[str(index)] = beat
        steps += [4 / notes] * notes
        index += notes
    steps.append(4)
    beat_of[str(index)] = len(beats)
    return case(uneven(random, line(steps, walk(random, tonic, len(steps))), bpm, 0.92), beat_of=beat_of, upto="factor")


def upbeat_eighth(random: Random) -> Case:
    """A tune with an upbeat of an eighth; the answer begins on a beat."""
    bpm, tonic = random.uniform(88, 132), random.randint(55, 67)
    if random.random() < 0.5:
        pitches = [tonic + each for each in (0, 5, 5, 7, 9, 9, 7, 5, 4, 2, 0, -3, -2, 2, 0, -3, -7)]
        steps = [2, 4, 2, 2, 4, 2, 2, 4, 2, 2, 4, 4, 2, 2, 4, 4, 4]
    else:
        steps = [2]
        while sum(steps) < 42:
            steps += random.choice(([4], [2, 2], [4], [6, 2]))
        steps.append(4)
        pitches = walk(random, tonic, len(steps))
    notes = uneven(random, line(steps, pitches), bpm, 0.92)
    return case(notes, answer_on_beat=0.5, beat_seconds=60 / bpm)


KINDS: dict[str, Callable[[Random], Case]] = {
    "adagio-breath": adagio_breath,
    "alberti": alberti,
    "blues-lick": blues_lick,
    "grace-notes": grace_notes,
    "jazz-breath": jazz_breath,
    "legato-leaps": legato_leaps,
    "melody-lead": melody_lead,
    "ritardando": ritardando,
    "rolled-chords": rolled_chords,
    "swing-120": swing,
    "tied-fives": tied_fives,
    "touch-of-dominant": touch_of_dominant,
    "triplet-in-quarters": triplet_in_quarters,
    "upbeat-eighth": upbeat_eighth,
}
