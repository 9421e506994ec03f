/**
 * The two instruments of the page: an electric piano for the performer, a reed for the answer, and the metronome's click.
 * Each function starts one note and returns how to end it.
 */

/** @typedef {{stop: (seconds?: number) => void, ended: Promise<void>}} Voice */

const RELEASE = 0.12; // seconds
const SILENT = 0.0001; // an exponential curve never reaches 0

/**
 * @param {number} pitch  MIDI note number
 * @returns {number} Hz
 */
const frequencyOf = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

/**
 * An electric piano by frequency modulation: a bell at the attack that fades into a sine.
 * @param {AudioContext} context
 * @param {AudioNode} out
 * @param {number} pitch
 * @param {number} velocity  1…127
 * @returns {Voice}
 */
export function electricPiano(context, out, pitch, velocity) {
  const now = context.currentTime;
  const frequency = frequencyOf(pitch);
  const force = velocity / 127;
  const [carrier, modulator, overtone] = [0, 1, 2].map(() => context.createOscillator());
  if (!carrier || !modulator || !overtone) throw new Error("no oscillators");
  carrier.frequency.value = frequency;
  modulator.frequency.value = frequency;
  overtone.frequency.value = frequency * 4;
  const depth = context.createGain();
  depth.gain.setValueAtTime(frequency * (0.6 + 2.2 * force), now);
  depth.gain.exponentialRampToValueAtTime(frequency * 0.15, now + 0.9);
  const bell = context.createGain();
  bell.gain.setValueAtTime(0.14 * force, now);
  bell.gain.exponentialRampToValueAtTime(SILENT, now + 0.35);
  const body = context.createGain();
  const loud = 0.34 * (0.25 + 0.75 * force);
  body.gain.setValueAtTime(SILENT, now);
  body.gain.exponentialRampToValueAtTime(loud, now + 0.004);
  body.gain.setTargetAtTime(loud * 0.15, now + 0.01, 1.1); // strings and tines die away while the key is held
  modulator.connect(depth).connect(carrier.frequency);
  carrier.connect(body);
  overtone.connect(bell).connect(body);
  body.connect(out);
  return play(context, body, [carrier, modulator, overtone], RELEASE);
}

/** The spectrum of a reed: odd partials above all, as a clarinet's. */
const REED = new Float32Array([0, 1, 0.06, 0.52, 0.05, 0.3, 0.04, 0.17, 0.02, 0.1, 0.01, 0.05]);

/**
 * A reed: a soft attack, a steady tone, and a little vibrato where it is held.
 * @param {AudioContext} context
 * @param {AudioNode} out
 * @param {number} pitch
 * @param {number} velocity  1…127
 * @returns {Voice}
 */
export function reed(context, out, pitch, velocity) {
  const now = context.currentTime;
  const force = velocity / 127;
  const tone = context.createOscillator();
  tone.setPeriodicWave(context.createPeriodicWave(new Float32Array(REED.length), REED));
  tone.frequency.value = frequencyOf(pitch);
  const vibrato = context.createOscillator();
  vibrato.frequency.value = 5.2;
  const width = context.createGain();
  width.gain.setValueAtTime(0, now);
  width.gain.linearRampToValueAtTime(7, now + 0.7); // cents
  const filter = context.createBiquadFilter();
  filter.type = "lowpass";
  filter.Q.value = 0.8;
  filter.frequency.setValueAtTime(Math.min(12000, frequencyOf(pitch) * 2), now);
  filter.frequency.setTargetAtTime(Math.min(14000, frequencyOf(pitch) * (3 + 5 * force)), now, 0.05);
  const body = context.createGain();
  const loud = 0.26 * (0.25 + 0.75 * force);
  body.gain.setValueAtTime(SILENT, now);
  body.gain.exponentialRampToValueAtTime(loud, now + 0.022);
  body.gain.setTargetAtTime(loud * 0.7, now + 0.05, 0.4);
  vibrato.connect(width).connect(tone.detune);
  tone.connect(filter).connect(body).connect(out);
  return play(context, body, [tone, vibrato], RELEASE * 0.8);
}

/**
 * The metronome: a short wooden click.
 * @param {AudioContext} context
 * @param {AudioNode} out
 * @param {number} pitch
 * @param {number} velocity
 * @returns {Voice}
 */
export function click(context, out, pitch, velocity) {
  const now = context.currentTime;
  const tone = context.createOscillator();
  tone.type = "triangle";
  tone.frequency.value = frequencyOf(pitch + 12);
  const body = context.createGain();
  body.gain.setValueAtTime(0.2 * (velocity / 127), now);
  body.gain.exponentialRampToValueAtTime(SILENT, now + 0.05);
  tone.connect(body).connect(out);
  return play(context, body, [tone], 0.02);
}

/**
 * @param {AudioContext} context
 * @param {GainNode} body
 * @param {OscillatorNode[]} oscillators
 * @param {number} release  seconds
 * @returns {Voice}
 */
function play(context, body, oscillators, release) {
  for (const oscillator of oscillators) oscillator.start();
  const ended = /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      /** @type {OscillatorNode} */ (oscillators[0]).onended = () => {
        body.disconnect();
        resolve();
      };
    })
  );
  return {
    stop: (seconds = release) => {
      const now = context.currentTime;
      if (body.gain.cancelAndHoldAtTime) body.gain.cancelAndHoldAtTime(now);
      else body.gain.cancelScheduledValues(now); // Firefox: holds the value it has by itself
      body.gain.setTargetAtTime(0, now, seconds / 3);
      for (const oscillator of oscillators) oscillator.stop(now + seconds * 2);
    },
    ended,
  };
}
