// <file-drop>: a form with a field for files. It is sent as soon as there are some: chosen, dropped anywhere on the page,
// or pasted. Without scripts its button sends it.
const ON_DOCUMENT = ["dragenter", "dragover", "dragleave", "drop", "paste"];

class FileDrop extends HTMLElement {
  depth = 0;

  connectedCallback() {
    this.form = this.querySelector("form");
    this.field = this.querySelector("input[type=file]");
    this.querySelector("[data-send]").hidden = true;
    this.addEventListener("change", () => this.send());
    this.addEventListener("acted", () => this.form.reset());
    ON_DOCUMENT.forEach((type) => document.addEventListener(type, this));
  }

  disconnectedCallback() {
    ON_DOCUMENT.forEach((type) => document.removeEventListener(type, this));
  }

  on = {
    dragenter: () => this.show(1),
    dragleave: () => this.show(-1),
    dragover: (event) => event.preventDefault(),
    drop: (event) => {
      event.preventDefault();
      this.show(-this.depth);
      this.take(event.dataTransfer.files);
    },
    // Text that is pasted together with a picture of it, as office programs do, stays text.
    paste: (event) => {
      const { files, types } = event.clipboardData;
      if (!files.length || types.includes("text/plain")) return;
      event.preventDefault();
      this.take(files);
    },
  };

  handleEvent(event) {
    const data = event.dataTransfer;
    if (data && !data.types.includes("Files")) return;
    this.on[event.type](event);
  }

  show(by) {
    this.depth = Math.max(0, this.depth + by);
    document.documentElement.toggleAttribute("data-dropping", this.depth > 0);
  }

  take(files) {
    if (!files.length) return;
    this.field.files = files;
    this.send();
  }

  send() {
    if (this.field.files.length) this.form.requestSubmit();
  }
}

customElements.define("file-drop", FileDrop);
