/** The circle of fifths: how likely each of the twelve key signatures is, and which one is in use. */

import { isKeyHeard, majorKey, minorKey, SIGNATURES, spokenKeys } from "./names.js";

const SVG = "http://www.w3.org/2000/svg";
const INNER = 33;
const OUTER = 74;
const MAJOR_AT = 96;
const HALF = Math.PI / 12; // half of a twelfth
const GAP = 0.025; // radians between two wedges

/** @typedef {{ground: SVGElement, wedge: SVGElement, group: SVGElement}} Sector */

export class Circle {
  /** By the number of sharps + 5. @type {Sector[]} */
  #sectors = [];

  /** @param {SVGSVGElement} svg */
  constructor(svg) {
    this.svg = svg;
    this.#sectors = SIGNATURES.map((sharps) => this.#sector(sharps));
    this.name = element("text", { y: -6, class: "circle-key" });
    this.sure = element("text", { y: 12, class: "circle-sure" });
    svg.append(this.name, this.sure);
  }

  /** @param {import("./protocol.js").State} state */
  show(state) {
    const { posterior, sharps } = state;
    const isHeard = isKeyHeard(state);
    for (const [index, sector] of this.#sectors.entries()) {
      // The area of a wedge is the probability, as far as the eye cares: half of it reaches further than the middle.
      const reach = INNER + (OUTER - INNER) * Math.sqrt(posterior[index] ?? 0);
      sector.wedge.setAttribute("d", wedge(SIGNATURES[index] ?? 0, INNER, reach));
      sector.group.classList.toggle("in-use", isHeard && SIGNATURES[index] === sharps);
    }
    const isLocked = state.key !== "auto";
    const percent = Math.round(100 * (posterior[sharps + 5] ?? 0));
    if (!isHeard) this.#say("?", "listening", "listening for your key");
    else if (isLocked) this.#say(majorKey(sharps), "locked", `${spokenKeys(sharps)}, locked`);
    else this.#say(majorKey(sharps), `${percent} %`, `${spokenKeys(sharps)}, ${percent} percent sure`);
  }

  /**
   * @param {string} name
   * @param {string} sure  how sure it is
   * @param {string} both  for those who listen to the page
   */
  #say(name, sure, both) {
    this.name.textContent = name;
    this.sure.textContent = sure;
    this.svg.setAttribute("aria-label", `Circle of fifths: ${both}`);
  }

  /**
   * @param {number} sharps
   * @returns {Sector}
   */
  #sector(sharps) {
    const group = element("g", { class: "sector" });
    const ground = element("path", { d: wedge(sharps, INNER, OUTER), class: "sector-ground" });
    const bar = element("path", { d: "", class: "sector-bar" });
    const angle = angleOf(sharps);
    const [x, y] = [Math.sin(angle), -Math.cos(angle)];
    const major = element("text", { x: x * MAJOR_AT, y: y * MAJOR_AT - 3, class: "sector-major" });
    major.textContent = majorKey(sharps);
    const minor = element("text", { x: x * MAJOR_AT, y: y * MAJOR_AT + 11, class: "sector-minor" });
    minor.textContent = `${minorKey(sharps).toLowerCase()}`;
    group.append(ground, bar, major, minor);
    this.svg.append(group);
    return { ground, wedge: bar, group };
  }
}

/** C is at the top, sharps go clockwise. @param {number} sharps */
const angleOf = (sharps) => (sharps * Math.PI) / 6;

/**
 * The path of a wedge around the centre.
 * @param {number} sharps
 * @param {number} inner
 * @param {number} outer
 */
function wedge(sharps, inner, outer) {
  const [from, until] = [angleOf(sharps) - HALF + GAP, angleOf(sharps) + HALF - GAP];
  const point = (/** @type {number} */ radius, /** @type {number} */ angle) =>
    `${(radius * Math.sin(angle)).toFixed(2)} ${(-radius * Math.cos(angle)).toFixed(2)}`;
  return (
    `M${point(inner, from)} L${point(outer, from)} A${outer} ${outer} 0 0 1 ${point(outer, until)} ` +
    `L${point(inner, until)} A${inner} ${inner} 0 0 0 ${point(inner, from)}Z`
  );
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @returns {SVGElement}
 */
function element(name, attributes) {
  const made = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
