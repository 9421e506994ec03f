/** The list of recordings, each to be downloaded. */

/**
 * @typedef {{name: string, when: string, seconds: number, played: number, answered: number, model: string | null,
 *   damaged: string | null}} Session
 */

const HEADINGS = ["Recording", "Length", "You", "Antiphon", "Model"];

/**
 * Open the dialog, with the list as it is now.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} list
 */
export async function openSessions(dialog, list) {
  list.textContent = "…";
  dialog.showModal();
  try {
    const answer = await fetch("/sessions");
    if (!answer.ok) throw new Error(answer.statusText);
    show(list, /** @type {Session[]} */ (await answer.json()));
  } catch {
    list.textContent = "The list can't be read now. Is Antiphon running?";
  }
}

/**
 * @param {HTMLElement} list
 * @param {Session[]} sessions  the oldest first
 */
function show(list, sessions) {
  if (!sessions.length) {
    list.textContent = "There is no recording yet. What is being recorded is listed when it has ended.";
    return;
  }
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const text of HEADINGS) {
    const heading = document.createElement("th");
    heading.scope = "col";
    heading.textContent = text;
    head.append(heading);
  }
  const body = table.createTBody();
  for (const session of sessions.toReversed()) fill(body.insertRow(), session);
  list.replaceChildren(table);
}

/**
 * @param {HTMLTableRowElement} row
 * @param {Session} session
 */
function fill(row, session) {
  const when = new Date(session.when).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const length = `${Math.floor(session.seconds / 60)}:${String(Math.floor(session.seconds % 60)).padStart(2, "0")}`;
  const notes = (/** @type {number} */ count) => (count === 1 ? "1 note" : `${count} notes`);
  const what = session.damaged ? `damaged: ${session.damaged}` : (session.model ?? "");
  const link = document.createElement("a");
  link.href = `/sessions/${encodeURIComponent(session.name)}.mid`;
  link.download = `${session.name}.mid`;
  link.textContent = when;
  link.setAttribute("aria-label", `${when}: download ${link.download}`);
  row.insertCell().append(link);
  for (const text of [length, notes(session.played), notes(session.answered), what])
    row.insertCell().textContent = text;
}
