// While effects wait, one key takes the decision back. The ring shows how long that is.
// On the page of the rules one key puts those before in force again.
import { bind } from "./keys.js";

function forms() {
  return [...document.querySelectorAll("[data-undo]")];
}

function tick() {
  for (const form of forms()) {
    const until = Date.parse(form.dataset.until);
    const whole = until - Date.parse(form.dataset.from);
    const left = until - Date.now();
    if (left <= 0) {
      form.remove();
      continue;
    }
    form.querySelector(".left")?.setAttribute("stroke-dashoffset", String(100 - (100 * left) / whole));
  }
}
setInterval(tick, 200);
tick();

bind("KeyU", () => {
  const form = forms().at(-1);
  if (!form) return false;
  form.requestSubmit();
});

bind("Shift+KeyB", (event) => {
  const form = document.querySelector("[data-back]");
  if (!form) return false;
  if (!event.repeat) form.requestSubmit(); // a key that is held goes back once
});
