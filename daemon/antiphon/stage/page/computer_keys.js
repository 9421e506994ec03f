/**
 * The computer's keyboard as a piano, as DAWs have it: white keys on the row of A, black keys on the row above, Z and X
 * move by an octave. Keys count by their place (`event.code`), so that AZERTY and QWERTZ play the same.
 */

/** Semitones above the lowest C, by the place of the key. @type {Record<string, number>} */
export const SEMITONES = {
  KeyA: 0,
  KeyW: 1,
  KeyS: 2,
  KeyE: 3,
  KeyD: 4,
  KeyF: 5,
  KeyT: 6,
  KeyG: 7,
  KeyY: 8,
  KeyH: 9,
  KeyU: 10,
  KeyJ: 11,
  KeyK: 12,
  KeyO: 13,
  KeyL: 14,
  KeyP: 15,
  Semicolon: 16,
  Quote: 17,
};
/** What is printed on these keys on an American keyboard. */
const PRINTED = { Semicolon: ";", Quote: "'" };
const VELOCITY = 88;
const LOWEST_C = 12;
const HIGHEST_C = 96;
const FIELDS = "select, textarea, [contenteditable], input:not([type=range], [type=radio], [type=checkbox])";

export class ComputerKeys {
  /** Where the row begins: a C. */
  lowest = 60;

  /**
   * @param {import("./held_keys.js").HeldKeys} held
   * @param {() => void} onOctave  the octave was changed
   */
  constructor(held, onOctave) {
    this.held = held;
    this.onOctave = onOctave;
    window.addEventListener("keydown", (event) => this.#down(event));
    window.addEventListener("keyup", (event) => this.held.release(event.code));
  }

  /** The pitch of the row's last key. */
  get highest() {
    return this.lowest + Math.max(...Object.values(SEMITONES));
  }

  /**
   * Move by octaves, as far as there are keys.
   * @param {number} octaves
   */
  shift(octaves) {
    this.lowest = Math.max(LOWEST_C, Math.min(HIGHEST_C, this.lowest + 12 * octaves));
    this.onOctave();
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.code === "KeyZ") this.shift(-1);
    else if (event.code === "KeyX") this.shift(1);
    const semitones = SEMITONES[event.code];
    if (semitones === undefined) return;
    event.preventDefault(); // Firefox would search for text at "'"
    this.held.press(event.code, this.lowest + semitones, VELOCITY);
  }
}

/**
 * Whether what is typed belongs to a field, or to a dialog that is open.
 * @param {EventTarget | null} target
 */
export function isTyping(target) {
  return (target instanceof Element && target.matches(FIELDS)) || document.querySelector("dialog[open]") !== null;
}

/**
 * What is printed on the keys of this keyboard, by their place, as far as the browser tells.
 * @returns {Promise<Map<string, string>>}
 */
export async function printedKeys() {
  const { keyboard } = /** @type {{keyboard?: {getLayoutMap(): Promise<Map<string, string>>}}} */ (navigator);
  let layout = new Map();
  try {
    layout = (await keyboard?.getLayoutMap()) ?? layout;
  } catch {
    // Not allowed in this frame or by this user: then it is the American one.
  }
  const american = (/** @type {string} */ code) =>
    PRINTED[/** @type {keyof typeof PRINTED} */ (code)] ?? code.replace("Key", "");
  return new Map(Object.keys(SEMITONES).map((code) => [code, (layout.get(code) ?? american(code)).toUpperCase()]));
}
