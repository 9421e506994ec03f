/** The page's colours for what is drawn on a canvas: read from the style sheet once for each theme. */

/** @typedef {{[name: string]: string}} Palette */

const NAMES = [
  "ground",
  "row",
  "row-outside",
  "tonic",
  "text",
  "faint",
  "bar-line",
  "beat-line",
  "performer",
  "on-performer",
  "answer",
  "answer-edge",
  "on-answer",
  "thru",
];

/** @returns {Palette} */
export function readPalette() {
  const probe = document.createElement("i"); // a canvas can't tell light from dark: an element's colour is one of them
  document.body.append(probe);
  const { style } = probe;
  const computed = getComputedStyle(probe);
  const colours = NAMES.map((name) => {
    style.color = `var(--${name})`;
    return [name, computed.color];
  });
  probe.remove();
  return Object.fromEntries(colours);
}

/**
 * A pattern of slanted lines.
 * @param {CanvasRenderingContext2D} context
 * @param {string} colour
 * @param {number} gap  pixels from line to line
 * @param {number} thickness  pixels
 * @returns {CanvasPattern | null}
 */
export function hatching(context, colour, gap, thickness) {
  const tile = document.createElement("canvas");
  tile.width = gap;
  tile.height = gap;
  const pen = tile.getContext("2d");
  if (!pen) return null;
  pen.strokeStyle = colour;
  pen.lineWidth = thickness;
  for (const from of [-gap, 0, gap]) {
    pen.moveTo(from, gap);
    pen.lineTo(from + gap, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
