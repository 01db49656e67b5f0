// What htmx could not fetch: the page stays as it is, and a message says what to do. Parts that follow live are the
// matter of <live-stream>. Forms and requests carry the newest token: who signs in again in another tab gets a new one.
const WORDS = {
  401: "You were signed out. Sign in in another tab, then try again here: what you typed stays.",
  403: "This form has expired. Try again.",
  404: "This is not there any more. Reload the page to see what is.",
  413: "That is too much at once. Make it shorter or send it in parts.",
  429: "Too many requests. Wait a moment and try again.",
  503: "Baton cannot reach its database. Try again in a moment.",
  filter: "The list was not filtered: Baton cannot be reached. It still shows what it did before. Check your connection and try again.",
  lost: "Baton cannot be reached. Check your connection and try again: what you typed stays.",
  other: "Something went wrong at the server. Try again; if it happens again, tell the person who runs it what you did.",
};

const isLive = (element) => element?.matches?.("[data-live]");

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (!ctx?.response || isLive(ctx.sourceElement)) return;
  const { status } = ctx.response;
  // Forms that were refused come as what they are; whole pages of errors belong into no part of this one.
  if (status < 400 || (status < 500 && status !== 401 && !/^\s*<!doctype/i.test(ctx.text))) return;
  if (status === 422 || status === 409) return;
  event.preventDefault();
  const again = ctx.sourceElement?.matches?.("form[role=search]") && unfiltered(ctx.sourceElement);
  tell(wordsOf(status), ctx, status === 401, again);
});

document.addEventListener("htmx:error", (event) => {
  const { ctx, error } = event.detail;
  if (!ctx || !(error instanceof TypeError) || isLive(ctx.sourceElement)) return;
  const isFilter = ctx.sourceElement?.matches?.("form[role=search]");
  tell(isFilter ? WORDS.filter : WORDS.lost, ctx, false, isFilter && unfiltered(ctx.sourceElement));
});

/** The filters say again what the list shows, which is what its address says. Returns how to ask for the chosen ones. */
function unfiltered(form) {
  const shown = new URLSearchParams(location.search);
  const fields = [...form.elements].filter((field) => field.name && field.type !== "hidden");
  const chosen = fields.map((field) => [field, state(field)]);
  for (const field of fields) {
    const value = shown.get(field.name) ?? "";
    if (isBox(field)) field.checked = shown.getAll(field.name).includes(field.value);
    else if (field.tagName !== "SELECT" || [...field.options].some((option) => option.value === value)) field.value = value;
  }
  return () => {
    for (const [field, was] of chosen) isBox(field) ? (field.checked = was) : (field.value = was);
    form.requestSubmit();
  };
}

const isBox = ({ type }) => type === "checkbox" || type === "radio";
const state = (field) => (isBox(field) ? field.checked : field.value);

export const wordsOf = (status) => WORDS[status] ?? WORDS.other;

export function tell(words, ctx, signedOut = false, askAgain = null) {
  const list = document.getElementById("toasts");
  const template = document.getElementById("failure");
  if (!list || !template) return;
  list.querySelector("[data-failure]")?.remove();
  const message = template.content.cloneNode(true).firstElementChild;
  message.querySelector("[data-words]").textContent = words;
  message.querySelector("[data-sign-in]").hidden = !signedOut;
  const again = message.querySelector("[data-again]");
  again.addEventListener("click", () => {
    message.remove();
    if (askAgain) askAgain();
    else repeat(ctx);
  });
  again.hidden = !ctx;
  list.append(message);
}

/** As it was asked for: by sending its form, by a click, or by whatever event it was. */
function repeat({ sourceElement: source, sourceEvent: cause }) {
  if (!source.isConnected) location.reload();
  else if (source.matches("form")) source.requestSubmit();
  else if (cause?.type === "click") source.click();
  else source.dispatchEvent(new Event(cause?.type ?? "click", { bubbles: true }));
}

// Behind HTTPS its name begins with __Host-, which nothing else in the same domain can plant.
const cookie = (name) => document.cookie.split("; ").find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
const token = () => cookie("__Host-csrftoken") ?? cookie("csrftoken");

document.addEventListener("htmx:config:request", (event) => {
  const { headers, body } = event.detail.ctx.request;
  if (!token()) return;
  if (headers["X-CSRFToken"]) headers["X-CSRFToken"] = token();
  if (body?.has?.("csrfmiddlewaretoken")) body.set("csrfmiddlewaretoken", token());
});

document.addEventListener("formdata", (event) => {
  if (token() && event.formData.has("csrfmiddlewaretoken")) event.formData.set("csrfmiddlewaretoken", token());
});
