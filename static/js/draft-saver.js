// <draft-saver src="…" data-place="…">: keeps what is typed into the form's procedure and model as a draft on the server, and
// says so. What cannot be sent waits in the browser's storage and is sent when the connection returns, also after the
// tab was closed. A 409 brings the choice between two texts (templates/builder/conflict.html).
const FIELDS = ["aop", "model_kind", "model", "fallback"];
const REST_MS = 900;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;
// So many lost answers are remembered.
const ATTEMPTS = 30;
// Browsers send no more than 64 kB from a page that is being left.
const LEAVING_LIMIT = 50_000;

class DraftSaver extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.key = `draft:${this.dataset.place}`;
    this.retries = 0;
    this.kept = this.now();
    for (const [target, types] of this.heard) for (const type of types) target.addEventListener(type, this);
    if (this.conflict) this.ask();
    else if (!this.recover() && this.closest("save-form")?.dataset.unsaved !== undefined) this.send({ anyway: true });
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    for (const [target, types] of this.heard) for (const type of types) target.removeEventListener(type, this);
  }

  get heard() {
    return [
      [this.form, ["input", "change", "submit"]],
      [this, ["click"]],
      [document, ["submit", "visibilitychange"]],
      [window, ["online", "pagehide", "pageshow"]],
    ];
  }

  on = {
    input: (event) => this.type(event.target),
    change: (event) => this.type(event.target),
    click: (event) => this.choose(event),
    submit: (event) => (event.currentTarget === document ? this.end(event) : this.submit(event)),
    online: () => this.send(),
    pageshow: () => (this.leaving = false),
    pagehide: (event) => this.hide(event),
    visibilitychange: (event) => this.hide(event),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  type(field) {
    if (FIELDS.includes(field.name)) this.wait(REST_MS);
  }

  // --- What there is to send ---------------------------------------------------------------

  /** The editor writes its text when a form's data are asked for. */
  now() {
    const data = new FormData(this.form);
    return Object.fromEntries(FIELDS.map((name) => [name, (data.get(name) ?? "").replaceAll("\r\n", "\n")]));
  }

  field(name) {
    return this.form.elements[name];
  }

  get conflict() {
    return this.querySelector(".conflict");
  }

  /** Versions of the draft that this page has seen or made: an answer that got lost is no stranger's. */
  know(version) {
    const [first, ...others] = `${this.field("draft").value} ${version}`.trim().split(" ");
    this.field("draft").value = [first, ...others.slice(-ATTEMPTS)].join(" ");
  }

  wait(time) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), time);
  }

  async send({ anyway = false, leaving = false } = {}) {
    clearTimeout(this.timer);
    if (this.leaving) return;
    const typed = this.now();
    if (same(typed, this.kept) && !anyway) return;
    if (this.conflict) {
      this.keepHere(typed);
      this.say("waiting", "Kept in this browser until you choose");
      return;
    }
    // Two on their way could overtake each other.
    if (this.sending) {
      this.again = true;
      if (leaving) this.keepHere(typed);
      return;
    }
    const version = newId();
    this.know(version);
    this.keepHere(typed);
    if (leaving && JSON.stringify(typed).length > LEAVING_LIMIT) return;
    this.sending = this.post(typed, version, leaving);
    await this.sending;
    this.sending = undefined;
    if (this.again) this.wait(0);
    this.again = false;
  }

  async post(typed, version, keepalive) {
    const body = new FormData();
    for (const [name, value] of Object.entries(typed)) body.set(name, value);
    for (const name of ["draft", "revision", "csrfmiddlewaretoken"]) body.set(name, this.field(name).value);
    body.set("version", version);
    try {
      const answer = await fetch(this.getAttribute("src"), { method: "POST", body, keepalive });
      if (answer.ok && !answer.redirected) this.saved(typed, version, await answer.json());
      else if (answer.status === 409) this.ask(await answer.text());
      else if (answer.status === 422) this.say("refused", `Not kept as a draft. ${(await answer.json()).message}`);
      else if (answer.status === 404) this.say("refused", "This agent was deleted. What you type is kept in this browser only");
      else if (answer.redirected || answer.status === 403) this.later("You are signed out. What you type is kept in this browser; sign in in another tab");
      else this.later("The server does not answer. What you type is kept in this browser");
    } catch {
      this.later("No connection. What you type is kept in this browser");
    }
  }

  saved(typed, version, { draft, at }) {
    this.retries = 0;
    this.kept = typed;
    this.field("draft").value = draft ? version : "";
    // Nothing is lost any more by leaving: see save-form.js and the editor.
    this.field("aop").defaultValue = typed.aop;
    if (same(typed, this.now())) this.forget();
    this.say(draft ? "saved" : "", draft ? `Draft saved ${at}` : "Nothing differs from what is live");
    this.dispatchEvent(new CustomEvent("draft-saved", { bubbles: true, detail: { text: typed.aop } }));
  }

  later(words) {
    this.say("waiting", words);
    this.wait(Math.min(FIRST_RETRY_MS * 2 ** this.retries++, LAST_RETRY_MS));
  }

  say(state, words) {
    this.querySelector(".draft-line").dataset.state = state;
    const line = this.querySelector(".draft-line [data-words]");
    if (line.textContent !== words) line.textContent = words;
  }

  // --- What could not be sent --------------------------------------------------------------

  keepHere(typed) {
    const known = { draft: this.field("draft").value, revision: this.field("revision").value };
    try {
      localStorage.setItem(this.key, JSON.stringify({ ...typed, known }));
    } catch {
      // No storage or no room: the server has to do.
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing was kept either.
    }
  }

  /** Whether something waited. It stands in the form then, and what it had known goes with it: no more than that. */
  recover() {
    let left;
    try {
      left = JSON.parse(localStorage.getItem(this.key) ?? "null");
    } catch {
      return false;
    }
    if (!left || same(left, this.kept)) {
      this.forget();
      return false;
    }
    this.field("draft").value = left.known.draft;
    this.field("revision").value = left.known.revision;
    this.put(left);
    this.say("waiting", "What could not be sent before stands here again");
    this.send({ anyway: true });
    return true;
  }

  put(typed) {
    const area = this.field("aop");
    const editor = area.closest("mention-editor");
    if (editor?.view) editor.value = typed.aop;
    area.value = typed.aop;
    for (const name of FIELDS.slice(1)) if (this.field(name) && name in typed) this.field(name).value = typed[name];
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // --- Two texts ---------------------------------------------------------------------------

  /** `html`: the choice, unless it came with the page. Nothing is sent until someone has chosen. */
  ask(html) {
    if (html) {
      this.querySelector("[data-conflict]").innerHTML = html;
      this.say("waiting", "Kept in this browser until you choose");
    }
    this.keepHere(this.now());
    this.conflict.querySelector("[data-choice=both]").hidden = false;
    this.dispatchEvent(new Event("reveal", { bubbles: true }));
    this.conflict.scrollIntoView({ block: "nearest" });
  }

  choose(event) {
    const choice = event.target.closest("[data-choice]")?.dataset.choice;
    if (choice === "both") this.openBoth();
    else if (choice === "theirs") this.takeTheirs(event);
    else if (choice === "mine" && this.conflict.dataset.saving === undefined) this.keepMine();
  }

  openBoth() {
    this.conflict.dataset.both = "";
    this.conflict.querySelector("h3").lastChild.textContent = "Their text; yours stands below";
    this.conflict.querySelector("[data-choice=mine] [data-words]").textContent += ", as it stands in the editor";
    (this.form.querySelector(".mention-text") ?? this.field("aop")).focus();
  }

  keepMine() {
    this.seen();
    this.send({ anyway: true });
  }

  takeTheirs(event) {
    event.preventDefault();
    const { model, fallback } = this.conflict.dataset;
    const aop = this.conflict.querySelector("[data-theirs]").value;
    this.seen();
    const isOffline = model === "offline";
    this.put({ aop, model_kind: isOffline ? "offline" : "provider", model: isOffline ? "" : model, fallback });
    this.send({ anyway: true });
  }

  seen() {
    const { draft, revision } = this.conflict.dataset;
    if (draft) this.know(draft);
    if (revision) this.field("revision").value = revision;
    this.conflict.remove();
  }

  // --- Leaving -----------------------------------------------------------------------------

  /** Save: after what is on its way, or the two would race. */
  submit(event) {
    if (this.sending) {
      event.preventDefault();
      const { submitter } = event;
      this.again = false;
      this.sending.then(() => this.conflict || this.form.requestSubmit(submitter));
      return;
    }
    clearTimeout(this.timer);
    this.keepHere(this.now());
    this.leaving = true;
    // Another listener may hold the saving back.
    setTimeout(() => (this.leaving = !event.defaultPrevented));
  }

  /** Discard: the text is not to come back. */
  end(event) {
    if (event.target.dataset.endsDraft === undefined) return;
    for (const name of ["draft", "revision"]) event.target.elements[name].value = this.field(name).value;
    clearTimeout(this.timer);
    this.leaving = true;
    this.field("aop").defaultValue = this.now().aop;
    for (const name of FIELDS.slice(1)) settle(this.field(name));
    this.forget();
  }

  hide(event) {
    if (event.type === "visibilitychange" && !document.hidden) return;
    this.send({ leaving: true });
  }
}

const same = (one, other) => FIELDS.every((name) => (one[name] ?? "") === (other[name] ?? ""));

/** crypto.randomUUID is only for secure origins. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function settle(field) {
  if (field?.tagName === "SELECT") for (const option of field.options) option.defaultSelected = option.selected;
  else if (field) field.defaultValue = field.value;
}

customElements.define("draft-saver", DraftSaver);
