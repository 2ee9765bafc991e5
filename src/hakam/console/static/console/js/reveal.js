// Sensitive content is veiled: hold V, or hold the button, to see; release hides. Enter on the button toggles.
import { bind } from "./keys.js";

const veils = () => [...document.querySelectorAll("[data-veil]")];

function show(veil, yes) {
  veil.classList.toggle("shown", yes);
  veil.querySelector("[data-unveil]")?.setAttribute("aria-pressed", String(yes));
}
bind("KeyV", (event) => {
  if (!veils().length) return false;
  if (!event.repeat) veils().forEach((veil) => show(veil, true));
});
document.addEventListener("keyup", (event) => {
  if (event.code === "KeyV") veils().forEach((veil) => show(veil, false));
});
addEventListener("blur", () => veils().forEach((veil) => show(veil, false)));
document.addEventListener("pointerdown", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-unveil]") : null;
  if (!button) return;
  const veil = button.closest("[data-veil]");
  show(veil, true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => show(veil, false), { once: true });
});
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-unveil]") : null;
  if (button && event.detail === 0) show(button.closest("[data-veil]"), button.getAttribute("aria-pressed") !== "true");
});
