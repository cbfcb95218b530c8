/* Local clocks, and the lease that runs out. The server gives every starting point; this only counts on. */

const born = new WeakMap();
let lastSign = performance.now();

function age(element) {
  if (!born.has(element)) born.set(element, performance.now());
  return performance.now() - born.get(element);
}

function showClock(element) {
  const moment = Number(element.dataset.epoch) + age(element);
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: element.dataset.zone, hour: "2-digit", minute: "2-digit" });
  element.textContent = format.format(moment);
}

function showLease(element) {
  const left = Math.max(0, Number(element.dataset.leaseSeconds) - age(element) / 1000);
  const shown = element.querySelector("[data-left]");
  shown.textContent = `${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, "0")}`;
  element.querySelector("progress").value = left;
  element.toggleAttribute("data-low", left < 20);
  const busy = performance.now() - lastSign < 45_000;
  if (left === 0) return window.htmx.trigger(element, "lease-over");
  if (element.dataset.renews && left < 75 && busy && age(element) > 15_000) {
    lastSign = -Infinity; // one heartbeat for one sign of life
    window.htmx.trigger(element, "heartbeat");
  }
}

export function startClocks() {
  for (const sign of ["pointermove", "keydown", "scroll"]) {
    document.addEventListener(sign, () => { lastSign = performance.now(); }, { passive: true, capture: true });
  }
  const tick = () => {
    document.querySelectorAll("[data-epoch][data-runs]").forEach(showClock);
    document.querySelectorAll("[data-lease-seconds]").forEach(showLease);
  };
  tick();
  setInterval(tick, 1000);
}
