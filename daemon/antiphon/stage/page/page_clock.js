/** The daemon's clock as this page knows it: by pings, of which the quickest says most. */

const REMEMBERED = 20;
const SLEW = 0.002; // seconds by which one answer may move the clock, unless it is far off
const FAR = 0.05;

/** Seconds of the daemon ↔ seconds of `performance.now()`. */
export class PageClock {
  /** @type {Map<number, number>} */
  #sent = new Map();
  /** @type {{offset: number, roundTrip: number}[]} */
  #samples = [];
  #offset = 0;
  #nextId = 1;

  /** Seconds that a message needs there and back, at best, or null where nothing came yet. */
  get roundTrip() {
    return this.#samples.length ? Math.min(...this.#samples.map((sample) => sample.roundTrip)) : null;
  }

  /**
   * Start anew with what the daemon's greeting said.
   * @param {number} time  the daemon's, in seconds
   * @param {number} now  the page's, in seconds
   */
  restart(time, now) {
    this.#sent.clear();
    this.#samples = [];
    this.#offset = time - now;
  }

  /**
   * Note that a ping leaves, and return its id.
   * @param {number} now
   */
  ping(now) {
    const id = this.#nextId++;
    this.#sent.set(id, now);
    return id;
  }

  /**
   * Learn from an answer.
   * @param {number} id
   * @param {number} time  when the daemon had it
   * @param {number} now
   */
  pong(id, time, now) {
    const sent = this.#sent.get(id);
    if (sent === undefined) return;
    this.#sent.delete(id);
    this.#samples.push({ offset: time - (sent + now) / 2, roundTrip: now - sent });
    if (this.#samples.length > REMEMBERED) this.#samples.shift();
    const best = this.#samples.reduce((one, other) => (other.roundTrip < one.roundTrip ? other : one));
    const error = best.offset - this.#offset;
    // What moves on the page must not jump for a millisecond.
    this.#offset += Math.abs(error) > FAR ? error : Math.max(-SLEW, Math.min(SLEW, error));
  }

  /**
   * The daemon's time.
   * @param {number} now  the page's, in seconds
   */
  daemonTime(now) {
    return now + this.#offset;
  }
}

/** The page's time, in seconds. */
export function pageTime() {
  return performance.now() / 1000;
}
