/** Where time and pitch lie on the roll: it follows the tempo and the notes' range, gently. */

/** @typedef {import("./score.js").Score} Score */

/** Where now is, as a share of the width: what is left of it has sounded, what is right of it is planned. */
export const NOW_AT = 0.6;
/** Pixels on the left for the names of the pitches. */
export const GUTTER = 46;

const BEATS_SHOWN = 17;
const NARROWEST_BEAT = 30; // pixels
const WIDEST_BEAT = 90;
const FEWEST_ROWS = 20;
const MARGIN = 2; // rows above and below the notes
const EASE = 4; // per second: how fast the view follows

export class RollView {
  width = 0;
  height = 0;
  /** The daemon's time at the now-line, seconds. */
  now = 0;
  nowX = 0;
  /** Pixels a second. */
  speed = 90;
  rowHeight = 10;
  /** The pitch at the upper edge; it may be between two. */
  #top = 80;
  #rows = FEWEST_ROWS + 6;
  #lastNow = Number.NaN;
  #isMoving = false;

  /** Whether the view is still on its way. */
  get isMoving() {
    return this.#isMoving;
  }

  /**
   * Follow the time, the tempo and the notes.
   * @param {number} now  seconds
   * @param {number} bpm
   * @param {Score} score
   */
  follow(now, bpm, score) {
    const passed = now - this.#lastNow;
    const share = passed >= 0 && passed < 1 ? 1 - Math.exp(-EASE * passed) : 1;
    this.#lastNow = now;
    this.now = now;
    this.nowX = Math.round(this.width * NOW_AT);
    const beat = Math.max(NARROWEST_BEAT, Math.min(WIDEST_BEAT, this.width / BEATS_SHOWN));
    const speed = (beat * bpm) / 60;
    this.speed += (speed - this.speed) * share;
    this.#followPitches(score, share);
    this.rowHeight = this.height / this.#rows;
    if (Math.abs(speed - this.speed) > 0.5) this.#isMoving = true;
  }

  /** @param {number} time  seconds */
  x(time) {
    return this.nowX + (time - this.now) * this.speed;
  }

  /** The upper edge of a pitch's row. @param {number} pitch */
  y(pitch) {
    return (this.#top - pitch) * this.rowHeight;
  }

  /** The time at the left edge, seconds. */
  get firstTime() {
    return this.now - this.nowX / this.speed;
  }

  /** The time at the right edge, seconds. */
  get lastTime() {
    return this.now + (this.width - this.nowX) / this.speed;
  }

  get lowestPitch() {
    return Math.max(0, Math.floor(this.#top - this.#rows));
  }

  get highestPitch() {
    return Math.min(127, Math.ceil(this.#top));
  }

  /**
   * @param {Score} score
   * @param {number} share
   */
  #followPitches(score, share) {
    let low = 128;
    let high = -1;
    for (const note of score.notes) {
      if (note.part === "metronome" || note.end < this.firstTime) continue;
      low = Math.min(low, note.pitch);
      high = Math.max(high, note.pitch);
    }
    for (const note of score.plan) {
      low = Math.min(low, note.pitch);
      high = Math.max(high, note.pitch);
    }
    if (high < 0) {
      this.#isMoving = false;
      return;
    }
    const rows = Math.max(FEWEST_ROWS, high - low + 1 + 2 * MARGIN);
    const top = (high + low + rows) / 2 + 0.5;
    this.#isMoving = Math.abs(top - this.#top) > 0.05 || Math.abs(rows - this.#rows) > 0.05;
    this.#top += (top - this.#top) * share;
    this.#rows += (rows - this.#rows) * share;
  }
}
