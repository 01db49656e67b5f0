// <toast-message>: goes away by itself, unless it says data-stays or somebody is about to read it.
const SHOWN_MS = 7000;

class ToastMessage extends HTMLElement {
  connectedCallback() {
    this.querySelector("button[aria-label]").addEventListener("click", () => this.remove());
    if (this.dataset.stays !== undefined) return;
    for (const type of ["pointerenter", "focusin"]) this.addEventListener(type, () => clearTimeout(this.timer));
    for (const type of ["pointerleave", "focusout"]) this.addEventListener(type, () => this.wait());
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.remove(), SHOWN_MS);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }
}

customElements.define("toast-message", ToastMessage);
