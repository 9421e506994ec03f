/** What is written large, and how things stand: key, tempo, mode, turn, and the small line of health. */

import { isKeyHeard, majorKey, minorKey, pitchName, spokenKeys } from "./names.js";

/** @typedef {import("./protocol.js").State} State */

/** @type {Record<import("./protocol.js").Mode, string>} */
const MODES = {
  "next-note": "note by note",
  "call-response": "call and response",
  continue: "it goes on",
  accompany: "it accompanies",
};
const TURNS = { listening: "Listening", answering: "Answering" };
const CLOCKS = {
  none: "follows the DAW's clock",
  waiting: "waits for the DAW's clock",
  rolling: "follows the DAW's clock",
  lost: "the DAW's clock is lost",
};
const QUICK_MS = 10; // an answer that is no later than this feels immediate
const SURE = 0.5; // of the key in use: below, another may be it
const LEAST_SURE = 0.6; // of a tempo or a bar; below, it isn't worth saying
const MOST_BPM_DIGITS = 10;
const IN_MINOR = /^[a-g](?!uto)|m(in|$)/; // a key that was said: "c#m", "c", "B minor"; not "auto"

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Write a text where it is another: an element that is set anew loses its selection.
 * @param {string} id
 * @param {string} text
 * @param {string} [className]
 */
function write(id, text, className) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
  if (className !== undefined && element.className !== className) element.className = className;
}

/** @param {State} state */
export function showStatus(state) {
  const bpm = Math.round(state.grid.bpm * MOST_BPM_DIGITS) / MOST_BPM_DIGITS;
  showKey(state);
  write("tempo", bpm >= 100 ? bpm.toFixed(0) : String(bpm));
  write("mode-name", MODES[state.mode]);
  write("turn", TURNS[state.turn], `turn ${state.turn}`);
  write("sync", ...syncWords(state));
  write("ports", state.midi ? `MIDI: ${state.midi.input} → ${state.midi.output}` : "playing through this page");
  write("model-name", `model ${state.model}`);
  write("latency", ...latencyWords(state.latency_ms));
  write("learned", ...learnedWords(state));
  showRecording(state.record);
  write("reason", state.words);
  write("spoken", spokenWords(state, bpm));
}

/** @param {State} state */
function showKey(state) {
  const isSure = state.key !== "auto" || (state.posterior[state.sharps + 5] ?? 0) >= SURE;
  const isHeard = isKeyHeard(state);
  const names = [`${majorKey(state.sharps)} major`, `${minorKey(state.sharps)} minor`];
  const [large, small] = IN_MINOR.test(state.key) ? names.toReversed() : names;
  write("key-name", isHeard ? String(large) : "?", isSure ? "" : "unsure");
  write("key-minor", isSure ? String(small) : isHeard ? "not sure yet" : "not heard yet");
}

/**
 * Show how the page reaches the daemon.
 * @param {boolean} isUp
 * @param {number | null} roundTrip  seconds
 */
export function showLink(isUp, roundTrip) {
  const quick = roundTrip === null ? "" : `, ${(1000 * roundTrip).toFixed(1)} ms`;
  write("link", isUp ? `connected${quick}` : "not connected", isUp ? "good" : "bad");
}

/**
 * @param {State} state
 * @returns {[string, string]}
 */
function syncWords(state) {
  if (state.sync === "clock") return [CLOCKS[state.clock], { rolling: "good", lost: "bad" }[String(state.clock)] ?? ""];
  if (state.sync === "link") {
    return state.clock === "rolling" ? ["in step with Link", "good"] : ["waits for others on Link", ""];
  }
  const swing = state.heard_swing > 50 ? `, swing ${Math.round(state.heard_swing)} %` : "";
  const bar = barWords(state.heard_bar);
  if (state.sync === "auto") {
    const sure = isSaid(state.tempo_certainty) ? ` (sure ${percent(state.tempo_certainty)})` : ", which isn't sure yet";
    return [`follows your tempo${sure}${bar}${swing}`, ""];
  }
  return [state.grid.shared ? "own tempo, with a metronome" : `own tempo${bar}`, ""];
}

/** @param {State["heard_bar"]} bar */
function barWords(bar) {
  return bar && isSaid(bar.certainty) ? `, in ${bar.beats}/4 (sure ${percent(bar.certainty)})` : "";
}

/** @param {number | null} certainty */
const isSaid = (certainty) => certainty !== null && certainty >= LEAST_SURE;

/** @param {number | null} share */
const percent = (share) => `${Math.round(100 * (share ?? 0))} %`;

/**
 * @param {number | null} latency
 * @returns {[string, string]}
 */
function latencyWords(latency) {
  if (latency === null) return ["no answer yet", ""];
  const isQuick = latency <= QUICK_MS;
  return [`answers in ${latency.toFixed(1)} ms: ${isQuick ? "✓ quick" : "late"}`, isQuick ? "good" : "bad"];
}

/**
 * @param {State} state
 * @returns {[string, string]}
 */
function learnedWords({ learned, knobs, sharps }) {
  if (!knobs.memory) return ["memory is off", ""];
  if (learned.notes === 0) return ["nothing learned yet", ""];
  const sign = learned.gain < 0 ? "−" : "+";
  const text = `${learned.notes} notes learned, ${sign}${Math.abs(learned.gain).toFixed(2)} bits a note`;
  const recalled = learned.quoted.map((pitch) => pitchName(pitch, sharps)).join(" ");
  return [recalled ? `${text}, recalls ${recalled}` : text, recalled ? "good" : ""];
}

/** @param {boolean} isOn */
function showRecording(isOn) {
  const text = isOn ? "recording" : "not recording";
  const element = byId("recording");
  if (element.textContent === text) return;
  const dot = document.createElement("i");
  dot.setAttribute("aria-hidden", "true");
  element.replaceChildren(dot, text);
  element.className = isOn ? "on" : "";
}

/**
 * One sentence for those who listen to the page.
 * @param {State} state
 * @param {number} bpm
 */
function spokenWords(state, bpm) {
  const key = isKeyHeard(state) ? spokenKeys(state.sharps) : "not heard yet";
  return `Key ${key}, ${bpm} beats a minute, ${MODES[state.mode]}, ${TURNS[state.turn].toLowerCase()}.`;
}
