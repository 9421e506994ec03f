/** Names of keys and pitches, spelled as the key signature asks for. */

/** The twelve key signatures, in sharps; flats are negative. */
export const SIGNATURES = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6];

const LETTERS = "FCGDAEB"; // the line of fifths; F is at −1, C at 0
const MIDDLE_C = 60;
const LEAST_LIKELY = 0.2; // a key that is less likely than that isn't worth saying

/**
 * Name a place on the line of fifths: −2 is B♭, 0 is C, 6 is F♯.
 * @param {number} fifths
 * @returns {string}
 */
function nameOfFifths(fifths) {
  const accidentals = Math.floor((fifths + 1) / 7);
  const letter = LETTERS[fifths + 1 - 7 * accidentals];
  return letter + (accidentals < 0 ? "♭" : "♯").repeat(Math.abs(accidentals));
}

/**
 * The major key of a signature: `E♭`.
 * @param {number} sharps
 */
export function majorKey(sharps) {
  return nameOfFifths(sharps);
}

/**
 * The minor key of a signature: `C`, of three flats.
 * @param {number} sharps
 */
export function minorKey(sharps) {
  return nameOfFifths(sharps + 3);
}

/**
 * Whether a key is worth saying: the user has locked it, or what was heard speaks for one.
 * @param {{key: string, posterior: number[]}} state
 */
export function isKeyHeard({ key, posterior }) {
  return key !== "auto" || Math.max(...posterior) > LEAST_LIKELY;
}

/**
 * Both keys of a signature, as they are said: `E flat major or C minor`.
 * @param {number} sharps
 */
export function spokenKeys(sharps) {
  return `${spoken(majorKey(sharps))} major or ${spoken(minorKey(sharps))} minor`;
}

/**
 * A name as it is said: `E flat`, `C sharp 4`.
 * @param {string} name
 */
export function spoken(name) {
  const said = name.replaceAll("♭", " flat").replaceAll("♯", " sharp");
  return said.replace(/(flat|sharp)(-?\d)/, "$1 $2");
}

/** @type {Map<number, string[]>} */
const spellings = new Map();

/**
 * The names of all 128 pitches, without their octave, in a key signature. They are made once for each signature.
 *
 * The seven notes of the scale have its names; of the others, those that are common as raised degrees (up to the
 * leading note of the minor key) are sharpened, the rest flattened.
 * @param {number} sharps
 * @returns {string[]}
 */
export function spelling(sharps) {
  let names = spellings.get(sharps);
  if (!names) {
    const lowest = sharps - 3;
    names = Array.from({ length: 128 }, (_, pitch) => {
      const fifths = (pitch * 7) % 12; // a place on the line of fifths, but for a multiple of 12
      return nameOfFifths(lowest + ((((fifths - lowest) % 12) + 12) % 12));
    });
    spellings.set(sharps, names);
  }
  return names;
}

/**
 * A pitch with its octave: `E♭4`; middle C is `C4`.
 * @param {number} pitch
 * @param {number} sharps
 */
export function pitchName(pitch, sharps) {
  const name = spelling(sharps)[pitch] ?? "";
  const flats = name.split("♭").length - 1;
  const raised = name.split("♯").length - 1;
  return name + (Math.floor((pitch - raised + flats - MIDDLE_C) / 12) + 4);
}

/**
 * Whether a pitch is one of the seven of a key signature.
 * @param {number} pitch
 * @param {number} sharps
 */
export function isInScale(pitch, sharps) {
  return (((pitch * 7 - sharps + 1) % 12) + 12) % 12 < 7;
}

/**
 * Whether a pitch is a black key.
 * @param {number} pitch
 */
export function isBlack(pitch) {
  return !isInScale(pitch, 0);
}
