"""OSC without a network: what packets mean, what programs may send, and that no packet can do harm."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pythonosc.osc_message import OscMessage

from antiphon.errors import UserError
from antiphon.osc import addresses, impsy, notochord, outgoing
from antiphon.osc.addresses import HEARD, ROOT
from antiphon.osc.clients import MOST_CLIENTS, Address
from antiphon.osc.endpoint import MOST_REPORTS, MOST_SCHEDULED, Endpoint, World
from antiphon.osc.outgoing import MOST_PLANNED, TOLD
from antiphon.osc.packets import LONGEST_PACKET, Malformed, read, write
from antiphon.osc.targets import parse_target
from antiphon.parameters import ON_PAGE
from antiphon.recording.entries import Press, Set
from antiphon.stage import messages
from antiphon.stage.checks import refusal
from antiphon.stage.messages import Expectation, NoteOff, NoteOn, Notice, PlanMade, PlannedNote, Played
from antiphon.stage.token_bucket import BURST, MESSAGES_A_SECOND
from tests.daemon.osc_client import Came, bundle, packet
from tests.daemon.pages import STATE

DOCS = Path(__file__).parents[2] / "docs" / "osc.md"
ONE, TWO, OWN = ("127.0.0.1", 5001), ("127.0.0.1", 5002), ("127.0.0.1", 8378)
START = 1_800_000_000.0
"""Seconds since 1970."""


class Network:
    """An endpoint in virtual time, and all that it says and sends."""

    def __init__(self, token: str | None = None) -> None:
        self.now = 10.0
        self.said: list[messages.FromServer] = []
        self.sent: list[tuple[Address, Came]] = []
        self.waiting: list[tuple[float, object]] = []
        world = World(lambda: self.now, lambda: START + self.now, self.said.append, self._send, self._later)
        self.endpoint = Endpoint(world, OWN, token, [lambda data: self._send(data, ("target",))])

    def _send(self, data: bytes, address: Address) -> None:
        message = OscMessage(data)
        self.sent.append((address, (message.address, *message.params)))

    def _later(self, seconds: float, call: object) -> None:
        assert seconds > 0
        self.waiting.append((self.now + seconds, call))

    def play(self, address: str, *arguments: object, source: Address = ONE) -> None:
        self.endpoint.receive(packet(address, *arguments), source)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        due = sorted((each for each in self.waiting if each[0] <= self.now), key=lambda each: each[0])
        self.waiting = [each for each in self.waiting if each[0] > self.now]
        for _, call in due:
            call()  # type: ignore[operator]

    def to(self, address: Address, osc: str) -> list[Came]:
        """Return the arguments of what was sent to somebody at an OSC address."""
        return [came[1:] for receiver, came in self.sent if receiver == address and came[0] == osc]

    def notices(self) -> list[str]:
        return [each.text for each in self.said if isinstance(each, Notice)]


arguments = st.lists(
    st.one_of(
        st.integers(-(2**31), 2**31 - 1),
        st.floats(width=32),
        st.booleans(),
        st.none(),
        st.text(max_size=20).filter(lambda text: "\0" not in text),
        st.binary(min_size=1, max_size=20),
        st.tuples(*[st.integers(0, 255)] * 4),
    ),
    max_size=5,
)
known = [*HEARD, *(ROOT + name for name in ON_PAGE), impsy.INTERFACE, *impsy.ANSWERS, *TOLD, notochord.RETURN]
known += [
    "/impsy/mode",
    "/impsy/pause",
    "/impsy/pitemp",
    "/notochord/feed",
    "/notochord/feed_query",
    "/notochord/query",
]
well_formed = st.builds(lambda address, given: packet(address, *given), st.sampled_from(known), arguments)
mangled = st.builds(
    lambda data, place, byte: data[: place % len(data)] + bytes([byte]) + data[place % len(data) + 1 :],
    well_formed,
    st.integers(0, 1000),
    st.integers(0, 255),
)
leaves = st.one_of(well_formed, mangled, st.binary(max_size=100))
times = st.one_of(st.none(), st.floats(START, START + 200))
nested = st.recursive(
    leaves, lambda inner: st.builds(lambda when, each: bundle(when, *each), times, st.lists(inner, max_size=3))
)


@given(st.lists(st.tuples(st.sampled_from([ONE, TWO]), nested, st.floats(0, 1)), max_size=10))
def test_no_packet_does_harm_and_what_is_handed_over_is_checked(packets: list[tuple[Address, bytes, float]]) -> None:
    network = Network()
    network.endpoint.hear(STATE)
    for source, data, seconds in packets:
        network.endpoint.receive(data, source)
        network.pass_time(seconds)
    network.pass_time(100.0)
    assert len(network.notices()) <= MOST_REPORTS + 1
    for said in network.said:
        assert isinstance(said, Notice | Played | Set | Press)
        if not isinstance(said, Notice):
            assert refusal(said, STATE) is None


@given(
    st.text(max_size=30).filter(lambda text: "\0" not in text), st.integers(-(2**31), 2**31 - 1), st.floats(width=32)
)
def test_what_is_written_is_read(text: str, number: int, other: float) -> None:
    (message,) = read(write("/antiphon/notice", text, number, other))
    assert message.address == "/antiphon/notice"
    assert message.due is None
    assert message.arguments[:2] == (text, number)
    assert message.arguments[2] == other or math.isnan(other)


@pytest.mark.parametrize("size", [-4, -1, 0, 100, 2**31 - 1, -(2**31)])
def test_a_bundle_with_a_wrong_size_is_malformed(size: int) -> None:
    with pytest.raises(Malformed, match=f"says that it has {size} bytes"):
        read(b"#bundle\0" + bytes(8) + struct.pack(">i", size) + b"/abc")


def test_what_is_too_large_or_too_deep_is_malformed() -> None:
    with pytest.raises(Malformed, match=f"may have {LONGEST_PACKET}"):
        read(bytes(LONGEST_PACKET + 1))
    deep = packet("/antiphon/panic")
    for _ in range(100):
        deep = bundle(None, deep)
    with pytest.raises(Malformed, match="within each other"):
        read(deep)


def test_the_addresses_differ() -> None:
    controls = {ROOT + name for name in ON_PAGE}
    assert not controls & {*HEARD}
    assert not (controls | {*HEARD}) & TOLD


def test_the_docs_name_all_that_there_is() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert addresses.table() in text
    for address in (*HEARD, *TOLD, impsy.INTERFACE, *impsy.ANSWERS, notochord.RETURN):
        assert f"`{address}`" in text, address
    assert f"{MESSAGES_A_SECOND:.0f} messages a second" in text


def test_each_control_is_told_of_a_state() -> None:
    told = outgoing.state_messages(STATE, 1.0)
    assert {ROOT + name for name, each in ON_PAGE.items() if each.kind != "press"} <= set(told)
    assert set(told) - {ROOT + name for name in ON_PAGE} <= TOLD
    assert told["/antiphon/grid"] == [pytest.approx(100 * 4 / 60), 100.0, 4.0, 16, 0]


def test_a_change_of_state_tells_what_has_changed_alone() -> None:
    network = Network()
    network.play("/antiphon/subscribe")
    network.endpoint.hear(STATE)
    network.sent.clear()
    network.endpoint.hear(replace(STATE, bpm=90.0))
    assert network.sent == [(("target",), ("/antiphon/bpm", 90.0)), (ONE, ("/antiphon/bpm", 90.0))]


def test_a_plan_counts_from_now() -> None:
    plan = PlanMade([PlannedNote(9.75, 10.0, 60, 80), PlannedNote(10.5, 10.75, 62, 81)])
    assert outgoing.plan_message(plan, 10.0) == ("/antiphon/plan", [2, 0.0, 0.25, 60, 80, 0.5, 0.25, 62, 81])
    long = PlanMade([PlannedNote(11.0 + number, 12.0, 60, 80) for number in range(1000)])
    address, numbers = outgoing.plan_message(long, 10.0)
    assert numbers[0] == MOST_PLANNED
    assert len(write(address, *numbers)) < LONGEST_PACKET


def test_a_bundle_is_done_in_its_time_and_a_thousand_wait_at_most() -> None:
    network = Network()
    network.endpoint.receive(bundle(START + network.now + 2.0, packet("/antiphon/note", 60, 80)), ONE)
    network.pass_time(1.9)
    assert network.said == []
    network.pass_time(0.2)
    assert len(network.said) == 1
    one = packet("/antiphon/note", 60, 80)
    for _ in range(MOST_SCHEDULED // 100 + 1):
        network.pass_time(0.3)
        network.endpoint.receive(bundle(START + network.now + 50.0, *[one] * 100), ONE)
    assert len(network.waiting) == MOST_SCHEDULED
    assert "wait for their time" in network.notices()[0]


def test_who_sends_too_much_is_not_heard_and_lets_go() -> None:
    network = Network()
    count = int(BURST) + 100
    for _ in range(count):
        network.play("/antiphon/note", 60, 80)
    network.play("/antiphon/note", 62, 80, source=TWO)
    ons = [said for said in network.said if isinstance(said, Played) and said.message[2]]
    assert len(ons) == BURST + 1
    assert Played([0x80, 60, 0]) in network.said
    assert len(network.notices()) == 1
    network.pass_time(1.0)
    for _ in range(count):
        network.play("/antiphon/note", 60, 80)
    more = [said for said in network.said if isinstance(said, Played) and said.message[2]]
    assert len(more) - len(ons) == MESSAGES_A_SECOND
    assert len(network.notices()) == 1


def test_each_message_of_a_bundle_counts() -> None:
    network = Network()
    for _ in range(12):
        network.endpoint.receive(bundle(None, *[packet("/antiphon/note", 60, 80)] * 100), ONE)
    assert sum(isinstance(said, Played) and said.message[2] == 80 for said in network.said) == BURST
    assert network.said[-1] != Played([0x90, 60, 80])  # the latest that was heard has ended


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("/antiphon/note", [60.5, 80]),
        ("/antiphon/note", [60, 80.5]),
        ("/antiphon/note", [math.nan, 80]),
        ("/antiphon/note", [60, 128]),
        ("/antiphon/note", [True, 80]),
        ("/antiphon/note", [60, 80, 0]),
        ("/antiphon/subscribe", [65536]),
        ("/interface", [math.nan]),
        ("/antiphon/bpm", [math.inf]),
        ("/antiphon/lowest", [60.5]),
        ("/antiphon/mute", [2]),
        ("/antiphon/mute", ["on"]),
        ("/antiphon/model", ["../../etc/passwd"]),
    ],
)
def test_what_no_control_and_no_note_may_be_is_refused(address: str, given: list[object]) -> None:
    network = Network()
    network.endpoint.hear(STATE)
    network.sent.clear()
    network.play(address, *given)
    assert len(network.to(ONE, "/antiphon/refused")) == 1
    assert [type(said) for said in network.said] == [Notice]


def test_who_has_been_silent_for_longest_makes_room_and_lets_go() -> None:
    network = Network()
    network.play("/antiphon/note", 60, 80, source=("127.0.0.1", 1))
    for number in range(2, MOST_CLIENTS + 1):
        network.play("/antiphon/panic", source=("127.0.0.1", number))
    network.play("/antiphon/panic", source=TWO)
    assert "too many" in network.notices()[0]
    network.pass_time(2.0)
    network.play("/antiphon/panic", source=TWO)
    assert network.said[-2:] == [Played([0x80, 60, 0]), Press("panic")]


def test_no_echo_goes_on_for_ever() -> None:
    network = Network()
    for address in (*TOLD, *impsy.ANSWERS, notochord.RETURN):
        network.play(address, "whatever")
    assert network.sent == [] and network.said == []
    network.play("/antiphon/subscribe", OWN[1])
    assert "is Antiphon's own" in str(network.to(ONE, "/antiphon/refused"))
    network.endpoint.hear(NoteOn("answer", 10.0, 60, 80, 1))
    assert network.to(OWN, "/antiphon/note") == []


def test_a_stranger_is_sent_nothing() -> None:
    network = Network("abc")
    for data in (
        packet("/antiphon/token", "abd"),
        packet("/antiphon/token"),
        packet("/antiphon/token", 7),
        b"nonsense",
    ):
        network.endpoint.receive(data, ONE)
    network.play("/antiphon/subscribe")
    network.play("/antiphon/note", 60, 80)
    assert network.sent == []
    assert [type(said) for said in network.said] == [Notice]
    network.play("/antiphon/token", "abc")
    network.play("/antiphon/note", 60, 80)
    assert network.said[1:] == [Played([0x90, 60, 80])]
    network.play("/antiphon/note", 62, 80, source=TWO)
    assert len(network.said) == 2


def test_a_note_of_impsy_ends_by_itself_or_with_the_next() -> None:
    network = Network()
    network.play("/interface", 60 / 127)
    network.play("/interface", 62 / 127)
    assert network.said == [Played([0x90, 60, 100]), Played([0x80, 60, 0]), Played([0x90, 62, 100])]
    network.pass_time(1.0)
    assert network.said[3:] == [Played([0x80, 62, 0])]
    network.endpoint.hear(NoteOn("answer", 10.0, 127, 127, 1))
    assert network.to(("target",), "/impsy") == [(1.0,)]  # as many numbers as came


def test_a_question_of_notochord_waits_for_a_note() -> None:
    network = Network()
    network.play("/notochord/query", "handle", 5)
    assert network.sent == []
    network.endpoint.hear(PlanMade([PlannedNote(10.5, 11.0, 64, 70)]))
    network.play("/notochord/query_feed")
    first, second = network.to(ONE, "/return/notochord/query")
    assert first == ("inst", 1, "pitch", 64, "time", 0.5, "vel", 70.0, "handle", 5)
    assert second == first[:-2]


def test_notes_of_all_parts_are_told_and_their_ends() -> None:
    network = Network()
    for part in ("performer", "answer", "metronome", "thru"):
        network.endpoint.hear(NoteOn(part, 10.0, 60, 80, 2))
        network.endpoint.hear(NoteOff(part, 10.5, 60, 2))
    network.endpoint.hear(Expectation([(60, 0.5), (62, 0.25)]))
    network.endpoint.hear(Notice("x" * 9000))
    assert [came for _, came in network.sent[:-1]] == [
        ("/antiphon/performer/note", 60, 80, 2),
        ("/antiphon/performer/note", 60, 0, 2),
        ("/antiphon/note", 60, 80, 2),
        ("/antiphon/note", 60, 0, 2),
        ("/antiphon/metronome/note", 60, 80, 2),
        ("/antiphon/metronome/note", 60, 0, 2),
        ("/antiphon/thru/note", 60, 80, 2),
        ("/antiphon/thru/note", 60, 0, 2),
        ("/antiphon/expectation", 60, 0.5, 62, 0.25),
    ]
    assert network.sent[-1][1] == ("/antiphon/notice", "x" * 1000)


def test_a_midi_message_comes_as_bytes_or_as_oscs_own_type() -> None:
    network = Network()
    network.play("/antiphon/midi", 0xC1, 5)
    network.play("/antiphon/midi", (0, 0xC1, 5, 0))
    network.play("/antiphon/midi", (0, 0xB0, 64, 127))
    assert network.said == [Played([0xC1, 5]), Played([0xC1, 5]), Played([0xB0, 64, 127])]


@pytest.mark.parametrize("text", ["", "localhost", "localhost:", ":57120", "localhost:0", "localhost:65536", "a:²"])
def test_a_target_has_a_host_and_a_port(text: str) -> None:
    with pytest.raises(UserError, match="HOST:PORT"):
        parse_target(text)
    assert parse_target("[::1]:57120") == ("::1", 57120)
