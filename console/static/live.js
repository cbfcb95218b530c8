/* What changes elsewhere reaches the open page: server-sent events, resumed where they broke off. */

function toldOf(task) {
  return document.querySelector(`[data-task="${CSS.escape(task)}"]`);
}

function showState(name) {
  const place = document.querySelector("[data-live]");
  if (!place) return;
  place.dataset.live = name;
  place.textContent = place.dataset[name];
}

function showChange(task) {
  const path = `/agent/desk?about=${encodeURIComponent(task)}`;
  const dialog = document.querySelector("#desk dialog[open]");
  if (!dialog) {
    window.htmx.ajax("GET", path, { target: "#desk", swap: "outerHTML" });
    return;
  }
  // Somebody fills in a dialog: say what happened beside it, and show the rest when it is closed.
  window.htmx.ajax("GET", path, { target: "#notices", select: "#notices", swap: "outerHTML" });
  dialog.addEventListener("close", () => { if (toldOf(task)) showChange(task); }, { once: true });
}

function refresh() {
  document.querySelectorAll("[data-refresh]").forEach((part) => {
    const filling = part.contains(document.activeElement) && document.activeElement.matches("input, select");
    if (!filling) window.htmx.trigger(part, "changed");
  });
}

/* What was dropped for something newer is asked once more. */
export function lookAgain() {
  const task = document.querySelector("[data-task]")?.dataset.task;
  if (task) showChange(task);
  refresh();
}

export function startLive() {
  const after = document.body.dataset.after;
  if (after === undefined) return;
  // The browser resumes with Last-Event-ID by itself; `after` covers the time between the page and the stream.
  const source = new EventSource(`/stream?after=${encodeURIComponent(after)}`);
  let due = 0;
  source.addEventListener("open", () => showState("on"));
  source.addEventListener("error", () => {
    showState("off");
    if (source.readyState === EventSource.CLOSED) showState("gone");
  });
  source.addEventListener("task", (event) => {
    const change = JSON.parse(event.data);
    if (toldOf(change.task_id)) showChange(change.task_id);
  });
  source.addEventListener("changes", () => {
    if (due) return;
    due = setTimeout(() => { due = 0; refresh(); }, 1000);
  });
  // What this user did in another tab is not told to this one; when it comes to the front, it looks.
  document.addEventListener("visibilitychange", () => {
    const task = document.querySelector("[data-task]")?.dataset.task;
    if (document.visibilityState === "visible" && task) showChange(task);
  });
  addEventListener("pagehide", () => source.close());
}
