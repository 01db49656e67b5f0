// <case-selection data-count="/cases/count/">: what is chosen in a list of cases, for its bar of acts. The boxes, the bar
// and its buttons work without this; it adds ranges (Shift and click), the key x, "all that match", and keeps the
// choice when the list follows live.
import { areOff } from "./shortcuts.js";

const IGNORED = "input:not([type=checkbox]), textarea, select, [contenteditable]";

const EVENTS = ["click", "change", "keydown", "pointerover", "focusin", "htmx:after:swap"];

const boxOf = (element) => element.closest?.("#results input[name=case]");

class CaseSelection extends HTMLElement {
  chosen = new Set();

  connectedCallback() {
    this.all = this.querySelector("input[name=all]");
    this.words = this.querySelector("[data-words]");
    this.offer = this.querySelector("[data-all]");
    this.offer.addEventListener("click", () => this.chooseAll());
    this.querySelector("[data-none]").addEventListener("click", () => this.choose(this.boxes, false));
    for (const type of EVENTS) document.addEventListener(type, this);
    window.addEventListener("pageshow", this);
    this.remember();
  }

  disconnectedCallback() {
    for (const type of EVENTS) document.removeEventListener(type, this);
    window.removeEventListener("pageshow", this);
  }

  get boxes() {
    return [...document.querySelectorAll("#results input[name=case]")];
  }

  on = {
    keydown: (event) => this.press(event),
    pointerover: (event) => this.pass(event),
    focusin: (event) => this.pass(event),
    click: (event) => this.click(event),
    change: (event) => this.change(event.target),
    "htmx:after:swap": () => this.restore(),
    pageshow: () => this.remember(),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  change(field) {
    if (field.matches?.("#results [data-page]")) this.choose(this.boxes, field.checked);
    else if (boxOf(field)) this.remember();
  }

  /** With Shift: all from the one before to this one become as this one. */
  click(event) {
    const box = boxOf(event.target);
    if (!box) return;
    const boxes = this.boxes;
    const [from, to] = [boxes.indexOf(this.last), boxes.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) this.choose(boxes.slice(from, to + 1), box.checked);
    this.last = box;
  }

  /** The row that the pointer or the focus came to last is the one that x is about. */
  pass(event) {
    this.at = event.target.closest?.("#results tbody tr")?.id ?? this.at;
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(IGNORED) || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && this.chosen.size) this.choose(this.boxes, false);
    if (event.key !== "x" || areOff()) return;
    const box = document.getElementById(this.at)?.querySelector("input[name=case]");
    if (!box) return;
    this.choose([box], !box.checked);
    this.last = box;
  }

  choose(boxes, checked) {
    for (const box of boxes) box.checked = checked;
    this.remember();
  }

  chooseAll() {
    this.all.value = "1";
    this.words.textContent = `All ${this.count ?? ""} that match are selected`.replace("  ", " ");
    this.offer.hidden = true;
  }

  remember() {
    this.chosen = new Set(this.boxes.filter((box) => box.checked).map((box) => box.value));
    this.all.value = "";
    this.show();
  }

  /** A case that is listed again stays chosen; one that has left the list does not. */
  restore() {
    for (const box of this.boxes) box.checked = this.chosen.has(box.value);
    const kept = this.boxes.filter((box) => box.checked).length;
    if (kept !== this.chosen.size) this.remember();
    else if (!this.all.value) this.show();
  }

  show() {
    const boxes = this.boxes;
    const isPage = boxes.length > 0 && this.chosen.size === boxes.length;
    this.hidden = !this.chosen.size;
    this.words.textContent = `${this.chosen.size} selected`;
    const page = document.querySelector("#results [data-page]");
    if (page) {
      page.checked = isPage;
      page.indeterminate = this.chosen.size > 0 && !isPage;
    }
    const isLonger = isPage && document.querySelector("#results [rel=next], #results [rel=prev]");
    this.offer.hidden = !isLonger;
    if (isLonger) this.ask();
  }

  async ask() {
    const query = document.querySelector("#results input[name=query]").value;
    if (this.asked === query) return;
    this.asked = query;
    this.count = undefined;
    this.offer.textContent = "Select all that match";
    const response = await fetch(`${this.dataset.count}?${query}`);
    if (!response.ok || this.asked !== query) return;
    this.count = await response.text();
    this.offer.textContent = `Select all ${this.count} that match`;
  }
}

customElements.define("case-selection", CaseSelection);
