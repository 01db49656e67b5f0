// Keys without Ctrl, as the dialog #shortcuts lists them: its links with data-keys are what they lead to ("g a"), and the
// page's own links and buttons say theirs by aria-keyshortcuts ("c"). None works while someone types, in a dialog, or
// when they are switched off in that dialog (for this browser).
const OFF = "keys-off";
const TYPED_INTO = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], mention-editor, dialog";
const FIRST_KEY_MS = 1200;

export function areOff() {
  try {
    return localStorage.getItem(OFF) !== null;
  } catch {
    return false;
  }
}

let before = { key: "", at: 0 };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest?.(TYPED_INTO) || document.querySelector("dialog[open]") || areOff()) return;
  const keys = event.timeStamp - before.at < FIRST_KEY_MS ? `${before.key} ${event.key}` : event.key;
  before = { key: event.key, at: event.timeStamp };
  if (act(keys) || (keys !== event.key && act(event.key))) {
    before = { key: "", at: 0 };
    event.preventDefault();
  }
});

function act(keys) {
  if (keys === "j" || keys === "k") return step(keys === "j" ? 1 : -1);
  if (keys === "/") return search();
  if (keys === "?") return show();
  const key = CSS.escape(keys);
  // What a message offers is newer than what stands on the page.
  const places = [`#shortcuts [data-keys="${key}"]`, `#toasts [aria-keyshortcuts="${key}"]`, `#content [aria-keyshortcuts="${key}"]`];
  const found = places.map((place) => document.querySelector(place)).find(Boolean);
  const editor = keys === "e" && !found && document.querySelector("#content mention-editor [contenteditable]");
  if (found) found.click();
  else if (editor) editor.focus();
  return !!(found || editor);
}

function show() {
  document.getElementById("shortcuts")?.showModal();
  return true;
}

function search() {
  const field = document.querySelector("#content form[role=search] input[type=search]");
  if (field) {
    field.focus();
    field.select();
  } else document.querySelector("[data-palette]")?.click();
  return true;
}

/** From row to row of the page's lists; Enter opens a row as it does any link, and Tab goes into one that has no link of
 * its own (data-row). <newest-step> has steps of its own. */
function step(by) {
  if (document.querySelector("newest-step")) return false;
  const rows = [...document.querySelectorAll("#content :is(.row-link, [data-row])")].filter((row) => row.checkVisibility());
  if (!rows.length) return false;
  const whole = (row) => row.closest("tr, .list-row, [data-row]") ?? row;
  const at = rows.findIndex((row) => whole(row).contains(document.activeElement));
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + by))];
  next.focus({ focusVisible: true });
  whole(next).scrollIntoView({ block: "nearest" });
  return true;
}

// <shortcut-switch>: the box in the dialog that switches them off.
class ShortcutSwitch extends HTMLElement {
  connectedCallback() {
    const box = this.querySelector("input");
    box.checked = !areOff();
    box.addEventListener("change", () => {
      try {
        if (box.checked) localStorage.removeItem(OFF);
        else localStorage.setItem(OFF, "");
      } catch {
        // No storage: it holds for nothing.
      }
    });
  }
}

customElements.define("shortcut-switch", ShortcutSwitch);
