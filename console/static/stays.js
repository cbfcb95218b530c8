/* What stays when a part of the page is renewed: what somebody has opened, filled in, or has the keyboard at. */

const actable = "a[href], button, summary, input, select";
const fillable = "input:not([type=hidden]), select, textarea";

function mark(element) {
  const rest = element.id ? "" : `${element.getAttribute("href")} ${element.getAttribute("hx-post")} ${element.textContent.trim()}`;
  return [element.tagName, element.id, element.name, element.dataset.key, element.dataset.opens, rest].join("\n");
}

function isFilled(field) {
  if (field.matches("select")) return [...field.options].some((one) => one.selected !== one.defaultSelected && one.value);
  return field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

function place(field) {
  const form = field.form;
  return form && [form.id, form.getAttribute("hx-post"), form.getAttribute("hx-get"), field.name].join("\n");
}

function fill(field, { value, checked }) {
  if (field.matches("select") && ![...field.options].some((one) => one.value === value)) return;
  field.value = value;
  if (checked !== undefined) field.checked = checked;
}

function taken(target, looksOnly) {
  const active = document.activeElement;
  const fields = looksOnly ? [...target.querySelectorAll(fillable)].filter((one) => place(one) && isFilled(one)) : [];
  return {
    opened: [...target.querySelectorAll("details[open][id]")].map((one) => one.id),
    filled: new Map(fields.map((one) => [place(one), { value: one.value, checked: one.checked }])),
    at: looksOnly && active !== target && target.contains(active) ? mark(active) : null,
  };
}

function givenBack({ opened, filled, at }) {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (filled.size) for (const field of document.querySelectorAll(fillable)) {
    const was = filled.get(place(field));
    if (was) fill(field, was);
  }
  if (at !== null && document.activeElement === document.body) {
    [...document.querySelectorAll(actable)].find((one) => mark(one) === at)?.focus({ preventScroll: true });
  }
}

export function startStays() {
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, shouldSwap, requestConfig } = event.detail;
    kept = shouldSwap ? taken(target, requestConfig.verb === "get") : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (kept) givenBack(kept);
    kept = null;
  });
}
