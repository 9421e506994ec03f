/**
 * Plays pairs of melodies, and keeps in this browser which of the two a listener preferred. No network.
 *
 * @typedef {[start: number, seconds: number, pitch: number]} Note
 * @typedef {{ phrase: Note[], a: Note[], b: Note[], together: boolean }} Excerpt
 * @typedef {{ excerpt: number, preferred: "a" | "b" | "same", known: boolean }} Answer
 * @typedef {{ page: string, listener: string, experience: string, answers: Answer[] }} Answers
 */
const FADE_SECONDS = 0.03;
const LOUDNESS = 0.25;

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ (element(id));
const experience = /** @type {HTMLSelectElement} */ (element("experience"));
const known = /** @type {HTMLInputElement} */ (element("known"));
const progress = /** @type {HTMLProgressElement} */ (element("progress"));

/** @type {{ page: string, excerpts: Excerpt[] }} */
const { page, excerpts } = JSON.parse(element("excerpts").textContent ?? "");
const place = `antiphon listening ${page}`;
const answers = kept() ?? fresh();
/** Which of the two have been heard to their end. @type {Set<"a" | "b">} */
const heard = new Set();
/** @type {AudioContext | undefined} */
let audio;
/** What sounds now. @type {GainNode | undefined} */
let sounding;

/** @returns {Answers | null} */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "null");
  } catch {
    return null; // it is kept until the page is closed, then
  }
}

/** @returns {Answers} */
function fresh() {
  const listener = Array.from(crypto.getRandomValues(new Uint8Array(8)), (each) => each.toString(16).padStart(2, "0"));
  return { page, listener: listener.join(""), experience: "", answers: [] };
}

function keep() {
  try {
    localStorage.setItem(place, JSON.stringify(answers));
  } catch {
    element("hint").textContent = "This browser keeps nothing: don't close the page before you have saved.";
  }
}

function silence() {
  if (audio && sounding) sounding.gain.setTargetAtTime(0, audio.currentTime, FADE_SECONDS);
  for (const each of ["a", "b"]) button(`play-${each}`).classList.remove("sounds");
}

/** @param {"a" | "b"} which */
async function play(which) {
  silence();
  audio ??= new AudioContext();
  await audio.resume();
  const excerpt = /** @type {Excerpt} */ (excerpts[answers.answers.length]);
  const out = audio.createGain();
  out.gain.value = LOUDNESS;
  out.connect(audio.destination);
  sounding = out;
  button(`play-${which}`).classList.add("sounds");
  const from = audio.currentTime + 0.1;
  const notes = [...excerpt.phrase, ...excerpt[which]].sort((one, other) => one[0] + one[1] - other[0] - other[1]);
  const last = notes.map((note) => tone(out, from, note)).pop(); // the last to end
  if (last) last.onended = () => ended(which, out);
  else ended(which, out);
}

/**
 * @param {GainNode} out
 * @param {number} from
 * @param {Note} note
 */
function tone(out, from, [start, seconds, pitch]) {
  const oscillator = new OscillatorNode(out.context, { type: "triangle", frequency: 440 * 2 ** ((pitch - 69) / 12) });
  const envelope = new GainNode(out.context, { gain: 0 });
  envelope.gain.setTargetAtTime(1, from + start, 0.005);
  envelope.gain.setTargetAtTime(0.6, from + start + 0.03, 0.3);
  envelope.gain.setTargetAtTime(0, from + start + seconds, FADE_SECONDS);
  oscillator.connect(envelope).connect(out);
  oscillator.start(from + start);
  oscillator.stop(from + start + seconds + 8 * FADE_SECONDS);
  return oscillator;
}

/**
 * @param {"a" | "b"} which
 * @param {GainNode} out
 */
function ended(which, out) {
  if (out !== sounding) return; // something else was begun meanwhile
  heard.add(which);
  silence();
  show();
}

/** @param {Answer["preferred"]} preferred */
function choose(preferred) {
  silence();
  sounding = undefined;
  answers.answers.push({ excerpt: answers.answers.length, preferred, known: known.checked });
  known.checked = false;
  heard.clear();
  keep();
  show();
}

function show() {
  const count = answers.answers.length;
  element("begin").hidden = answers.experience !== "";
  element("trial").hidden = answers.experience === "" || count >= excerpts.length;
  element("end").hidden = count < excerpts.length;
  progress.max = excerpts.length;
  progress.value = count;
  const together = excerpts[count]?.together;
  const question = together
    ? "Which second voice goes better with the tune?"
    : "Which goes better with the phrase before it?";
  element("question").textContent =
    count < excerpts.length && answers.experience !== "" ? question : "Which goes better?";
  for (const each of ["a", "b"]) {
    button(`play-${each}`).textContent = `▶ The ${together ? "tune with" : "phrase, then"} ${each.toUpperCase()}`;
  }
  element("number").textContent = `${Math.min(count + 1, excerpts.length)} of ${excerpts.length}`;
  for (const each of ["a", "same", "b"]) button(`choose-${each}`).disabled = heard.size < 2;
  element("hint").textContent = heard.size < 2 ? "Listen to both first." : "";
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(answers, null, 1)], { type: "application/json" }));
  link.download = `answers-${answers.listener}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

experience.onchange = () => {
  button("start").disabled = experience.value === "";
};
button("start").onclick = () => {
  answers.experience = experience.value;
  keep();
  show();
};
button("play-a").onclick = () => play("a");
button("play-b").onclick = () => play("b");
for (const each of /** @type {const} */ (["a", "same", "b"])) button(`choose-${each}`).onclick = () => choose(each);
button("save").onclick = save;
show();

export {}; // so that it is checked as a module, whose names are its own
