// <div id="x"><pre class="code-view">…</pre><form data-reads="x">…<button value="approve">: who approves has seen the end of what
// would be done. A text that fits into its box is seen at once. Without scripts the box is as long as the text.
const read = new Set(); // fingerprints, so that a part that is fetched again stays read
const watching = new WeakMap();

const boxOf = (form) => document.getElementById(form.dataset.reads)?.querySelector(".code-view");
const fits = (box) => box.scrollHeight <= box.clientHeight + 1;

/** Is the last line inside the box, and the end of the box inside the window? */
function isAtEnd(box) {
  const { bottom } = box.getBoundingClientRect();
  return box.scrollTop + box.clientHeight >= box.scrollHeight - 2 && bottom > 0 && bottom <= innerHeight + 1;
}

function isRead(form) {
  const box = boxOf(form);
  const print = form.elements.shown?.value;
  if (!box) return true;
  if (box.clientHeight && (fits(box) || isAtEnd(box))) read.add(print);
  return read.has(print);
}

function look(form) {
  const isDone = isRead(form);
  const button = form.querySelector("button[value=approve]");
  if (button && button.disabled === isDone) button.disabled = !isDone;
  const hint = document.getElementById(form.dataset.reads)?.querySelector("[data-unread]");
  if (hint && hint.hidden !== isDone) hint.hidden = isDone;
}

function lookAtAll() {
  for (const form of document.querySelectorAll("form[data-reads]")) {
    const box = boxOf(form);
    if (box && watching.get(form) !== box) {
      watching.set(form, box);
      sizes.observe(box);
    }
    look(form);
  }
}

const sizes = new ResizeObserver(lookAtAll);
// Parts of pages are drawn again at any time, with a button that is enabled until it is looked at.
new MutationObserver(lookAtAll).observe(document, { childList: true, subtree: true, attributeFilter: ["disabled", "value"] });
for (const kind of ["scroll", "resize", "toggle"]) window.addEventListener(kind, lookAtAll, { capture: true, passive: true });
lookAtAll();

// It may be pressed in the moment before that.
for (const kind of ["click", "submit"]) {
  const stop = (event) => {
    const button = kind === "click" ? event.target.closest?.("button[value=approve]") : event.submitter;
    if (button?.value !== "approve" || !button.form?.dataset.reads || isRead(button.form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    look(button.form);
  };
  window.addEventListener(kind, stop, { capture: true });
}
