// <kept-form data-place="7:new agent"><div class="notice" hidden>… data-back, data-away …</div><form>…</form></kept-form>:
// what is typed into a form that is not saved yet waits in this browser, in case its tab is closed, and is offered when
// the form is opened again. data-unsaved: the page itself holds what was typed, since it was refused.
const REST_MS = 500;

/** Boxes of a group have one name. */
const nameOf = (field) => (field.type === "checkbox" ? `${field.name}=${field.value}` : field.name);

class KeptForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.key = `kept:${this.dataset.place}`;
    this.offer = this.querySelector("[data-offer]");
    for (const type of ["input", "change", "submit", "click"]) this.addEventListener(type, this);
    window.addEventListener("pagehide", this);
    this.kept = this.read();
    this.offer.hidden = !this.kept || this.dataset.unsaved !== undefined;
    if (this.kept) this.offer.querySelector("[data-title]").textContent = this.kept.fields.name || this.kept.fields.title || "";
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    window.removeEventListener("pagehide", this);
  }

  on = {
    click: (event) => this.choose(event.target),
    submit: () => this.leave(),
    pagehide: () => this.timer && this.keep(),
    input: (event) => this.wait(event),
    change: (event) => this.wait(event),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  leave() {
    this.sent = true;
    this.end();
  }

  wait(event) {
    // The editor tells of its text a moment late: what was sent by then is not to be kept again, what is typed on is.
    if (!this.offer.hidden || (this.sent && !event.isTrusted)) return;
    this.sent = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), REST_MS);
  }

  choose(button) {
    if (button.closest("[data-back]")) this.put(this.kept.fields);
    else if (button.closest("[data-away]")) this.end();
    else return;
    this.offer.hidden = true;
  }

  /** Hidden fields are the page's own: its token, and what it knows. */
  get fields() {
    return [...this.form.elements].filter((field) => field.name && !["hidden", "submit", "password", "file"].includes(field.type));
  }

  keep() {
    this.timer = undefined;
    const fields = {};
    for (const field of this.fields) {
      const editor = field.closest("mention-editor");
      fields[nameOf(field)] = field.type === "checkbox" ? field.checked : (editor?.value ?? field.value);
    }
    this.write({ fields });
  }

  put(kept) {
    for (const field of this.fields) {
      const name = nameOf(field);
      if (!(name in kept)) continue;
      const editor = field.closest("mention-editor");
      if (field.type === "checkbox") field.checked = kept[name];
      else field.value = kept[field.name];
      if (editor?.view) editor.value = kept[field.name];
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  end() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.write(null);
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "null");
    } catch {
      return null;
    }
  }

  write(kept) {
    try {
      if (kept) localStorage.setItem(this.key, JSON.stringify(kept));
      else localStorage.removeItem(this.key);
    } catch {
      // No storage or no room: then the tab has to do.
    }
  }
}

customElements.define("kept-form", KeptForm);
