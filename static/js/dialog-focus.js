// Who leaves a dialog that a menu opened is back at the button of that menu: the line that opened it is hidden by then.
let menu;

document.addEventListener("command", ({ command, source }) => {
  if (command === "show-modal") menu = source?.closest("[popover]");
}, true);

document.addEventListener("close", ({ target }) => {
  const { activeElement } = document; // a browser notices only later that it is gone
  const isLost = activeElement === document.body || target.contains(activeElement);
  if (menu && isLost) document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`)?.focus();
  menu = undefined;
}, true);
