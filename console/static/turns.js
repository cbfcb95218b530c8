/* Whose answer counts. What somebody does (a POST) is answered on the page, whatever was asked beside it: an answer to a look
   (a GET) that an action has overtaken, or that would tear away what somebody fills in, is dropped, and the page looks again. */

const looks = new Map(); // on their way, only looking: request -> { target, overtaken }
const acts = new Map(); // on their way, changing something: request -> [its element, its target]
const closing = new WeakSet(); // dialogs after which the page looks again
const byItself = new Set([undefined, "changed", "lease-over", "hx:poll:trigger"]);

function begin({ xhr, elt, target, requestConfig }) {
  const within = (look, act) => act.some((place) => look.contains(place));
  if (requestConfig.verb === "get") {
    looks.set(xhr, { target, overtaken: [...acts.values()].some((act) => within(target, act)) });
    return;
  }
  acts.set(xhr, [elt, target]);
  for (const look of looks.values()) look.overtaken ||= within(look.target, [elt, target]);
}

export function startTurns(lookAgain) {
  let due = false;
  function end(xhr) {
    looks.delete(xhr);
    acts.delete(xhr);
    if (!due || acts.size > 0) return;
    due = false;
    lookAgain();
  }
  function isFilledIn(target) {
    const dialog = target.querySelector("dialog[open]");
    if (dialog && !closing.has(dialog)) {
      closing.add(dialog);
      dialog.addEventListener("close", () => { closing.delete(dialog); lookAgain(); }, { once: true });
    }
    return dialog !== null || (target.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));
  }
  document.addEventListener("htmx:beforeSend", (event) => {
    const { xhr } = event.detail;
    begin(event.detail);
    xhr.addEventListener("loadend", () => end(xhr));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target, requestConfig } = event.detail;
    const look = looks.get(xhr);
    if (!look) return;
    if (look.overtaken) due = true;
    const isDropped = look.overtaken || (byItself.has(requestConfig.triggeringEvent?.type) && isFilledIn(target));
    if (isDropped) event.detail.shouldSwap = false;
  });
}
