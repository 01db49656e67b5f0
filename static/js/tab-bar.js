// The current tab stands in sight, also where there is no room for all.

for (const tab of document.querySelectorAll(".tab-bar > [aria-current]")) {
  const bar = tab.parentElement;
  bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
}
