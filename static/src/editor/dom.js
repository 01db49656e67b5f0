/** make("p", {class: "x", onclick: act}, "words", other) */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

const GAP = 4;
const EDGE = 8;

/** Puts a fixed element under `anchor` (a DOMRect), above it where there is more room, and within what is visible. */
export function place(element, anchor) {
  // A phone's keyboard covers part of the page: only the visual viewport is seen.
  const { width, height, offsetLeft = 0, offsetTop = 0 } = window.visualViewport ?? { width: innerWidth, height: innerHeight };
  element.style.maxHeight = "";
  const box = element.getBoundingClientRect();
  const below = offsetTop + height - anchor.bottom - GAP - EDGE;
  const above = anchor.top - offsetTop - GAP - EDGE;
  const under = below >= Math.min(box.height, 180) || below >= above;
  element.style.maxHeight = `${Math.max(96, under ? below : above)}px`;
  const tall = Math.min(box.height, Math.max(96, under ? below : above));
  element.style.top = `${under ? anchor.bottom + GAP : anchor.top - GAP - tall}px`;
  element.style.left = `${Math.max(offsetLeft + EDGE, Math.min(anchor.left, offsetLeft + width - box.width - EDGE))}px`;
}
