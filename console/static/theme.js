/* Before the first paint: the theme and the keyboard choice that this browser remembers. */
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("ringahead-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("ringahead-keys") === "off") root.dataset.keys = "off";
  } catch { /* storage is forbidden: follow the system */ }
})();
