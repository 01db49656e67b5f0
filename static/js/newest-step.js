// <newest-step><button hidden><span></span></button></newest-step>: follows a run while its newest step is in view. A reader who
// reads elsewhere keeps the place, and is offered a way to what is new: steps below, or what came of the run above.
// Keys: j and k move through the steps, n goes to the newest.
import { areOff } from "./shortcuts.js";

const WORKING = ["queued", "running", "retrying"];

const steps = () => [...document.querySelectorAll(".conversation > li")];
const result = () => document.querySelector("[data-standing]");
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const isTyping = () => document.activeElement?.matches("input, textarea, select, [contenteditable]");

class NewestStep extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.addEventListener("click", () => this.go());
    document.addEventListener("htmx:after:swap", this);
    document.addEventListener("keydown", this);
    window.addEventListener("scroll", this, { passive: true });
    window.addEventListener("resize", this);
    this.remember();
  }

  disconnectedCallback() {
    document.removeEventListener("htmx:after:swap", this);
    document.removeEventListener("keydown", this);
    window.removeEventListener("scroll", this);
    window.removeEventListener("resize", this);
  }

  on = {
    keydown: (event) => this.press(event),
    "htmx:after:swap": () => this.grown(),
    scroll: () => this.look(),
    resize: () => this.look(),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  remember() {
    const all = steps();
    this.newest = all.at(-1)?.id;
    this.count = all.length;
    this.standing = result()?.dataset.standing;
    this.atEnd = this.seesEnd();
  }

  /** Is the end of the conversation in view, above the bar of phones? */
  seesEnd() {
    const last = steps().at(-1)?.getBoundingClientRect();
    return !last || (last.bottom <= innerHeight && last.bottom > 0);
  }

  grown() {
    const all = steps();
    const isNew = all.length > this.count || (all.at(-1)?.id !== this.newest && all.length === this.count);
    const standing = result()?.dataset.standing;
    const isSettled = standing !== this.standing && !WORKING.includes(standing);
    const follows = this.atEnd && !isTyping();
    this.newest = all.at(-1)?.id;
    this.count = all.length;
    this.standing = standing;
    if (isSettled && result().getBoundingClientRect().bottom < 0) this.offer("above");
    else if (isNew && follows) all.at(-1).scrollIntoView({ block: "nearest", behavior: calm() ? "instant" : "smooth" });
    else if (isNew && !this.seesEnd()) this.offer("below");
    // While a smooth scroll is under way the end is out of sight for a moment.
    this.atEnd = follows || this.seesEnd();
  }

  look() {
    this.atEnd = this.seesEnd();
    if (this.button.hidden) return;
    const isAbove = this.button.dataset.way === "above";
    if (isAbove ? result()?.getBoundingClientRect().bottom > 0 : this.atEnd) this.button.hidden = true;
  }

  offer(way) {
    this.button.dataset.way = way;
    this.button.querySelector("span").textContent = way === "above" ? "See the result" : "Jump to newest";
    this.button.hidden = false;
  }

  go() {
    const isAbove = this.button.dataset.way === "above";
    const aim = isAbove ? result() : steps().at(-1);
    aim?.scrollIntoView({ block: isAbove ? "start" : "nearest", behavior: calm() ? "instant" : "smooth" });
    this.button.hidden = true;
  }

  press(event) {
    if (areOff() || event.ctrlKey || event.metaKey || event.altKey || isTyping() || document.querySelector("dialog[open]")) return;
    if (event.key === "n") this.focus(steps().length - 1);
    else if (event.key === "j" || event.key === "k") this.move(event.key === "j" ? 1 : -1);
    else return;
    event.preventDefault();
  }

  move(way) {
    const all = steps();
    const at = all.findIndex((step) => step.contains(document.activeElement));
    const next = at < 0 ? (way > 0 ? 0 : all.length - 1) : at + way;
    this.focus(Math.max(0, Math.min(all.length - 1, next)));
  }

  focus(at) {
    const step = steps()[at];
    if (!step) return;
    const aim = step.querySelector("summary, a, button") ?? step;
    if (aim === step) step.tabIndex = -1;
    aim.focus({ preventScroll: true });
    step.scrollIntoView({ block: "nearest" });
  }
}

customElements.define("newest-step", NewestStep);
