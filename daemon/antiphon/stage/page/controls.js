/** The controls: what is set here goes to the daemon, what the daemon says stands here; it alone knows the truth. */

import { majorKey, minorKey, pitchName, SIGNATURES } from "./names.js";

/** @typedef {import("./protocol.js").State} State */
/** @typedef {import("./protocol.js").FromPage} FromPage */
/** @typedef {import("./protocol.js").SettingName} SettingName */
/** @typedef {import("./protocol.js").ActionName} ActionName */
/** @typedef {import("./protocol.js").Numeric} Numeric */

const PAUSE_MS = 40; // between two values of a slider that is dragged
const SETTLING_MS = 500; // for which a control that was just moved is not moved by what was said before

/** How a slider's value is written, by its unit. @type {Record<string, (value: number, sharps: number) => string>} */
const WRITTEN = {
  "": (value) => value.toFixed(2),
  share: (value) => `${Math.round(100 * value)} %`,
  "MIDI pitch": (value, sharps) => pitchName(value, sharps),
};

export class Controls {
  /** @type {State | null} */
  #state = null;
  /** Until when (milliseconds of the page) a control is the user's. @type {Map<string, number>} */
  #busy = new Map();
  /** The settings that wait to be sent. @type {Map<SettingName, boolean | number | string>} */
  #waiting = new Map();
  #timer = 0;
  /** The units of the sliders, by name. @type {Map<string, string>} */
  #units = new Map();

  /** @param {(message: FromPage) => void} send */
  constructor(send) {
    this.send = send;
    fillKeys(select("key"));
    for (const field of fields()) this.#watch(field);
    for (const radio of radios()) radio.addEventListener("change", () => this.#set("mode", radio.value));
    for (const button of buttons("press")) {
      const name = /** @type {ActionName} */ (button.dataset.press);
      button.addEventListener("click", () => this.press(name));
    }
    for (const button of buttons("toggle")) {
      const name = /** @type {"mute" | "hold" | "record"} */ (button.dataset.toggle);
      button.addEventListener("click", () => this.#set(name, !this.#state?.[name]));
    }
  }

  /**
   * Offer a slider for each number that the daemon says a knob can set, and bound those that are typed.
   * @param {Numeric[]} numbers
   */
  offerNumbers(numbers) {
    for (const number of numbers) {
      const { name, unit, least, most, slider } = number;
      const there = document.getElementById(name);
      if (slider) this.#units.set(name, unit);
      if (slider && !there) this.#offerSlider(number, slider);
      else if (!slider && there) Object.assign(there, { min: least, max: most });
    }
  }

  /**
   * @param {Numeric} number
   * @param {import("./protocol.js").Slider} slider
   */
  #offerSlider(number, slider) {
    const [made, field, output] = makeSlider(number, slider);
    document.querySelector("#answers .row")?.before(made);
    this.#watch(field);
    const reachesAll = slider.least <= number.least && number.most <= slider.most;
    if (number.unit === "" && !reachesAll) this.#letType(number, output);
  }

  /**
   * Let a number be typed where its slider's value stands, because the slider doesn't reach all that it may be.
   * @param {Numeric} number
   * @param {HTMLOutputElement} output
   */
  #letType({ name, least, most }, output) {
    output.contentEditable = "true";
    output.role = "textbox";
    output.inputMode = "decimal";
    output.title = `Type any value from ${least} to ${most}`;
    output.addEventListener("focus", () => getSelection()?.selectAllChildren(output));
    output.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
      if (event.key === "Escape") output.textContent = "";
      if (event.key === "Enter" || event.key === "Escape") output.blur();
    });
    output.addEventListener("blur", () => {
      const text = (output.textContent ?? "").trim().replace(",", ".");
      const shown = this.#state && valueIn(this.#state, name).toFixed(2);
      if (text !== "" && text !== shown && !Number.isNaN(Number(text))) this.#set(name, Number(text));
      this.revert();
    });
  }

  /** @param {ActionName} name */
  press(name) {
    this.send({ type: "press", name });
  }

  /**
   * Show what the daemon says, but for what the user is moving.
   * @param {State} state
   */
  show(state) {
    this.#state = state;
    for (const radio of radios()) radio.checked = radio.value === state.mode;
    for (const button of buttons("toggle")) {
      const name = /** @type {"mute" | "hold" | "record"} */ (button.dataset.toggle);
      button.setAttribute("aria-pressed", String(state[name]));
    }
    offer(select("model"), state.models);
    for (const field of fields()) {
      if ((this.#busy.get(field.id) ?? 0) <= performance.now()) this.#write(field, state);
      this.#caption(field);
    }
  }

  /** Show the daemon's values again: it has refused one. */
  revert() {
    this.#busy.clear();
    if (this.#state) this.show(this.#state);
  }

  /** @param {HTMLInputElement | HTMLSelectElement} field */
  #watch(field) {
    const isSlider = field.type === "range";
    field.addEventListener("pointerdown", () => isSlider && this.#busy.set(field.id, Number.POSITIVE_INFINITY));
    for (const name of ["pointerup", "pointercancel", "blur"])
      field.addEventListener(name, () => this.#busy.has(field.id) && this.#settle(field.id));
    field.addEventListener("input", () => {
      if (this.#busy.get(field.id) !== Number.POSITIVE_INFINITY || !isSlider) this.#settle(field.id);
      if (isSlider) this.#set(nameOf(field), Number(field.value));
      else if (field.type === "number") this.#busy.set(field.id, Number.POSITIVE_INFINITY); // until it is typed
      this.#caption(field);
    });
    if (!isSlider) field.addEventListener("change", () => this.#changed(field));
    if (field instanceof HTMLSelectElement) letGoAfterPointer(field);
    else if (!isSlider) letGoAfterEnter(field);
  }

  /** @param {HTMLInputElement | HTMLSelectElement} field */
  #changed(field) {
    this.#settle(field.id);
    const value = field.type === "number" ? Number(field.value) : field.value;
    if (field.value === "") this.revert();
    else this.#set(nameOf(field), value);
  }

  /** @param {string} id */
  #settle(id) {
    this.#busy.set(id, performance.now() + SETTLING_MS);
    setTimeout(() => this.#state && this.show(this.#state), SETTLING_MS + 1);
  }

  /**
   * Send a setting: at once, or, of a slider that is dragged, the latest value after a moment.
   * @param {SettingName} name
   * @param {boolean | number | string} value
   */
  #set(name, value) {
    this.#waiting.set(name, value);
    if (!this.#timer) this.#sendWaiting();
  }

  #sendWaiting() {
    this.#timer = 0;
    if (!this.#waiting.size) return;
    for (const [name, value] of this.#waiting) this.send({ type: "set", name, value });
    this.#waiting.clear();
    this.#timer = setTimeout(() => this.#sendWaiting(), PAUSE_MS);
  }

  /**
   * @param {HTMLInputElement | HTMLSelectElement} field
   * @param {State} state
   */
  #write(field, state) {
    const value = valueIn(state, nameOf(field));
    const text = field.type === "number" ? String(Math.round(Number(value) * 10) / 10) : String(value);
    if (field instanceof HTMLSelectElement && ![...field.options].some((option) => option.value === text))
      field.append(new Option(text, text));
    if (field.value !== text) field.value = text;
  }

  /** Write a slider's value beside it. @param {HTMLInputElement | HTMLSelectElement} field */
  #caption(field) {
    const name = nameOf(field);
    // A slider ends where the daemon may go on.
    const value =
      (this.#busy.get(field.id) ?? 0) > performance.now() ? field.value : this.#state && valueIn(this.#state, name);
    const write = WRITTEN[this.#units.get(name) ?? ""] ?? String;
    if (!this.#units.has(name)) return;
    const text = write(Number(value ?? field.value), this.#state?.sharps ?? 0);
    const output = document.querySelector(`output[for="${field.id}"]`);
    const isTyped = output === document.activeElement;
    if (output && !isTyped && output.textContent !== text) output.textContent = text;
    field.setAttribute("aria-valuetext", text);
  }
}

/** @returns {NodeListOf<HTMLInputElement | HTMLSelectElement>} */
const fields = () => document.querySelectorAll("[data-setting]");

/** @returns {NodeListOf<HTMLInputElement>} */
const radios = () => document.querySelectorAll("input[name=mode]");

/**
 * @param {"press" | "toggle"} kind
 * @returns {NodeListOf<HTMLButtonElement>}
 */
const buttons = (kind) => document.querySelectorAll(`[data-${kind}]`);

/** @param {string} id */
const select = (id) => /** @type {HTMLSelectElement} */ (document.getElementById(id));

/** @param {HTMLElement} field */
const nameOf = (field) => /** @type {SettingName} */ (field.dataset.setting);

/**
 * @param {State} state
 * @param {SettingName} name
 */
const valueIn = (state, name) => state.knobs[name] ?? /** @type {Record<string, any>} */ (state)[name];

/**
 * @param {Numeric} number
 * @param {import("./protocol.js").Slider} slider
 * @returns {[HTMLElement, HTMLInputElement, HTMLOutputElement]}
 */
function makeSlider({ name, label }, { least, most, step }) {
  const made = document.createElement("div");
  made.className = "slider";
  const caption = Object.assign(document.createElement("label"), { htmlFor: name, textContent: label });
  const output = document.createElement("output");
  output.htmlFor.add(name);
  const field = Object.assign(document.createElement("input"), {
    id: name,
    type: "range",
    min: least,
    max: most,
    step,
  });
  field.dataset.setting = name;
  made.append(caption, output, "\n", field);
  return [made, field, output];
}

/** Flats and sharps as `config.toml` writes them. @param {string} name */
const plain = (name) => name.replaceAll("♭", "b").replaceAll("♯", "#");

/** @param {HTMLSelectElement} field */
function fillKeys(field) {
  const group = (/** @type {string} */ label, /** @type {Option[]} */ options) => {
    const made = document.createElement("optgroup");
    made.label = label;
    made.append(...options);
    return made;
  };
  const major = SIGNATURES.map((sharps) => new Option(`${majorKey(sharps)} major`, plain(majorKey(sharps))));
  const minor = SIGNATURES.map((sharps) => {
    const name = minorKey(sharps);
    return new Option(`${name} minor`, `${plain(name).toLowerCase()}m`);
  });
  field.append(new Option("it listens", "auto"), group("Major", major), group("Minor", minor));
}

/** @typedef {HTMLOptionElement} Option */

/**
 * @param {HTMLSelectElement} field
 * @param {string[]} names
 */
function offer(field, names) {
  if ([...field.options].map((option) => option.value).join("\n") === names.join("\n")) return;
  field.replaceChildren(...names.map((name) => new Option(name, name)));
}

/**
 * A list that was used with the mouse gives the focus back, so that the computer's keys play again.
 * @param {HTMLSelectElement} field
 */
function letGoAfterPointer(field) {
  let isByPointer = false;
  field.addEventListener("pointerdown", () => {
    isByPointer = true;
  });
  field.addEventListener("keydown", () => {
    isByPointer = false;
  });
  field.addEventListener("change", () => isByPointer && field.blur());
}

/**
 * A number that was entered gives it back as well.
 * @param {HTMLInputElement} field
 */
function letGoAfterEnter(field) {
  field.addEventListener("keydown", (event) => event.key === "Enter" && field.blur());
}
