/* One key for each button that shows one. They can be switched off (WCAG 2.1.4), and never act while somebody types. */

const typing = "input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]";
const isOn = () => document.documentElement.dataset.keys !== "off";

function reachable(element) {
  return !element.disabled && element.offsetParent !== null;
}

function press(key) {
  const scope = document.querySelector("dialog[open]") ?? document;
  const found = [...scope.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(reachable);
  if (!found) return false;
  found.focus();
  found.click();
  return true;
}

function listKeys(dialog) {
  const list = dialog.querySelector("dl");
  const rows = [...document.querySelectorAll("[data-key]")].filter(reachable).map((element) => {
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    key.textContent = element.dataset.key;
    term.append(key);
    const meaning = document.createElement("dd");
    meaning.textContent = element.dataset.keyLabel ?? element.textContent.replace(element.querySelector("kbd")?.textContent ?? "", "").trim();
    return [term, meaning];
  });
  list.replaceChildren(...rows.flat());
}

export function startKeys(remember) {
  document.addEventListener("keydown", (event) => {
    if (!isOn() || event.defaultPrevented || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(typing)) return;
    if (press(event.key.toLowerCase())) event.preventDefault();
  });
  const dialog = document.getElementById("keys");
  const choice = dialog?.querySelector("[data-keys-on]");
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-opens=keys]")) return;
    listKeys(dialog);
    choice.checked = isOn();
  }, true);
  choice?.addEventListener("change", () => {
    document.documentElement.dataset.keys = choice.checked ? "on" : "off";
    remember("ringahead-keys", choice.checked ? "on" : "off");
  });
}
