// Lists: J and K move, Enter opens (it is a link). N takes the next case. F goes to the search field.
import { bind } from "./keys.js";

const rows = () => [...document.querySelectorAll("[data-list] [data-row]")];

function move(step) {
  const list = rows();
  if (!list.length) return false;
  const at = list.indexOf(document.activeElement);
  const next = list[at < 0 ? 0 : Math.max(0, Math.min(list.length - 1, at + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
bind("KeyJ", () => move(1));
bind("KeyK", () => move(-1));
bind("KeyN", () => {
  const button = document.querySelector("[data-next]");
  if (!button) return false;
  button.form.requestSubmit(button);
});
bind("KeyF", () => {
  const field = document.querySelector("[data-focus=search]");
  if (!field) return false;
  field.focus();
  field.select?.();
});
