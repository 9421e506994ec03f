/** Words for the performer: they stand below the roll for a while, and screen readers say them. */

const SHOWN_MS = 6000;
let timer = 0;

/**
 * @param {string} text
 * @param {number} [milliseconds]  for which it stands
 */
export function notice(text, milliseconds = SHOWN_MS) {
  const element = document.getElementById("notices");
  if (!element) return;
  element.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => element.replaceChildren(), milliseconds);
}
