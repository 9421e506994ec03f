/**
 * The messages between this page and the daemon, as types; docs/stage.md explains them and messages.py defines them.
 * Times are seconds from the session's start, pitches MIDI note numbers.
 */

/** Of the messages: a page of another version than the daemon's must be loaded again. */
export const VERSION = 2;

/** @typedef {"performer" | "answer" | "metronome" | "thru"} Part */
/** @typedef {"next-note" | "call-response" | "continue" | "accompany"} Mode */
/** @typedef {"listening" | "answering"} Turn */
/** @typedef {"panic" | "answer" | "tap"} ActionName */
/** A setting's name, as `config.toml` has it. @typedef {string} SettingName */

/** @typedef {{least: number, most: number, step: number}} Slider */
/**
 * A number from `least` to `most`, of which a slider may reach a part; without one it is typed.
 * @typedef {{name: string, label: string, unit: string, least: number, most: number, slider: Slider | null}} Numeric
 */

/**
 * Step `step` is at `time`; `bar` is in steps; `shared`: the performer hears this beat.
 * @typedef {{time: number, step: number, bpm: number, steps_per_beat: number, bar: number, shared: boolean}} Grid
 */

/**
 * @typedef {object} State
 * @property {Mode} mode
 * @property {Turn} turn
 * @property {Record<string, number>} knobs  by name, in the units of the numbers
 * @property {boolean} mute
 * @property {boolean} hold
 * @property {number} bpm
 * @property {"fixed" | "clock" | "auto" | "link"} sync
 * @property {"none" | "waiting" | "rolling" | "lost"} clock
 * @property {string} key  the setting: "auto", or a locked key
 * @property {string} swing  the setting: "auto", or a percentage of the beat
 * @property {number} heard_swing  how the performer swings, in percent; 50 is straight
 * @property {"chords" | "bass" | "both"} accompaniment
 * @property {number | null} tempo_certainty  of the tempo that is followed, 0 to 1
 * @property {{beats: number, certainty: number} | null} heard_bar  the performer's, where it isn't given
 * @property {number} sharps  the key signature in use, −5…6
 * @property {number[]} posterior  of the signatures from −5 to 6 sharps
 * @property {string} model
 * @property {string[]} models
 * @property {boolean} record
 * @property {{input: string, output: string} | null} midi
 * @property {number | null} latency_ms
 * @property {Grid} grid
 * @property {{notes: number, gain: number, quoted: number[]}} learned  of the performer; gain in bits a note
 * @property {Reason | null} reason  why what was played last is as it is
 * @property {string} words  the same as a line
 */

/**
 * @typedef {{type: "two_voices", performer: number, answer: number, motion: string | null}
 *   | {type: "phrase", form: string[], place: "first" | "second", source: "new" | "last" | "first", degrees: number,
 *      ending: "open" | "closed", is_last: boolean}
 *   | {type: "answer", rhythm: number, turns: number, ending: "tonic" | "triad" | "open", candidates: number}} Reason
 */

/** @typedef {{time: number, end: number, pitch: number, velocity: number}} PlannedNote */

/** @typedef {{type: "hello", version: number, antiphon: string, time: number, numbers: Numeric[]}} Hello */
/** @typedef {{type: "state"} & State} StateMessage */
/** @typedef {{type: "note_on", part: Part, time: number, pitch: number, velocity: number, channel: number}} NoteOn */
/** @typedef {{type: "note_off", part: Part, time: number, pitch: number, channel: number}} NoteOff */
/** @typedef {{type: "plan", notes: PlannedNote[]}} Plan */
/** @typedef {{type: "expectation", pitches: [number, number][]}} Expectation */
/** @typedef {{type: "notice", text: string}} Notice */
/** @typedef {{type: "pong", id: number, time: number}} Pong */
/** @typedef {{type: "refused", text: string}} Refused */
/** @typedef {{type: "reload"}} Reload */

/** @typedef {Hello | StateMessage | NoteOn | NoteOff | Plan | Expectation | Notice | Pong | Refused | Reload} FromDaemon */

/**
 * @typedef {{type: "hello", version: number} | {type: "midi", message: number[]}
 *   | {type: "set", name: SettingName, value: boolean | number | string} | {type: "press", name: ActionName}
 *   | {type: "ping", id: number}} FromPage
 */
