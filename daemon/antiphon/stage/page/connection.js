/** The WebSocket to the daemon: it greets, asks for the time, and comes back by itself when it is lost. */

import { PageClock, pageTime } from "./page_clock.js";
import { VERSION } from "./protocol.js";

/** @typedef {import("./protocol.js").FromDaemon} FromDaemon */
/** @typedef {import("./protocol.js").FromPage} FromPage */

const FIRST_PINGS = 5;
const FIRST_PING_MS = 100;
const PING_MS = 2000;
const SILENT_MS = 8000; // after which a connection that says nothing is taken for dead
const SAME_SESSION = 1; // seconds by which a session's clock may seem to have moved
const RETRY_MS = 300;
const LONGEST_RETRY_MS = 4000;

/**
 * @typedef {object} Listener
 * @property {(message: FromDaemon) => void} onMessage
 * @property {(isOther: boolean) => void} onUp  a daemon has greeted; whether its session is another than before
 * @property {() => void} onDown
 * @property {() => void} onOld  the page is of another version
 */

export class Connection {
  clock = new PageClock();
  /** @type {WebSocket | null} */
  #socket = null;
  #isUp = false;
  #isOld = false;
  #retries = 0;
  #lastHeard = 0;
  #retryTimer = 0;
  #pingTimer = 0;
  #pings = 0;

  /**
   * @param {string} url
   * @param {Listener} listener
   */
  constructor(url, listener) {
    this.url = url;
    this.listener = listener;
    window.addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#retryNow());
  }

  /** Whether messages arrive. */
  get isUp() {
    return this.#isUp;
  }

  /** Open the connection, and again whenever it is lost. */
  open() {
    clearTimeout(this.#retryTimer);
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", version: VERSION }));
    socket.onmessage = (event) => this.#socket === socket && this.#take(event.data);
    socket.onclose = () => this.#socket === socket && this.#lost();
  }

  /**
   * Send a message, unless nobody is there.
   * @param {FromPage} message
   * @returns {boolean} whether it left
   */
  send(message) {
    if (!this.#isUp || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** @param {string} text */
  #take(text) {
    this.#lastHeard = performance.now();
    const message = /** @type {FromDaemon} */ (JSON.parse(text));
    if (message.type === "reload" || (message.type === "hello" && message.version !== VERSION)) {
      this.#grownOld();
    } else if (message.type === "pong") {
      this.clock.pong(message.id, message.time, pageTime());
    } else {
      if (message.type === "hello") this.#greeted(message.time);
      this.listener.onMessage(message);
    }
  }

  /** @param {number} time */
  #greeted(time) {
    const isOther = Math.abs(time - this.clock.daemonTime(pageTime())) > SAME_SESSION;
    this.clock.restart(time, pageTime());
    this.#isUp = true;
    this.#retries = 0;
    this.#pings = 0;
    this.listener.onUp(isOther);
    this.#ping();
  }

  #ping() {
    clearTimeout(this.#pingTimer);
    if (performance.now() - this.#lastHeard > SILENT_MS) {
      this.#socket?.close();
      this.#lost();
      return;
    }
    this.send({ type: "ping", id: this.clock.ping(pageTime()) });
    this.#pings += 1;
    this.#pingTimer = setTimeout(() => this.#ping(), this.#pings < FIRST_PINGS ? FIRST_PING_MS : PING_MS);
  }

  #grownOld() {
    this.#isOld = true;
    this.listener.onOld();
    this.#socket?.close();
  }

  #lost() {
    clearTimeout(this.#pingTimer);
    this.#socket = null;
    this.#isUp = false;
    this.listener.onDown();
    if (this.#isOld) return;
    const wait = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** this.#retries);
    this.#retries += 1;
    // Several pages that lost the same daemon must not come back in the same instant.
    this.#retryTimer = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }

  #retryNow() {
    if (!this.#socket && !this.#isOld && this.#retries) this.open();
  }
}
