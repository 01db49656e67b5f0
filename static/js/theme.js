// Runs before the first paint, so that the chosen theme does not flash in. Not a module: modules wait.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage, no choice: the system's theme it is.
}
