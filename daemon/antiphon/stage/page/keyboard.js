/** The piano on the page: for the mouse, several fingers and pens; it shows what sounds and what is expected next. */

import { isTyping, SEMITONES } from "./computer_keys.js";
import { isBlack, pitchName, spoken } from "./names.js";

/** @typedef {import("./protocol.js").Part} Part */

const NARROWEST_KEY = 38; // pixels: a finger's width
const MOST_OCTAVES = 5;
const SOFTEST = 40;
const LOUDEST = 112;
const SEEN = 0.02; // a probability that is worth drawing
const SAID = 0.25; // a probability that is worth its number
const MIDDLE_C = 60;
const LOWEST_C = 12;
const HIGHEST = 120;
const TYPED = ["Enter", "NumpadEnter", "Space"];
const BLACK_WIDTH = 0.62; // of a white key

export class Keyboard {
  /** By pitch; only those that are shown. @type {Map<number, HTMLButtonElement>} */
  #keys = new Map();
  #lowest = 48;
  #octaves = 0;
  #sharps = 0;
  /** @type {Map<string, string>} */
  #printed = new Map();
  #computerLowest = MIDDLE_C;
  /** @type {[number, number][]} */
  #expected = [];
  /** How many notes of a part sound at a pitch: "part pitch". @type {Map<string, number>} */
  #sounding = new Map();

  /**
   * @param {HTMLElement} element
   * @param {import("./held_keys.js").HeldKeys} held
   * @param {{below: Element, above: Element}} edges  lit where something sounds that isn't on the keys
   */
  constructor(element, held, edges) {
    this.element = element;
    this.held = held;
    this.edges = edges;
    new ResizeObserver(() => this.#fit()).observe(element);
    element.addEventListener("pointerdown", (event) => this.#pointer(event, true));
    element.addEventListener("pointermove", (event) => this.#pointer(event, false));
    for (const name of ["pointerup", "pointercancel"])
      element.addEventListener(name, (event) => this.#lift(/** @type {PointerEvent} */ (event)));
    // A finger is at first the key's; that the key loses it to the whole piano ends nothing.
    element.addEventListener("lostpointercapture", (event) => event.target === element && this.#lift(event));
    element.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is a long note
    element.addEventListener("keydown", (event) => this.#typed(event));
    element.addEventListener("keyup", (event) => this.held.release(`typed ${event.code}`));
    element.addEventListener("focusout", () => {
      for (const code of TYPED) this.held.release(`typed ${code}`);
    });
  }

  get lowest() {
    return this.#lowest;
  }

  get highest() {
    return this.#lowest + 12 * this.#octaves;
  }

  /**
   * Show other octaves.
   * @param {number} octaves  how many up, or down where negative
   */
  shift(octaves) {
    const most = HIGHEST - 12 * this.#octaves;
    this.#lowest = Math.max(LOWEST_C, Math.min(most, this.#lowest + 12 * octaves));
    this.#build();
  }

  /** Show a pitch: by whole octaves, and only where it isn't there. @param {number} pitch */
  reveal(pitch) {
    if (pitch < this.#lowest) this.shift(-Math.ceil((this.#lowest - pitch) / 12));
    else if (pitch > this.highest) this.shift(Math.ceil((pitch - this.highest) / 12));
  }

  /** Name the keys as a key signature does. @param {number} sharps */
  setSharps(sharps) {
    if (sharps === this.#sharps) return;
    this.#sharps = sharps;
    for (const [pitch, key] of this.#keys) this.#name(key, pitch);
  }

  /**
   * Show which computer keys play which note.
   * @param {Map<string, string>} printed
   * @param {number} lowest  the pitch of the first
   */
  setComputerKeys(printed, lowest) {
    this.#printed = printed;
    this.#computerLowest = lowest;
    for (const [pitch, key] of this.#keys) this.#name(key, pitch);
  }

  /**
   * Show a key as held down on this page.
   * @param {number} pitch
   * @param {boolean} isDown
   */
  setDown(pitch, isDown) {
    this.#keys.get(pitch)?.classList.toggle("down", isDown);
  }

  /**
   * Light a key, or put it out.
   * @param {Part} part
   * @param {number} pitch
   * @param {boolean} isOn
   */
  setSounding(part, pitch, isOn) {
    const name = `${part} ${pitch}`;
    const count = Math.max(0, (this.#sounding.get(name) ?? 0) + (isOn ? 1 : -1));
    this.#sounding.set(name, count);
    this.#keys.get(pitch)?.classList.toggle(part, count > 0);
    this.#lightEdges();
  }

  /** Put out every light and forget what is expected. */
  clear() {
    this.#sounding.clear();
    for (const key of this.#keys.values()) key.classList.remove("performer", "answer", "thru");
    this.#lightEdges();
    this.expect([]);
  }

  /**
   * Show how likely each pitch is as the next.
   * @param {[number, number][]} pitches  pitch and probability
   */
  expect(pitches) {
    for (const [pitch] of this.#expected) this.#setExpected(pitch, 0);
    this.#expected = pitches;
    for (const [pitch, probability] of pitches) this.#setExpected(pitch, probability);
  }

  #lightEdges() {
    const pitches = [...this.#sounding].filter(([, count]) => count > 0).map(([name]) => Number(name.split(" ")[1]));
    this.edges.below.classList.toggle("sounds", Math.min(...pitches) < this.#lowest);
    this.edges.above.classList.toggle("sounds", Math.max(...pitches) > this.highest);
  }

  /**
   * @param {number} pitch
   * @param {number} probability
   */
  #setExpected(pitch, probability) {
    const key = this.#keys.get(pitch);
    if (!key) return;
    const shown = probability < SEEN ? 0 : probability;
    key.style.setProperty("--likely", shown.toFixed(3));
    write(key, ".likely-number", probability >= SAID ? `${Math.round(100 * probability)}` : "");
  }

  #fit() {
    const octaves = Math.floor((this.element.clientWidth / NARROWEST_KEY - 1) / 7);
    const fitting = Math.max(1, Math.min(MOST_OCTAVES, octaves));
    if (fitting === this.#octaves) return;
    this.#octaves = fitting;
    this.#lowest = Math.max(LOWEST_C, MIDDLE_C - 12 * Math.floor(fitting / 2));
    this.#build();
  }

  #build() {
    this.held.releaseAll();
    this.#keys.clear();
    const whites = 7 * this.#octaves + 1;
    let left = 0; // white keys that lie left of this one
    for (let pitch = this.#lowest; pitch <= this.highest; pitch++) {
      this.#keys.set(pitch, this.#key(pitch, left, whites));
      if (!isBlack(pitch)) left += 1;
    }
    // The Tab key comes to one of them.
    const first = this.#keys.get(MIDDLE_C) ?? this.#keys.get(this.#lowest);
    if (first) first.tabIndex = 0;
    this.element.replaceChildren(...this.#keys.values());
    for (const [name, count] of this.#sounding) {
      const [part, pitch] = name.split(" ");
      if (part && count > 0) this.#keys.get(Number(pitch))?.classList.add(part);
    }
    this.expect(this.#expected);
    this.#lightEdges();
  }

  /**
   * @param {number} pitch
   * @param {number} left  white keys that lie left of it
   * @param {number} whites  white keys in all
   */
  #key(pitch, left, whites) {
    const key = document.createElement("button");
    const isNarrow = isBlack(pitch);
    key.type = "button";
    key.tabIndex = -1;
    key.className = isNarrow ? "key black" : "key white";
    key.dataset.pitch = String(pitch);
    key.append(span("likely"), span("likely-number"), span("printed"), span("name"));
    key.style.left = `${(100 * (isNarrow ? left - BLACK_WIDTH / 2 : left)) / whites}%`;
    key.style.width = `${(100 * (isNarrow ? BLACK_WIDTH : 1)) / whites}%`;
    this.#name(key, pitch);
    return key;
  }

  /**
   * @param {HTMLButtonElement} key
   * @param {number} pitch
   */
  #name(key, pitch) {
    const name = pitchName(pitch, this.#sharps);
    key.setAttribute("aria-label", spoken(name));
    const code = Object.keys(SEMITONES).find((code) => SEMITONES[code] === pitch - this.#computerLowest);
    write(key, ".printed", code ? (this.#printed.get(code) ?? "") : "");
    write(key, ".name", pitch % 12 === 0 ? name : "");
  }

  /** @param {PointerEvent} event */
  #lift(event) {
    this.held.release(`pointer ${event.pointerId}`);
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} isNew
   */
  #pointer(event, isNew) {
    if (isNew ? event.button !== 0 : event.buttons === 0) return;
    const holder = `pointer ${event.pointerId}`;
    const key = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-pitch]");
    if (!(key instanceof HTMLElement) || !this.element.contains(key)) {
      if (!isNew) this.held.release(holder); // it slid off the keys
      return;
    }
    if (isNew) {
      event.preventDefault(); // the focus stays where it is,
      if (isTyping(document.activeElement)) /** @type {HTMLElement} */ (document.activeElement).blur(); // but in a field
      this.element.setPointerCapture(event.pointerId);
    }
    const box = key.getBoundingClientRect();
    const depth = Math.max(0, Math.min(1, (event.clientY - box.top) / box.height));
    this.held.press(holder, Number(key.dataset.pitch), Math.round(SOFTEST + (LOUDEST - SOFTEST) * depth));
  }

  /** The piano is one stop of the Tab key; arrows move along it. @param {KeyboardEvent} event */
  #typed(event) {
    const key = /** @type {HTMLElement} */ (event.target).closest("[data-pitch]");
    if (!(key instanceof HTMLElement)) return;
    const pitch = Number(key.dataset.pitch);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -12, ArrowUp: 12 }[event.key];
    const next = step === undefined ? undefined : this.#keys.get(pitch + step);
    if (next) {
      key.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
    if ((event.key === "Enter" || event.key === " ") && !event.repeat)
      this.held.press(`typed ${event.code}`, pitch, (SOFTEST + LOUDEST) / 2);
    if (step !== undefined || event.key === " " || event.key === "Enter") event.preventDefault();
  }
}

/**
 * Write on a key. The style sheet shows it: it is no part of the key's name, which its label has.
 * @param {HTMLElement} key
 * @param {string} place
 * @param {string} text
 */
function write(key, place, text) {
  key.querySelector(place)?.setAttribute("data-text", text);
}

/** @param {string} name */
function span(name) {
  const made = document.createElement("span");
  made.className = name;
  return made;
}
