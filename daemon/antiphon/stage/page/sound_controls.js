/** How sound begins, and how loud it is: browsers let a page sound only after the user has pressed something. */

import { isTyping, SEMITONES } from "./computer_keys.js";

/** @typedef {import("./sound.js").Sound} Sound */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {Sound} sound
 * @returns {{show: () => void}}
 */
export function watchSound(sound) {
  const volume = /** @type {HTMLInputElement} */ (byId("volume"));
  let isDeclined = false;
  const show = () => {
    byId("start").toggleAttribute("hidden", sound.isRunning || isDeclined);
    const off = !sound.isRunning || sound.isMuted;
    byId("silence").setAttribute("aria-pressed", String(off));
    const percent = `${Math.round(100 * Number(volume.value))} %`;
    const output = document.querySelector("output[for=volume]");
    if (output) output.textContent = percent;
    volume.setAttribute("aria-valuetext", percent);
  };
  const start = async () => {
    await sound.start();
    show();
  };
  byId("play").addEventListener("click", start);
  byId("silent").addEventListener("click", () => {
    isDeclined = true;
    show();
  });
  byId("silence").addEventListener("click", async () => {
    if (sound.isRunning) sound.setMuted(!sound.isMuted);
    else await start();
    show();
  });
  volume.addEventListener("input", () => {
    sound.setVolume(Number(volume.value));
    show();
  });
  // Who begins to play wants to hear it, without looking for the button; unless sound was declined.
  const begin = (/** @type {Event} */ event) => {
    if (!isDeclined && !sound.isRunning && isPlaying(event)) start();
  };
  window.addEventListener("pointerup", begin);
  window.addEventListener("keydown", begin);
  show();
  return { show };
}

/**
 * Whether a press plays the piano; one that only moves about the page doesn't ask for sound.
 * @param {Event} event
 */
function isPlaying(event) {
  if (event instanceof KeyboardEvent && event.code in SEMITONES) return !isTyping(event.target);
  const isMoving = event instanceof KeyboardEvent && event.key !== "Enter" && event.key !== " ";
  return !isMoving && event.target instanceof Element && event.target.closest("#keys") !== null;
}
