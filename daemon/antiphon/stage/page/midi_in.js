/** A MIDI keyboard that is plugged into the browser's machine: what it sends goes to the daemon as it is. */

/** @typedef {"ready" | "asks" | "denied" | "insecure" | "missing"} Access */

const NOTE_OFF = 0x8;
const NOTE_ON = 0x9;
const SYSTEM = 0xf0; // clock, active sensing, system exclusive: not for the daemon
const OWN = /antiphon/i; // our own output comes back here where the daemon opens a virtual port

/** What to do, for each state of affairs. @type {Record<Access, string>} */
export const ADVICE = {
  ready: "Plug in a MIDI keyboard: it plays at once.",
  asks: "A MIDI keyboard on this computer can play through this page.",
  denied:
    "This page may not use MIDI. Click the sign to the left of the address, allow MIDI devices, then press the button again.",
  insecure: "Browsers give MIDI only to pages of this very computer (http://127.0.0.1) and to https pages.",
  missing:
    "This browser has no Web MIDI. Use Chrome, Edge or Firefox, or connect the keyboard to Antiphon's own MIDI port.",
};

export class MidiIn {
  /** @type {Access} */
  access = "asks";
  #own = "";
  /** @type {MIDIAccess | null} */
  #midi = null;
  /** Notes that are held, by device: "channel pitch". @type {Map<string, Map<string, [number, number]>>} */
  #held = new Map();

  /**
   * @param {(message: number[]) => void} send
   * @param {() => void} onChange  access or devices have changed
   */
  constructor(send, onChange) {
    this.send = send;
    this.onChange = onChange;
    if (!window.isSecureContext) this.access = "insecure";
    else if (!navigator.requestMIDIAccess) this.access = "missing";
  }

  /** The name of the daemon's output, which must not come back in. @param {string} name */
  set own(name) {
    if (name === this.#own) return;
    this.#own = name;
    if (this.#midi) this.#listen(); // it may have been taken for a keyboard until now
  }

  /** The names of the devices that play. @returns {string[]} */
  get devices() {
    return this.#inputs().map((input) => input.name ?? "a MIDI device");
  }

  /** Connect where the user has allowed it before; otherwise wait for the button. */
  async connectIfAllowed() {
    if (this.access !== "asks") return;
    try {
      const name = /** @type {PermissionName} */ (/** @type {unknown} */ ("midi"));
      const permission = await navigator.permissions.query({ name });
      if (permission.state === "granted") await this.connect();
    } catch {
      // A browser that can't say asks at the button.
    }
  }

  /** Ask for the devices; the browser may ask the user. */
  async connect() {
    if (this.access === "insecure" || this.access === "missing") return;
    try {
      this.#midi = await navigator.requestMIDIAccess();
      this.access = "ready";
      this.#midi.onstatechange = () => this.#listen();
      this.#listen();
    } catch {
      this.access = "denied";
      this.onChange();
    }
  }

  /** End what the devices hold: the daemon is gone or the page goes. */
  releaseAll() {
    for (const device of [...this.#held.keys()]) this.#release(device);
  }

  /** @returns {MIDIInput[]} */
  #inputs() {
    const inputs = this.#midi ? [...this.#midi.inputs.values()] : [];
    return inputs.filter((input) => input.state === "connected" && !this.#isOwn(input.name ?? ""));
  }

  /** @param {string} name */
  #isOwn(name) {
    return OWN.test(name) || (this.#own !== "" && name.includes(this.#own));
  }

  #listen() {
    const inputs = this.#inputs();
    for (const input of this.#midi?.inputs.values() ?? []) input.onmidimessage = null;
    for (const input of inputs) input.onmidimessage = (event) => event.data && this.#take(input.id, [...event.data]);
    for (const device of [...this.#held.keys()])
      if (!inputs.some((input) => input.id === device)) this.#release(device);
    this.onChange();
  }

  /**
   * @param {string} device
   * @param {number[]} message
   */
  #take(device, message) {
    const [status = SYSTEM, pitch = 0, velocity = 0] = message;
    if (status >= SYSTEM || message.length > 3) return;
    const held = this.#held.get(device) ?? new Map();
    this.#held.set(device, held);
    const channel = status & 0xf;
    if (status >> 4 === NOTE_ON && velocity > 0) held.set(`${channel} ${pitch}`, [channel, pitch]);
    else if (status >> 4 === NOTE_ON || status >> 4 === NOTE_OFF) held.delete(`${channel} ${pitch}`);
    this.send(message);
  }

  /** @param {string} device */
  #release(device) {
    for (const [channel, pitch] of this.#held.get(device)?.values() ?? [])
      this.send([(NOTE_OFF << 4) | channel, pitch, 0]);
    this.#held.delete(device);
  }
}
