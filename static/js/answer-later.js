// Answers in the inbox are held for some seconds, so that they can be taken back, and are sent when these end. A page that
// is left sends what it holds. Selecting follows the keys j and k where list and case stand side by side.
import { tell, wordsOf } from "./failures.js";

const FOLLOW_MS = 150;
const DECISIONS = { approve: "Approved", refuse: "Not approved" };

/** Request -> what is held of its answer. */
const held = new Map();
/** Requests that are answered, until the list has come without them. */
const sentOff = new Set();
let typed; // what was taken back, for its fields: {id, data}

const heldMs = () => Number(document.getElementById("answer-held").dataset.seconds) * 1000;
const pane = () => document.getElementById("inbox-pane");
const rowOf = (id) => document.querySelector(`#results [data-request="${id}"]`);
const isGone = (id) => held.has(id) || sentOff.has(id);
const all = () => [...document.querySelectorAll("#results [data-request]")];
const rows = () => all().filter((row) => !isGone(row.dataset.request));

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches("#inbox-pane form[data-answer]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    hold(form, new FormData(form, event.submitter));
  },
  true,
);

function hold(form, data) {
  const id = form.dataset.answer;
  if (held.has(id)) return;
  const open = rows();
  const at = open.indexOf(rowOf(id));
  const toast = announce(id, data.get("choice") ?? DECISIONS[data.get("decision")] ?? data.get("answer"));
  held.set(id, { action: form.action, data, toast, timer: setTimeout(() => send(id), heldMs()) });
  hide();
  select(open[at + 1] ?? open[at - 1]);
}

/** Who closes the message wants it sent. */
function announce(id, words) {
  const toast = document.getElementById("answer-held").content.cloneNode(true).firstElementChild;
  toast.querySelector("[data-words]").textContent = words;
  toast.querySelector("[data-undo]").addEventListener("click", () => takeBack(id));
  toast.querySelector("button[aria-label]").addEventListener("click", () => {
    send(id);
    (rows().find((row) => row.hasAttribute("aria-current")) ?? pane()).focus({ preventScroll: true });
  });
  document.getElementById("toasts").append(toast);
  return toast;
}

/** The one that comes next, or nothing. */
function select(row) {
  pane().toggleAttribute("data-done", !row);
  if (!row) {
    pane().tabIndex = -1;
    return pane().focus({ preventScroll: true });
  }
  row.click();
  row.focus();
}

function hide() {
  for (const row of all()) row.closest("li").hidden = isGone(row.dataset.request);
}

function release(id) {
  const { timer, toast, data } = held.get(id);
  clearTimeout(timer);
  toast.remove();
  held.delete(id);
  hide();
  return data;
}

function takeBack(id) {
  typed = { id, data: release(id) };
  select(rowOf(id));
}

async function send(id) {
  const { action, data, toast, timer } = held.get(id);
  clearTimeout(timer);
  toast.remove();
  try {
    const response = await fetch(action, { method: "POST", body: data, headers: { "HX-Request": "true" }, keepalive: true });
    if (response.ok) return sent(id);
    const isRefused = response.status === 409 || response.status === 422;
    fail(id, isRefused ? "The answer was not accepted: look at the question again." : wordsOf(response.status));
  } catch {
    fail(id, wordsOf("lost"));
  }
}

function sent(id) {
  sentOff.add(id);
  held.delete(id);
  document.dispatchEvent(new Event("acted"));
}

/** The question stands in the list again, with what was typed. */
function fail(id, words) {
  typed = { id, data: release(id) };
  select(rowOf(id));
  tell(words, null);
}

// What is held belongs to this page: it goes with it.
window.addEventListener("pagehide", () => {
  for (const [id, { action, data }] of held) {
    navigator.sendBeacon(action, data);
    release(id);
  }
});

document.addEventListener("htmx:after:swap", () => {
  for (const id of sentOff) if (!rowOf(id)) sentOff.delete(id);
  if (!pane()) return;
  hide();
  const form = pane().querySelector("form[data-answer]");
  // A list that was asked for before the answer was given shows its question again.
  if (isGone(form?.dataset.answer)) rows().length ? rows()[0].click() : pane().toggleAttribute("data-done", true);
  if (!typed || form?.dataset.answer !== typed.id) return;
  for (const field of form.querySelectorAll("textarea, input:not([type=hidden])")) {
    if (!typed.data.get(field.name)) continue;
    field.value = typed.data.get(field.name);
    field.closest("details")?.setAttribute("open", "");
  }
  typed = undefined;
});

let following;
document.addEventListener("focusin", ({ target }) => {
  clearTimeout(following);
  if (!target.matches?.("#results .inbox-row:not([aria-current])") || !target.matches(":focus-visible")) return;
  if (matchMedia("(width >= 64rem)").matches) following = setTimeout(() => target.click(), FOLLOW_MS);
});
