/* Everything that the pages do by themselves; the rest is HTML from the server. */
import { startClocks } from "./clocks.js";
import { startKeys } from "./keys.js";
import { lookAgain, startLive } from "./live.js";
import { startStays } from "./stays.js";
import { startTurns } from "./turns.js";

const root = document.documentElement;

function remember(name, value) {
  try { localStorage.setItem(name, value); } catch { /* storage is forbidden: only this page */ }
}

function nextTheme() {
  const dark = getComputedStyle(root).colorScheme === "dark"
    || (root.dataset.theme === undefined && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  remember("ringahead-theme", root.dataset.theme);
}

function say(text) {
  const place = document.getElementById("trouble");
  if (!place) return;
  place.querySelector("[data-text]").textContent = text;
  place.hidden = !text;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) nextTheme();
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog, .banner")?.[event.target.closest("dialog") ? "close" : "remove"]();
});

document.addEventListener("htmx:sendError", () => say(document.body.dataset.unreachable));
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status >= 500) say(document.body.dataset.failed);
  else if (status !== 401) say(document.body.dataset.refused); // 401 leads to the login by itself
});
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) say(""); });
// After an action the keyboard starts at what is new, and a screen reader hears it.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.verb === "post") document.querySelector("[data-focus]")?.focus({ preventScroll: true });
});

// A live region that stays: what a swap brings with it is not read out by itself.
document.addEventListener("htmx:afterSettle", () => {
  const banners = [...document.querySelectorAll("#notices .banner div")].map((one) => one.textContent.trim());
  const place = document.getElementById("told");
  const words = banners.join(". ").replace(/\s+/g, " ");
  if (place && place.textContent !== words) place.textContent = words;
});

startKeys(remember);
startClocks();
startTurns(lookAgain);
startStays();
startLive();
