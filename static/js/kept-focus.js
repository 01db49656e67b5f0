// Keys go on from where they were when a swap took away what had the focus: from what stands there now. Not from a button
// of it, since who presses Enter twice would press that one too. (templates/base.html has morphs leave tabindex alone.)
let path = []; // of what has the focus, from inside: what stands in what, and as which child

document.addEventListener("focusin", ({ target }) => {
  path = [];
  for (let inner = target; inner !== document.body && inner.parentElement; inner = inner.parentElement) {
    const parent = inner.parentElement;
    path.push({ inner, parent, id: parent.id, at: [...parent.children].indexOf(inner) });
  }
});

// Left on purpose, by a click beside it.
document.addEventListener("focusout", ({ target, relatedTarget }) => {
  if (!relatedTarget) setTimeout(() => target.isConnected && !target.disabled && isLost() && (path = []));
});

document.addEventListener("htmx:after:swap", () => setTimeout(() => isLost() && path.length && restore()));

const isLost = () => !document.activeElement || document.activeElement === document.body;

function restore() {
  const [{ inner }] = path;
  if (inner.isConnected && !inner.disabled && inner.checkVisibility()) return inner.focus();
  const [place] = path.map(now).filter(Boolean);
  if (!place) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

/** What stands in that place: an element, but nothing that acts. */
function now({ parent, id, at }) {
  const stands = parent.isConnected ? parent : document.getElementById(id || "-");
  if (!stands?.checkVisibility()) return null;
  const child = stands.children[Math.min(at, stands.children.length - 1)];
  return child?.checkVisibility() && !child.matches("a, button, input, select, textarea, summary, form") ? child : stands;
}
