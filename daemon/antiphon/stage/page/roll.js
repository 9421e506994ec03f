/** The piano roll: what was played and answered left of the now-line, what is planned right of it. */

import { isInScale, majorKey, spelling } from "./names.js";
import { hatching, readPalette } from "./palette.js";
import { GUTTER, RollView } from "./roll_view.js";

/** @typedef {import("./score.js").Score} Score */
/** @typedef {import("./score.js").Note} Note */
/** @typedef {import("./protocol.js").Grid} Grid */
/** @typedef {import("./protocol.js").PlannedNote} PlannedNote */

const SMALLEST_LABEL = 12; // pixels of a row's height
const SMALLEST_NAME = 9; // pixels
const SHORTEST_NOTE = 5; // pixels
const FONT = "system-ui, sans-serif";
const DEFAULT_BPM = 100;
const HATCHING = 0.55; // opacity: names on it must be legible
const DENSEST_BEATS = 9; // pixels from line to line

export class Roll {
  view = new RollView();
  #sharps = 0;
  /** @type {"listening" | "answering"} */
  #turn = "listening";
  #isStale = true;
  #palette = readPalette();
  /** @type {CanvasPattern | null} */
  #planned = null;
  /** @type {CanvasPattern | null} */
  #answered = null;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Score} score
   */
  constructor(canvas, score) {
    this.canvas = canvas;
    this.score = score;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.recolour();
  }

  /** Take the colours of the theme anew. */
  recolour() {
    this.#palette = readPalette();
    this.#planned = hatching(this.context, this.#colour("answer"), 9, 1.8);
    this.#answered = hatching(this.context, this.#colour("answer-edge"), 9, 2.2);
    this.#isStale = true;
  }

  /**
   * @param {number} sharps
   * @param {"listening" | "answering"} turn
   */
  setScene(sharps, turn) {
    this.#isStale ||= sharps !== this.#sharps || turn !== this.#turn;
    this.#sharps = sharps;
    this.#turn = turn;
  }

  /**
   * Draw, unless nothing would look different.
   * @param {number} now  the daemon's time, seconds
   */
  draw(now) {
    const grid = this.score.grids.at(-1)?.grid;
    const hasNotes = this.score.plan.length > 0 || this.score.notes.some((note) => note.end > this.view.firstTime);
    if (!this.#isStale && !hasNotes && !grid?.shared && !this.view.isMoving) return;
    this.#isStale = hasNotes; // once more when the last note has left
    this.view.follow(now, grid?.bpm ?? DEFAULT_BPM, this.score);
    this.#drawRows();
    this.#drawGrids();
    this.#drawPlan();
    for (const note of this.score.notes) if (note.end > this.view.firstTime) this.#drawNote(note);
    this.#drawNow();
    this.#drawNames();
  }

  /** @param {string} name */
  #colour(name) {
    return this.#palette[name] ?? "gray";
  }

  #resize() {
    const ratio = window.devicePixelRatio || 1;
    this.view.width = this.canvas.clientWidth;
    this.view.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.view.width * ratio);
    this.canvas.height = Math.round(this.view.height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#isStale = true;
  }

  #drawRows() {
    const { context, view } = this;
    context.fillStyle = this.#colour("row");
    context.fillRect(0, 0, view.width, view.height);
    for (let pitch = view.lowestPitch; pitch <= view.highestPitch; pitch++) {
      const isTonic = isTonicOf(pitch, this.#sharps);
      if (!isTonic && isInScale(pitch, this.#sharps)) continue;
      context.fillStyle = this.#colour(isTonic ? "tonic" : "row-outside");
      context.fillRect(0, view.y(pitch), view.width, view.rowHeight);
    }
  }

  #drawGrids() {
    const { view } = this;
    const grids = this.score.grids;
    for (let index = 0; index < grids.length; index++) {
      const span = grids[index];
      if (!span) continue;
      const until = Math.min(view.lastTime, grids[index + 1]?.from ?? view.lastTime);
      const from = Math.max(view.firstTime, span.from);
      if (from < until) this.#drawGrid(span.grid, from, until);
    }
  }

  /**
   * @param {Grid} grid
   * @param {number} from  seconds
   * @param {number} until
   */
  #drawGrid(grid, from, until) {
    const { context, view } = this;
    const stepSeconds = 60 / grid.bpm / grid.steps_per_beat;
    const stepOf = (/** @type {number} */ time) => grid.step + (time - grid.time) / stepSeconds;
    const every = grid.steps_per_beat * stepSeconds * view.speed < DENSEST_BEATS ? grid.bar : grid.steps_per_beat;
    context.globalAlpha = grid.shared ? 1 : 0.4;
    const first = Math.ceil(stepOf(from) / every) * every;
    for (let step = first; step <= stepOf(until); step += every) {
      const isBar = step % grid.bar === 0;
      context.fillStyle = this.#colour(isBar ? "bar-line" : "beat-line");
      const x = Math.round(view.x(grid.time + (step - grid.step) * stepSeconds));
      context.fillRect(x, 0, isBar && grid.shared ? 2 : 1, view.height);
    }
    context.globalAlpha = 1;
  }

  #drawPlan() {
    const { context, view } = this;
    for (const note of this.score.plan) {
      if (note.end < view.now || note.time > view.lastTime) continue;
      const x = view.x(Math.max(note.time, view.now));
      const width = Math.max(SHORTEST_NOTE, view.x(note.end) - x - 2);
      const height = Math.max(4, view.rowHeight - 2);
      this.#outline(x, view.y(note.pitch) + 1, width, height, height / 2);
      context.fillStyle = this.#colour("ground");
      context.fill();
      this.#fillWith(this.#planned, x);
      context.strokeStyle = this.#colour("answer");
      context.lineWidth = 2;
      context.setLineDash(DASHES);
      context.stroke();
      context.setLineDash(NO_DASHES);
      this.#label(note.pitch, x, width, "text");
    }
  }

  /** @param {Note} note */
  #drawNote(note) {
    if (note.part === "metronome") return;
    const { context, view } = this;
    const isSounding = note.end === Number.POSITIVE_INFINITY;
    const x = view.x(note.start);
    const width = Math.max(SHORTEST_NOTE, (isSounding ? view.nowX : view.x(note.end)) - x - 1);
    const height = Math.max(4, view.rowHeight - 2);
    const isAnswer = note.part === "answer";
    this.#outline(x, view.y(note.pitch) + 1, width, height, isAnswer ? height / 2 : 2);
    context.globalAlpha = 0.6 + 0.4 * (note.velocity / 127);
    context.fillStyle = this.#colour(note.part);
    context.fill();
    context.globalAlpha = 1;
    if (isAnswer) this.#fillWith(this.#answered, x);
    if (isAnswer || isSounding) {
      context.strokeStyle = this.#colour(isSounding ? "text" : "answer-edge");
      context.lineWidth = isSounding ? 2.5 : 1.5;
      context.stroke();
    }
    this.#label(note.pitch, x, width, isAnswer ? "on-answer" : "on-performer");
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   * @param {number} radius
   */
  #outline(x, y, width, height, radius) {
    this.context.beginPath();
    this.context.roundRect(x, y, width, height, Math.min(radius, width / 2));
  }

  /**
   * Fill the outline with a pattern that moves with the note.
   * @param {CanvasPattern | null} pattern
   * @param {number} x
   */
  #fillWith(pattern, x) {
    if (!pattern) return;
    this.context.translate(x, 0);
    this.context.globalAlpha = HATCHING;
    this.context.fillStyle = pattern;
    this.context.fill(); // the outline stays where it was made
    this.context.globalAlpha = 1;
    this.context.translate(-x, 0);
  }

  /**
   * The name of a pitch on its note, where there is room.
   * @param {number} pitch
   * @param {number} x
   * @param {number} width
   * @param {string} colour
   */
  #label(pitch, x, width, colour) {
    const { context, view } = this;
    const size = Math.floor(Math.min(20, view.rowHeight * 0.72, width / 2));
    if (size < SMALLEST_NAME) return;
    const name = spelling(this.#sharps)[pitch] ?? "";
    context.font = `700 ${size}px ${FONT}`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillStyle = this.#colour(colour);
    context.fillText(name, x + size * 0.5, view.y(pitch) + view.rowHeight / 2 + 1);
  }

  #drawNow() {
    const { context, view } = this;
    context.fillStyle = this.#colour(this.#turn === "answering" ? "answer" : "performer");
    context.fillRect(view.nowX - 2, 0, 4, view.height);
    context.beginPath();
    context.moveTo(view.nowX - 9, 0);
    context.lineTo(view.nowX + 9, 0);
    context.lineTo(view.nowX, 12);
    context.fill();
  }

  #drawNames() {
    const { context, view } = this;
    context.fillStyle = this.#colour("ground");
    context.fillRect(0, 0, GUTTER, view.height);
    const names = spelling(this.#sharps);
    const size = Math.max(11, Math.min(17, Math.round(view.rowHeight * 0.72)));
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (let pitch = view.lowestPitch; pitch <= view.highestPitch; pitch++) {
      const isTonic = isTonicOf(pitch, this.#sharps);
      if (!isTonic && (view.rowHeight < SMALLEST_LABEL || !isInScale(pitch, this.#sharps))) continue;
      context.font = `${isTonic ? 700 : 400} ${size}px ${FONT}`;
      context.fillStyle = this.#colour(isTonic ? "text" : "faint");
      const y = view.y(pitch) + view.rowHeight / 2 + 1;
      context.fillText(isTonic ? majorKey(this.#sharps) + octaveOf(pitch, names) : (names[pitch] ?? ""), GUTTER - 8, y);
    }
  }
}

const DASHES = [5, 3];
/** @type {number[]} */
const NO_DASHES = [];

/**
 * @param {number} pitch
 * @param {number} sharps
 */
function isTonicOf(pitch, sharps) {
  return (pitch - sharps * 7) % 12 === 0;
}

/**
 * The octave's number of a tonic: that of a C flat or a B sharp isn't the one of its key on the piano.
 * @param {number} pitch
 * @param {string[]} names
 */
function octaveOf(pitch, names) {
  return Math.floor((pitch + (names[pitch]?.startsWith("C♭") ? 1 : 0)) / 12) - 1;
}
