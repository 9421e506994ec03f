/** The dialog that explains the keys, with what is printed on this keyboard. */

import { SEMITONES } from "./computer_keys.js";
import { isBlack } from "./names.js";

const MIDDLE_C = 60;
const OCTAVES = ["Z", "X"];

/** @param {Map<string, string>} printed  by the place of the key */
export function fillHelp(printed) {
  const names = (/** @type {boolean} */ black) =>
    Object.entries(SEMITONES)
      .filter(([, semitones]) => isBlack(MIDDLE_C + semitones) === black)
      .map(([code]) => printed.get(code) ?? code);
  write("help-white", names(false));
  write("help-black", names(true));
  write(
    "help-octave",
    OCTAVES.map((key) => printed.get(`Key${key}`) ?? key),
  );
}

/**
 * @param {string} id
 * @param {string[]} keys
 */
function write(id, keys) {
  const made = keys.map((key) => {
    const element = document.createElement("kbd");
    element.textContent = key;
    return element;
  });
  document.getElementById(id)?.replaceChildren(...made.flatMap((element) => [element, " "]));
}
