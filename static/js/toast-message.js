// <toast-message>: goes away by itself, unless it says data-stays or someone is about to read it. What it offers to do
// takes longer to reach.
const SHOWN_MS = 7_000;
const OFFERED_MS = 20_000;

class ToastMessage extends HTMLElement {
  connectedCallback() {
    this.querySelector("button[aria-label]").addEventListener("click", () => this.remove());
    this.addEventListener("acted", () => this.remove());
    if (this.dataset.stays !== undefined) return;
    for (const type of ["pointerenter", "focusin"]) this.addEventListener(type, () => clearTimeout(this.timer));
    for (const type of ["pointerleave", "focusout"]) this.addEventListener(type, () => this.wait());
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.remove(), this.querySelector("form") ? OFFERED_MS : SHOWN_MS);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }
}

customElements.define("toast-message", ToastMessage);
