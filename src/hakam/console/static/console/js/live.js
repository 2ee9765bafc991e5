// One key for each step on a live stream. The form is an ordinary one: the key presses its button.
import { bind } from "./keys.js";

for (let n = 1; n <= 8; n += 1) {
  bind(`Digit${n}`, () => {
    const button = document.querySelector(`[data-step-key="${n}"]`);
    if (!button || button.disabled) return false;
    button.click();
  });
}

// Frames are blurred until somebody wants to see; the choice outlives the next frame.
const watching = () => document.body.hasAttribute("data-watching");
function mark() {
  for (const button of document.querySelectorAll("[data-watch]")) button.setAttribute("aria-pressed", String(watching()));
}
function toggle() {
  document.body.toggleAttribute("data-watching");
  mark();
}
bind("KeyV", (event) => {
  if (!document.querySelector("[data-watch]")) return false;
  if (!event.repeat) toggle();
});
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-watch]")) toggle();
});
document.addEventListener("htmx:afterSwap", mark);

// A bank may know what is shown only after the page was opened: one key must still be enough. What somebody chose or
// wrote stays as it is.
function offer() {
  const state = document.getElementById("state");
  return { clause: state?.dataset.clause ?? "", facts: state?.dataset.facts ?? "" };
}
let offered = offer();
document.addEventListener("htmx:afterSwap", () => {
  const fresh = offer();
  const clause = document.querySelector("[data-steps] [name=clause]");
  const facts = document.querySelector("[data-steps] [name=facts]");
  if (clause && !clause.value && fresh.clause) clause.value = fresh.clause;
  if (facts && facts.value === offered.facts && fresh.facts) facts.value = fresh.facts;
  offered = fresh;
});

// Twice is once: while the server works, the keys rest, and the page says so.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-steps]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  form.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-steps][data-sent]")) delete form.dataset.sent;
});
