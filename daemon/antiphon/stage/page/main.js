/** The stage page: it puts the parts together, and what comes from the daemon goes from here to each of them. */

import { Circle } from "./circle.js";
import { ComputerKeys, isTyping, printedKeys } from "./computer_keys.js";
import { Connection } from "./connection.js";
import { Controls } from "./controls.js";
import { HeldKeys } from "./held_keys.js";
import { fillHelp } from "./help.js";
import { Keyboard } from "./keyboard.js";
import { ADVICE, MidiIn } from "./midi_in.js";
import { isKeyHeard } from "./names.js";
import { notice } from "./notices.js";
import { pageTime } from "./page_clock.js";
import { Roll } from "./roll.js";
import { Score } from "./score.js";
import { openSessions } from "./sessions.js";
import { Sound } from "./sound.js";
import { watchSound } from "./sound_controls.js";
import { showLink, showStatus } from "./status.js";
import { watchTheme } from "./theme.js";

/** @typedef {import("./protocol.js").FromDaemon} FromDaemon */
/** @typedef {import("./protocol.js").State} State */
/** @typedef {import("./protocol.js").NoteOn} NoteOn */
/** @typedef {import("./protocol.js").NoteOff} NoteOff */

/**
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
const byId = (id) => /** @type {T} */ (/** @type {unknown} */ (document.getElementById(id)));

const LINK_MS = 1000; // between two looks at the connection

const score = new Score();
const roll = new Roll(byId("roll"), score);
const circle = new Circle(byId("circle"));
const connection = new Connection(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`, {
  onMessage: take,
  onUp: hasCome,
  onDown: hasGone,
  onOld: () => byId("old").toggleAttribute("hidden", false),
});
const sendMidi = (/** @type {number[]} */ message) => connection.send({ type: "midi", message });
const held = new HeldKeys(sendMidi, (pitch, isDown) => keyboard.setDown(pitch, isDown));
const keyboard = new Keyboard(byId("keys"), held, { below: byId("octave-down"), above: byId("octave-up") });
const computerKeys = new ComputerKeys(held, () => showComputerKeys());
const controls = new Controls((message) => connection.send(message));
const midiIn = new MidiIn(sendMidi, showMidi);
const sound = new Sound(() => soundControls.show());
const soundControls = watchSound(sound);
/** @type {Map<string, string>} */
let printed = new Map();

/** @param {FromDaemon} message */
function take(message) {
  switch (message.type) {
    case "hello":
      controls.offerNumbers(message.numbers);
      break;
    case "state":
      showState(message);
      break;
    case "note_on":
    case "note_off":
      takeNote(message);
      break;
    case "plan":
      score.plan = message.notes;
      break;
    case "expectation":
      keyboard.expect(message.pitches);
      break;
    case "notice":
      notice(message.text);
      break;
    case "refused":
      notice(message.text);
      controls.revert();
      break;
  }
}

/** @param {State} state */
function showState(state) {
  score.setGrid(state.grid, now());
  midiIn.own = state.midi?.output ?? "";
  const sharps = isKeyHeard(state) ? state.sharps : 0;
  roll.setScene(sharps, state.turn);
  keyboard.setSharps(sharps);
  circle.show(state);
  showStatus(state);
  controls.show(state);
}

/** @param {NoteOn | NoteOff} message */
function takeNote(message) {
  const { part, channel, pitch } = message;
  const isOn = message.type === "note_on";
  if (message.type === "note_on") {
    score.noteOn(message);
    sound.noteOn(part, channel, pitch, message.velocity);
  } else {
    score.noteOff(message);
    sound.noteOff(part, channel, pitch);
  }
  if (part !== "metronome") keyboard.setSounding(part, pitch, isOn);
}

/** The daemon's time, seconds. */
function now() {
  return connection.clock.daemonTime(pageTime());
}

/** @param {boolean} isUp */
function showConnection(isUp) {
  const isOld = !byId("old").hidden; // then it is there, but doesn't talk to this page
  byId("gone").toggleAttribute("hidden", isUp || isOld);
  document.body.classList.toggle("gone", !isUp);
  showLink(isUp, connection.clock.roundTrip);
}

/** @param {boolean} isOther  whether it is another session than before */
function hasCome(isOther) {
  if (isOther) score.clear();
  showConnection(true);
}

function hasGone() {
  held.releaseAll();
  score.silence(now());
  sound.silence();
  keyboard.clear();
  showConnection(false);
}

function showComputerKeys() {
  keyboard.reveal(computerKeys.highest);
  keyboard.reveal(computerKeys.lowest);
  keyboard.setComputerKeys(printed, computerKeys.lowest);
}

function showMidi() {
  const devices = midiIn.devices;
  byId("midi-advice").textContent = devices.length ? `Plays here: ${devices.join(", ")}` : ADVICE[midiIn.access];
  byId("connect-midi").toggleAttribute("hidden", midiIn.access !== "asks" && midiIn.access !== "denied");
}

/** @param {KeyboardEvent} event */
function shortcut(event) {
  if (document.querySelector("dialog[open]")) return; // Escape closes it
  if (event.key === "Escape") {
    held.releaseAll();
    sound.silence();
    controls.press("panic");
  } else if (event.key === "?" && !isTyping(event.target)) {
    openDialog(byId("help"));
  }
}

/** @param {HTMLDialogElement} dialog */
function openDialog(dialog) {
  held.releaseAll();
  dialog.showModal();
}

function frame() {
  if (!document.hidden) roll.draw(now());
  requestAnimationFrame(frame);
}

window.addEventListener("blur", () => held.releaseAll());
window.addEventListener("pagehide", () => {
  held.releaseAll();
  midiIn.releaseAll();
});
document.addEventListener("visibilitychange", () => document.hidden && held.releaseAll());
window.addEventListener("keydown", shortcut);
byId("reload").addEventListener("click", () => location.reload());
byId("octave-down").addEventListener("click", () => keyboard.shift(-1));
byId("octave-up").addEventListener("click", () => keyboard.shift(1));
byId("open-help").addEventListener("click", () => openDialog(byId("help")));
byId("open-sessions").addEventListener("click", () => {
  held.releaseAll();
  openSessions(byId("sessions"), byId("session-list"));
});
byId("connect-midi").addEventListener("click", () => midiIn.connect());
watchTheme(byId("theme"), () => roll.recolour());
setInterval(() => showLink(connection.isUp, connection.clock.roundTrip), LINK_MS);
showMidi();
midiIn.connectIfAllowed();
printedKeys().then((keys) => {
  printed = keys;
  fillHelp(printed);
  showComputerKeys();
});
connection.open();
requestAnimationFrame(frame);

/**
 * For tests, and for the curious in the browser's console: the parts of the page, to be looked at. Nothing of it is
 * needed to play, and none of it is promised to stay.
 */
Object.assign(window, { antiphon: { connection, score, roll, sound, keyboard, now } });
