"""The endpoint: all that OSC clients send and are sent. It is sans-IO: packets, times and what is to be said are given.

What a client asks for goes to the playing process as a page's requests do, checked in the same way.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from antiphon.midi.codec import decode, encode
from antiphon.midi.messages import ControlChange
from antiphon.midi.messages import NoteOff as KeyUp
from antiphon.osc import impsy, notochord, outgoing
from antiphon.osc.addresses import (
    ROOT,
    TOKEN,
    Ask,
    Refused,
    Request,
    Subscribe,
    Token,
    Unsubscribe,
    played,
    request_of,
    short,
)
from antiphon.osc.clients import Address, Client, Clients
from antiphon.osc.listeners import LONGEST_TEXT, Listeners
from antiphon.osc.packets import Malformed, Message, read, write
from antiphon.recording.entries import Press, Set
from antiphon.stage import messages
from antiphon.stage.checks import refusal
from antiphon.stage.guard import is_loopback
from antiphon.stage.messages import NoteOn, Notice, PlanMade, PlannedNote, Played

FARTHEST_SECONDS = 60.0
"""How far in the future a bundle may be done: beyond that, the clocks of two machines differ."""
MOST_SCHEDULED = 1000
"""Messages of bundles that wait for their time."""
MOST_REPORTS = 20
"""Different mistakes that the performer is told of; a client is told of each of its own."""
_ONLY_SENT = outgoing.TOLD | {*impsy.ANSWERS, notochord.RETURN}


@dataclass(frozen=True)
class World:
    """What an endpoint needs of the world."""

    clock: Callable[[], float]
    """Tells the time, in seconds from the session's start."""
    wall: Callable[[], float]
    """Tells the time, in seconds since 1970: that of bundles."""
    say: Callable[[messages.FromServer], None]
    """Tells the playing process."""
    send: Callable[[bytes, Address], None]
    """Sends a packet, at once."""
    later: Callable[[float, Callable[[], None]], object]
    """Calls something in so many seconds."""


class Endpoint:
    """All clients. Everything here happens on one thread.

    Args:
        world: what it needs of the world.
        own: its own address.
        token: what a client must know; None where only this machine's can reach it.
        targets: each sends a packet to a program that is sent everything.
    """

    def __init__(
        self, world: World, own: Address, token: str | None = None, targets: Sequence[Callable[[bytes], None]] = ()
    ) -> None:
        self._world = world
        self._own = own
        self._token = token
        self._clients = Clients()
        self._listeners = Listeners(world.send, targets, self._clients.subscribed)
        self._scheduled = 0
        self._reported: set[object] = set()
        self._values: Sequence[float] | None = None
        """The latest that came to IMPSY's `/interface`; answers are told in its way from the first on."""

    # From clients

    def receive(self, packet: bytes, source: Address) -> None:
        """Do what a packet asks for; whatever is in it, nothing is raised."""
        now = self._world.clock()
        client = self._clients.get(source, now)
        if client is not None and not client.rate.take(now):
            self._drop(client)  # unread: to read a flood would keep others waiting
            return
        found: list[Message] = []
        why = ""
        try:
            found = read(packet)
        except Malformed as error:
            why = f"that is no OSC: {error}"
        if client is None:
            client = self._admit(source, found, now)
            if client is None:
                return
            client.rate.take(now)
        if why:
            self._refuse(client, why, "malformed")
        for number, message in enumerate(found):
            if number and not client.rate.take(now):  # the packet itself has taken one
                self._drop(client)
                return
            self._schedule(client, message)

    def _admit(self, source: Address, found: Sequence[Message], now: float) -> Client | None:
        """Return a new client, if it may come in."""
        if self._token is not None and not any(self._is_token(message) for message in found):
            host = source[0]
            self._report(
                ("token", host),
                f"OSC from {host} isn't heard: it must send {TOKEN} and the token that was printed at the start first",
            )
            return None
        client, released = self._clients.add(source, now)
        self._release(released)
        if client is None:
            self._report("clients", "OSC from one more program isn't heard: too many send at the same time")
        return client

    def _is_token(self, message: Message) -> bool:
        given = message.arguments[0] if message.address == TOKEN and message.arguments else None
        return isinstance(given, str) and secrets.compare_digest(given.encode(), (self._token or "").encode())

    def _drop(self, client: Client) -> None:
        """Drop what a client sends beyond its budget, and end what it holds down: its end might be dropped too."""
        self._release(client.held.let_go(other.held for other in self._clients if other is not client))
        self._report("flood", f"OSC from {_name(client)}: more than anybody can play; what is too much isn't heard")

    def _schedule(self, client: Client, message: Message) -> None:
        """Do what a message asks for, now or when its bundle says; what is late is done now."""
        wait = 0.0 if message.due is None else message.due - self._world.wall()
        if wait <= 0:
            self._do(client, message)
        elif wait > FARTHEST_SECONDS:
            why = f"a bundle is to be done in {wait:.0f} s; do clocks differ? At most {FARTHEST_SECONDS:.0f} s are kept"
            self._refuse(client, why, "time")
        elif self._scheduled >= MOST_SCHEDULED:
            self._refuse(client, f"more than {MOST_SCHEDULED} messages of bundles wait for their time", "scheduled")
        else:
            self._scheduled += 1
            self._world.later(wait, partial(self._do_scheduled, client, message))

    def _do_scheduled(self, client: Client, message: Message) -> None:
        self._scheduled -= 1
        if not client.is_gone:
            self._do(client, message)

    def _do(self, client: Client, message: Message) -> None:
        address = message.address
        try:
            if address == impsy.INTERFACE:
                self._play_values(client, message)
            elif impsy.is_own(address):
                self._steer(client, impsy.request_of(message))
            elif notochord.is_own(address):
                self._feed_or_query(client, message)
            elif address not in _ONLY_SENT:
                self._answer(client, request_of(message))
        except Refused as error:
            self._refuse(client, str(error), address)

    def _answer(self, client: Client, request: Request | None) -> None:
        match request:
            case None | Token():
                pass
            case Ask(name):
                state = self._listeners.state
                if state is None:
                    raise Refused(f"{name} isn't known yet; ask again")
                self._world.send(write(ROOT + name, outgoing.value_of(state, name)), client.address)
            case Subscribe(port):
                self._subscribe(client, port)
            case Unsubscribe():
                client.subscribed = None
            case Played() | Set() | Press():
                self._steer(client, request)

    def _steer(self, client: Client, request: messages.Steering) -> None:
        """Hand over what a client asks for, once it is checked as a page's would be.

        Raises:
            Refused: it can't be done.
        """
        why = refusal(request, self._listeners.state)
        if why is not None:
            raise Refused(why)
        if isinstance(request, Played):
            client.held.hear(decode(request.message))
        self._world.say(request)

    def _subscribe(self, client: Client, port: int | None) -> None:
        host, own_port, *more = client.address
        address: Address = (host, port or own_port, *more)
        if address[1] == self._own[1] and (is_loopback(host) or host == self._own[0]):
            raise Refused(f"port {port} is Antiphon's own; subscribe with the port that your program listens on")
        client.subscribed = address
        self._listeners.greet(address, self._world.clock())

    def _play_values(self, client: Client, message: Message) -> None:
        """Play a note that IMPSY's `/interface` says, until the next one or for a moment."""
        values = impsy.values_of(message.arguments)
        pitch, velocity = impsy.note_of(values)
        self._values = values
        self._end_values(client, client.ending)
        self._steer(client, played(pitch, velocity))
        client.ending = played(pitch, 0)
        self._world.later(impsy.NOTE_SECONDS, partial(self._end_values, client, client.ending))

    def _end_values(self, client: Client, ending: Played | None) -> None:
        if ending is not None and client.ending is ending and not client.is_gone:
            client.ending = None
            self._steer(client, ending)

    def _feed_or_query(self, client: Client, message: Message) -> None:
        """Hear what Notochord's addresses play, and answer what they ask, now or once there is a note."""
        request = notochord.request_of(message)
        if request is not None:
            client.untold = None
            self._steer(client, request)
        if not notochord.asks(message):
            return
        handle = notochord.handle_of(message.arguments)
        now = self._world.clock()
        coming = self._listeners.coming(now)
        if client.untold is not None:
            note, client.untold = client.untold, None
            self._tell_next(client, handle, note)
        elif coming:
            self._tell_next(client, handle, coming[0], coming[0].time - now)
        else:
            client.queries.append(handle)

    def _tell_next(self, client: Client, handle: int | None, note: NoteOn | PlannedNote, wait: float = 0.0) -> None:
        answer = notochord.answer(note.pitch, note.velocity, wait, handle)
        self._world.send(write(notochord.RETURN, *answer), client.address)

    # From the playing process

    def hear(self, message: messages.ToServer) -> None:
        """Tell clients what the playing process says."""
        now = self._world.clock()
        self._listeners.hear(message, now)
        if isinstance(message, NoteOn) and message.part == "answer":
            self._hear_answer(message)
        elif isinstance(message, PlanMade):
            self._answer_queries(now)

    def _hear_answer(self, note: NoteOn) -> None:
        if self._values is not None:
            answer = impsy.answer(note.pitch, note.velocity, self._values)
            self._listeners.tell([(address, answer) for address in impsy.ANSWERS])
        for client in self._clients:
            if client.queries:
                self._tell_next(client, client.queries.popleft(), note)
            else:
                client.untold = note

    def _answer_queries(self, now: float) -> None:
        coming = self._listeners.coming(now)
        for client in self._clients:
            if coming and client.queries:
                self._tell_next(client, client.queries.popleft(), coming[0], coming[0].time - now)

    def _release(self, released: Sequence[KeyUp | ControlChange]) -> None:
        for message in released:
            self._world.say(Played(list(encode(message))))

    def _refuse(self, client: Client, why: str, kind: str) -> None:
        """Tell a client why something isn't done, and of each kind of mistake the performer too, once."""
        self._world.send(write(outgoing.REFUSED, why[:LONGEST_TEXT]), client.address)
        self._report(("refused", short(kind)), f"OSC from {_name(client)}: {why[:LONGEST_TEXT]}")

    def _report(self, kind: object, text: str) -> None:
        if kind in self._reported or len(self._reported) > MOST_REPORTS:
            return
        self._reported.add(kind)
        is_last = len(self._reported) > MOST_REPORTS
        self._world.say(Notice("OSC: there are more mistakes; they aren't shown any more" if is_last else text))


def _name(client: Client) -> str:
    return f"{client.address[0]} port {client.address[1]}"
