/** What has sounded, what sounds, what is planned, and the beat: all that the roll shows. */

/** @typedef {import("./protocol.js").Part} Part */
/** @typedef {import("./protocol.js").Grid} Grid */
/** @typedef {import("./protocol.js").PlannedNote} PlannedNote */

/**
 * A note that has started; `end` is Infinity while it sounds.
 * @typedef {{part: Part, pitch: number, channel: number, velocity: number, start: number, end: number}} Note
 */

const KEPT = 60; // seconds
const MOST_NOTES = 2000;
const MOST_GRIDS = 64;

export class Score {
  /** In the order of their start. @type {Note[]} */
  notes = [];
  /** @type {PlannedNote[]} */
  plan = [];
  /** The grid as it was, each from its `from` on (seconds). @type {{from: number, grid: Grid}[]} */
  grids = [];

  /** @param {import("./protocol.js").NoteOn} on */
  noteOn({ part, pitch, channel, velocity, time }) {
    this.#end(part, pitch, channel, time);
    this.notes.push({ part, pitch, channel, velocity, start: time, end: Number.POSITIVE_INFINITY });
    if (part === "answer") this.plan = this.plan.filter((note) => note.time > time + 0.001 || note.pitch !== pitch);
    this.#forget(time - KEPT);
  }

  /** @param {import("./protocol.js").NoteOff} off */
  noteOff({ part, pitch, channel, time }) {
    this.#end(part, pitch, channel, time);
  }

  /**
   * Take the daemon's grid, from a time (seconds) on.
   * @param {Grid} grid
   * @param {number} time
   */
  setGrid(grid, time) {
    const last = this.grids.at(-1);
    if (last && isSameGrid(last.grid, grid)) return;
    this.grids.push({ from: last ? time : Number.NEGATIVE_INFINITY, grid });
    if (this.grids.length > MOST_GRIDS) this.grids.shift();
  }

  /**
   * End all that sounds, and plan nothing: the daemon is gone.
   * @param {number} time
   */
  silence(time) {
    for (const note of this.notes) if (note.end === Number.POSITIVE_INFINITY) note.end = Math.max(note.start, time);
    this.plan = [];
  }

  /** Begin with an empty page: another session has started. */
  clear() {
    this.notes = [];
    this.plan = [];
    this.grids = [];
  }

  /**
   * @param {Part} part
   * @param {number} pitch
   * @param {number} channel
   * @param {number} time
   */
  #end(part, pitch, channel, time) {
    const sounding = this.notes.findLast(
      (note) => note.end > time && note.part === part && note.pitch === pitch && note.channel === channel,
    );
    if (sounding?.end === Number.POSITIVE_INFINITY) sounding.end = Math.max(sounding.start, time);
  }

  /** @param {number} time */
  #forget(time) {
    while (this.notes[0] && (this.notes[0].end < time || this.notes.length > MOST_NOTES)) this.notes.shift();
  }
}

/**
 * @param {Grid} one
 * @param {Grid} other
 */
function isSameGrid(one, other) {
  const stepSeconds = 60 / other.bpm / other.steps_per_beat;
  const drift = Math.abs(one.time + (other.step - one.step) * stepSeconds - other.time);
  return drift < 0.002 && one.bpm === other.bpm && one.bar === other.bar && one.shared === other.shared;
}
