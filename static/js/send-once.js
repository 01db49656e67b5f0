// Who presses a button again while its answer is awaited has pressed it once; other words, or another button, are sent.
// Forms that htmx sends are left to its hx-sync.
const PATIENCE_MS = 10_000; // the page stays when the answer is a file, or the browser was told to stop
const awaited = new Map();

window.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  // What opens in a tab of its own leaves this page as it is.
  if (event.defaultPrevented || form.method !== "post" || submitter?.formTarget === "_blank") return;
  const said = [...new FormData(form, submitter)].map(([name, value]) => [name, value.name ?? value, value.size]);
  const wish = JSON.stringify([submitter?.formAction ?? form.action, said]);
  if (awaited.get(form) === wish) return event.preventDefault();
  awaited.set(form, wish);
  form.ariaBusy = "true";
  setTimeout(() => awaited.get(form) === wish && forget(form), PATIENCE_MS);
});

window.addEventListener("pageshow", () => [...awaited.keys()].forEach(forget));

function forget(form) {
  awaited.delete(form);
  form.ariaBusy = null;
}
