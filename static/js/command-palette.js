// <command-palette>: the dialog that Ctrl+K and what has data-palette open. htmx fills it from the server; here are the
// keys, and what this browser showed last. The lines are options of a listbox: the field keeps the focus.
const KEY = "recent:";
const MOST = 8;
const SHOWN = /^\/(agent|case|queue|run)s\/([0-9a-f-]{36})\/$/;

class CommandPalette extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.field = this.querySelector("[name=q]");
    document.addEventListener("keydown", this);
    document.addEventListener("click", this);
    for (const type of ["input", "submit", "pointermove", "htmx:after:swap"]) this.addEventListener(type, this);
    this.dialog.addEventListener("close", () => this.field.setAttribute("aria-expanded", "false"));
    this.remember();
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this);
    document.removeEventListener("click", this);
  }

  on = {
    keydown: (event) => this.press(event),
    click: (event) => this.click(event),
    submit: (event) => event.target.method === "get" && event.preventDefault(),
    input: () => (this.stale = true),
    pointermove: (event) => this.point(event.target.closest("[role=option]")),
    "htmx:after:swap": () => this.filled(),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  point(option) {
    if (option) this.choose(option);
  }

  open() {
    if (this.dialog.open) return;
    document.querySelectorAll("[popover]:popover-open").forEach((menu) => menu.hidePopover());
    this.field.value = "";
    this.querySelector("[name=recent]").value = this.recent().join(" ");
    this.querySelector("#palette-results").replaceChildren();
    this.dialog.showModal();
    this.field.focus();
    this.stale = true;
    this.entered = undefined;
    this.field.form.dispatchEvent(new Event("fill"));
  }

  click(event) {
    const opener = event.target.closest("[data-palette]");
    if (opener && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.open();
    } else if (event.target.closest("[data-close]") && this.contains(event.target)) this.dialog.close();
    else this.do(event.target.closest("[data-do]"));
  }

  /** What needs no server. */
  do(line) {
    if (!line || !this.contains(line)) return;
    const [what, how] = line.dataset.do.split(":");
    this.dialog.close();
    if (what === "theme") document.querySelector("theme-toggle")?.choose(how);
    else document.getElementById(what)?.showModal();
  }

  press(event) {
    const isOpener = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k";
    if (isOpener) {
      event.preventDefault();
      if (this.dialog.open) this.dialog.close();
      else this.open();
    } else if (this.dialog.open && event.target === this.field && !event.isComposing) this.steer(event);
  }

  steer(event) {
    const lines = this.lines;
    const at = lines.findIndex((line) => line.ariaSelected === "true");
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const isPage = event.key.startsWith("Page");
      const last = lines.length - 1;
      this.choose(lines[isPage ? Math.max(0, Math.min(last, to)) : (to + lines.length) % lines.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.entered = { ctrlKey: event.ctrlKey, metaKey: event.metaKey };
      if (!this.stale) this.enter();
    }
  }

  /** Who types faster than the server answers gets what was typed, not what stood there before. */
  filled() {
    if (this.querySelector("#palette-results").dataset.text !== this.field.value) return;
    this.stale = false;
    this.choose(this.lines[0]);
    if (this.entered) this.enter();
  }

  enter() {
    const line = this.querySelector("[role=option][aria-selected=true]");
    line?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...this.entered }));
    this.entered = undefined;
  }

  get lines() {
    return [...this.querySelectorAll("[role=option]")];
  }

  choose(line) {
    for (const other of this.lines) other.ariaSelected = String(other === line);
    this.field.setAttribute("aria-expanded", String(!!line));
    if (line) this.field.setAttribute("aria-activedescendant", line.id);
    else this.field.removeAttribute("aria-activedescendant");
    line?.scrollIntoView({ block: "nearest" });
  }

  /** Only ids are kept: the server says what they are called now, and whether they still are. */
  remember() {
    const [, kind, id] = SHOWN.exec(location.pathname) ?? [];
    if (!id) return;
    const mine = `${kind}:${id}`;
    try {
      const kept = [mine, ...this.recent().filter((other) => other !== mine)].slice(0, MOST);
      localStorage.setItem(KEY + this.dataset.place, JSON.stringify(kept));
    } catch {
      // No storage: then nothing is recent.
    }
  }

  recent() {
    try {
      return JSON.parse(localStorage.getItem(KEY + this.dataset.place) ?? "[]");
    } catch {
      return [];
    }
  }
}

customElements.define("command-palette", CommandPalette);
