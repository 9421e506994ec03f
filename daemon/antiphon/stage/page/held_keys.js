/** The keys that are held down on this page, by fingers, mouse and computer keys; what they do goes out as MIDI. */

const NOTE_OFF = 0x80;
const NOTE_ON = 0x90;

export class HeldKeys {
  /** Who holds which pitch, the oldest first. @type {Map<string, number>} */
  #holders = new Map();

  /**
   * @param {(message: number[]) => void} send  takes a MIDI message
   * @param {(pitch: number, isDown: boolean) => void} show
   */
  constructor(send, show) {
    this.send = send;
    this.show = show;
  }

  /**
   * A finger or a computer key goes down. A pitch that is held already is not struck again.
   * @param {string} holder
   * @param {number} pitch
   * @param {number} velocity  1…127
   */
  press(holder, pitch, velocity) {
    if (this.#holders.get(holder) === pitch) return;
    this.release(holder);
    const isNew = !this.#isHeld(pitch);
    this.#holders.set(holder, pitch);
    if (!isNew) return;
    this.send([NOTE_ON, pitch, velocity]);
    this.show(pitch, true);
  }

  /**
   * It lets go; the note ends when nobody holds it any more.
   * @param {string} holder
   */
  release(holder) {
    const pitch = this.#holders.get(holder);
    if (pitch === undefined) return;
    this.#holders.delete(holder);
    if (this.#isHeld(pitch)) return;
    this.send([NOTE_OFF, pitch, 0]);
    this.show(pitch, false);
  }

  /** Let go of everything: the window lost the focus, a dialog opened, the daemon is gone. */
  releaseAll() {
    for (const holder of [...this.#holders.keys()]) this.release(holder);
  }

  /** @param {number} pitch */
  #isHeld(pitch) {
    for (const held of this.#holders.values()) if (held === pitch) return true;
    return false;
  }
}
