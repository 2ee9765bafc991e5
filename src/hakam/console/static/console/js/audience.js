// Questions of an audience: a key presses the button of the question that has the focus, else of the first that waits.
import { bind } from "./keys.js";

const list = () => document.getElementById("questions");
const chosen = () => list()?.querySelector("[data-question]:focus, [data-question]:focus-within") ?? list()?.querySelector("[data-question]");
let next = null; // the question that takes the focus once the one at hand has gone

for (const key of ["0", "1", "2", "3", "4"]) {
  bind(`Digit${key}`, () => {
    const row = chosen();
    const button = row?.querySelector(`[data-question-key="${key}"]`);
    if (!button || row.dataset.sent) return false;
    row.dataset.sent = "1"; // twice is once
    next = (row.nextElementSibling ?? row.previousElementSibling)?.id ?? "";
    button.click();
  });
}

// While somebody reads what is unfolded within the list, it stays as it is.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target === list() && list().querySelector(".asked details[open]")) event.preventDefault();
});

document.addEventListener("htmx:afterSwap", () => {
  if (next === null || !list()) return;
  (document.getElementById(next) ?? list().querySelector("[data-question]"))?.focus({ preventScroll: false });
  next = null;
});

// A scheduled event: one key for one step down or up of admission.
for (const [code, way] of [["Minus", "down"], ["Equal", "up"]]) {
  bind(code, () => {
    const button = document.querySelector(`[data-steer-key="${way}"]`);
    if (!button || button.form.dataset.sent) return false;
    button.form.dataset.sent = "1";
    button.click();
  });
}
