/** The page's sound: performer and answer on two instruments, through one volume, one small room and a compressor. */

import { click, electricPiano, reed } from "./voices.js";

/** @typedef {import("./protocol.js").Part} Part */
/** @typedef {import("./voices.js").Voice} Voice */

const MOST_VOICES = 32;
const INSTRUMENTS = { performer: electricPiano, thru: electricPiano, answer: reed, metronome: click };
/** Where each part stands, −1 left … 1 right: apart, as two players are. */
const PLACES = { performer: -0.25, thru: -0.25, answer: 0.25, metronome: 0 };
const ROOM = { seconds: 1.1, wet: 0.16 };

export class Sound {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #master = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  /** @type {Record<string, AudioNode>} */
  #stands = {};
  /** By part, channel and pitch, the oldest first. @type {Map<string, Voice>} */
  #voices = new Map();
  #volume = 0.8;
  #isMuted = false;

  /** @param {() => void} onChange  it began or ceased to run */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** Whether notes can be heard. */
  get isRunning() {
    return this.#context?.state === "running";
  }

  /** Whether the user has turned it off. */
  get isMuted() {
    return this.#isMuted;
  }

  /** The number of notes that sound. */
  get voices() {
    return this.#voices.size;
  }

  /** Start, which browsers allow only while the user presses something. */
  async start() {
    if (!this.#context) this.#build();
    if (this.#context?.state !== "running") await this.#context?.resume();
  }

  /**
   * @param {Part} part
   * @param {number} channel
   * @param {number} pitch
   * @param {number} velocity
   */
  noteOn(part, channel, pitch, velocity) {
    const out = this.#stands[part];
    if (!this.#context || !this.isRunning || !out) return;
    this.noteOff(part, channel, pitch);
    const oldest = this.#voices.keys().next().value;
    if (oldest !== undefined && this.#voices.size >= MOST_VOICES) this.#stop(oldest);
    this.#voices.set(`${part} ${channel} ${pitch}`, INSTRUMENTS[part](this.#context, out, pitch, velocity));
  }

  /**
   * @param {Part} part
   * @param {number} channel
   * @param {number} pitch
   */
  noteOff(part, channel, pitch) {
    this.#stop(`${part} ${channel} ${pitch}`);
  }

  /** End every note at once. */
  silence() {
    for (const name of [...this.#voices.keys()]) this.#stop(name, 0.03);
  }

  /** @param {number} volume  0…1 */
  setVolume(volume) {
    this.#volume = volume;
    this.#apply();
  }

  /** @param {boolean} isMuted */
  setMuted(isMuted) {
    this.#isMuted = isMuted;
    this.#apply();
  }

  /** How loud it is now: the root mean square of the latest 2048 samples, 0…1. */
  level() {
    if (!this.#analyser) return 0;
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  }

  /** How loud each frequency is now, in decibels, from 0 Hz to half the sample rate. */
  spectrum() {
    const levels = new Float32Array(this.#analyser?.frequencyBinCount ?? 0);
    this.#analyser?.getFloatFrequencyData(levels);
    return [...levels];
  }

  /** Hz. */
  get sampleRate() {
    return this.#context?.sampleRate ?? 0;
  }

  /**
   * @param {string} name
   * @param {number} [seconds]
   */
  #stop(name, seconds) {
    this.#voices.get(name)?.stop(seconds);
    this.#voices.delete(name);
  }

  #apply() {
    // Loudness is felt about as the square root of the amplitude.
    const gain = this.#isMuted ? 0 : this.#volume ** 2;
    if (this.#context) this.#master?.gain.setTargetAtTime(gain, this.#context.currentTime, 0.015);
  }

  #build() {
    const context = new AudioContext({ latencyHint: "interactive" });
    const master = context.createGain();
    const compressor = context.createDynamicsCompressor();
    compressor.threshold.value = -14;
    compressor.ratio.value = 4;
    const analyser = context.createAnalyser();
    master.gain.value = this.#isMuted ? 0 : this.#volume ** 2;
    master.connect(compressor).connect(analyser).connect(context.destination);
    const room = context.createConvolver();
    room.buffer = roomEcho(context);
    const wet = context.createGain();
    wet.gain.value = ROOM.wet;
    room.connect(wet).connect(master);
    for (const [part, place] of Object.entries(PLACES)) {
      const stand = context.createStereoPanner();
      stand.pan.value = place;
      stand.connect(master);
      stand.connect(room);
      this.#stands[part] = stand;
    }
    this.#context = context;
    this.#master = master;
    this.#analyser = analyser;
    context.onstatechange = () => {
      if (context.state !== "running") this.silence();
      this.onChange();
    };
  }
}

/**
 * The echo of a small room: noise that dies away.
 * @param {AudioContext} context
 */
function roomEcho(context) {
  const length = Math.round(ROOM.seconds * context.sampleRate);
  const echo = context.createBuffer(2, length, context.sampleRate);
  for (const channel of [0, 1]) {
    const samples = echo.getChannelData(channel);
    for (let index = 0; index < length; index++) samples[index] = (Math.random() * 2 - 1) * (1 - index / length) ** 3;
  }
  return echo;
}
