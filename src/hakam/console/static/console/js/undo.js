// While effects wait, one key takes the decision back. The ring shows how long that is.
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
