// <copy-button value="…"><button>…</button></copy-button>. Hidden by the style sheet until this has loaded, not by an
// attribute, which a morph would bring back.
class CopyButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => this.copy());
  }

  async copy() {
    await write(this.getAttribute("value"));
    this.dataset.done = "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => delete this.dataset.done, 1500);
  }
}

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Plain HTTP on another host than localhost has no clipboard API.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

customElements.define("copy-button", CopyButton);
