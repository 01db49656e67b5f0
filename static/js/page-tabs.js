// <page-tabs> <nav class="tab-bar"> … <div data-kept> <form> … <div data-tab="/its/address/"> … <div id="tab" hidden>: the
// tabs of a page with a form. They are links to pages of their own; here they change in place, so that nothing typed is
// lost, nor its undo history. The form's own tabs (data-tab) are shown and hidden, others are fetched into #tab when they
// are seen. The address, the title and the browser's back button follow. Whatever is to be seen on a hidden tab sends
// `reveal`, or is named by the address (#budget).

class PageTabs extends HTMLElement {
  connectedCallback() {
    this.bar = this.querySelector("nav");
    this.kept = this.querySelector("[data-kept]");
    this.own = [...this.querySelectorAll("[data-tab]")];
    this.last = this.own.find((tab) => !tab.hidden)?.dataset.tab;
    // What was refused stands on its tab, whichever it was sent from.
    if (this.last && this.last !== location.pathname) history.replaceState(history.state, "", this.last);
    this.shown = this.address;
    for (const [target, types] of this.heard) for (const type of types) target.addEventListener(type, this);
    this.followHash();
  }

  disconnectedCallback() {
    for (const [target, types] of this.heard) for (const type of types) target.removeEventListener(type, this);
  }

  get heard() {
    return [
      [this, ["reveal"]],
      [document, ["click", "htmx:after:swap", "htmx:before:history:restore"]],
      [window, ["popstate", "hashchange"]],
    ];
  }

  on = {
    click: (event) => this.click(event),
    reveal: (event) => this.reveal(event.target),
    hashchange: () => this.followHash(),
    popstate: () => this.has(location.pathname) && this.address !== this.shown && this.show(),
    // What was on its way when someone came back to the form.
    "htmx:after:swap": () => this.isOwn && this.empty(),
    // htmx would fetch the whole page, and the form with it.
    "htmx:before:history:restore": (event) => this.has(location.pathname) && event.preventDefault(),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  get address() {
    return location.pathname + location.search;
  }

  get links() {
    return [...this.bar.querySelectorAll("a")];
  }

  get isOwn() {
    return this.own.some((tab) => tab.dataset.tab === location.pathname);
  }

  has(path) {
    return this.links.some((link) => link.pathname === path);
  }

  click(event) {
    const link = event.target.closest?.("a[href]");
    const isPlain = !event.defaultPrevented && !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!this.has(link.pathname) || !(this.bar.contains(link) || link.closest("#tab") || link.hash)) return;
    event.preventDefault();
    if (link.pathname + link.search !== this.address) this.go(link.href);
    const named = link.hash && document.getElementById(link.hash.slice(1));
    if (!named) return;
    this.reveal(named);
    named.scrollIntoView({ block: "nearest" });
  }

  go(href) {
    history.pushState({}, "", href);
    this.show();
  }

  show() {
    this.shown = this.address;
    const path = location.pathname;
    for (const link of this.links) {
      if (link.pathname === path) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const name = this.links.find((link) => link.pathname === path).textContent.trim();
    const [, ...rest] = document.title.split(" · ");
    document.title = [path === this.links[0].pathname ? this.dataset.of : `${name} of ${this.dataset.of}`, ...rest].join(" · ");
    this.kept.hidden = !this.isOwn;
    if (this.isOwn) this.showOwn(path);
    else this.fetch();
  }

  showOwn(path) {
    this.last = path;
    for (const tab of this.own) tab.hidden = tab.dataset.tab !== path;
    for (const field of this.kept.querySelectorAll("[data-shown]")) field.value = path;
    this.empty();
    // What is measured in pixels had none while it was hidden.
    dispatchEvent(new Event("resize"));
  }

  empty() {
    const tab = document.getElementById("tab");
    tab.replaceChildren();
    tab.hidden = true;
  }

  /** Of two on their way, the last one counts: hx-sync. */
  fetch() {
    document.getElementById("tab").hidden = false;
    globalThis.htmx.ajax("GET", this.address, {
      source: this,
      target: "#tab",
      swap: "outerHTML",
      headers: { "HX-Target": "div#tab" },
    });
  }

  reveal(target) {
    const tab = this.own.find((one) => one.contains(target));
    const path = tab ? tab.dataset.tab : this.last;
    if (!this.kept.contains(target) || location.pathname === path) return;
    this.go(path);
  }

  followHash() {
    const named = location.hash && document.getElementById(location.hash.slice(1));
    const tab = named && this.own.find((one) => one.contains(named));
    if (!tab?.hidden) return;
    history.replaceState(history.state, "", tab.dataset.tab + location.hash);
    this.show();
    named.scrollIntoView({ block: "nearest" });
  }
}

customElements.define("page-tabs", PageTabs);
