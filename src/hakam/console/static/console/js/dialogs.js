// The command palette, the sheet of shortcuts, popovers beside their buttons.
import { bind } from "./keys.js";

const palette = document.getElementById("palette");
const sheet = document.getElementById("sheet");
const input = palette?.querySelector("input");
const options = [...(palette?.querySelectorAll("[role=option]") ?? [])];
let chosen = 0;

const shown = () => options.filter((option) => !option.hidden);

function mark(index) {
  const list = shown();
  chosen = Math.max(0, Math.min(index, list.length - 1));
  options.forEach((option) => option.setAttribute("aria-selected", "false"));
  const option = list[chosen];
  if (!option) return input.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

function filter() {
  const words = input.value.trim().toLocaleLowerCase();
  const number = words.replace(/[٠-٩]/g, (digit) => "٠١٢٣٤٥٦٧٨٩".indexOf(digit));
  for (const option of options) {
    if (option.dataset.kind === "search") option.hidden = words === "";
    else if (option.dataset.kind === "case") option.hidden = !/^#?\d+$/.test(number);
    else option.hidden = words !== "" && !option.textContent.toLocaleLowerCase().includes(words);
    const query = option.querySelector("[data-query]");
    if (query) query.textContent = option.dataset.kind === "case" ? number.replace("#", "") : input.value.trim();
  }
  const direct = shown().findIndex((option) => option.dataset.kind !== "search");
  mark(direct > 0 ? direct : 0);
}

function run(option) {
  if (!option) return;
  const words = input.value.trim();
  if (option.dataset.kind === "search") location.assign(`${palette.dataset.search}?search=${encodeURIComponent(words)}`);
  else if (option.dataset.kind === "case") location.assign(palette.dataset.case.replace("/0/", `/${option.querySelector("[data-query]").textContent}/`));
  else location.assign(option.dataset.href);
}

export function openPalette() {
  if (!palette || palette.open) return;
  palette.showModal();
  input.value = "";
  filter();
  input.focus();
}

export function openSheet() {
  if (sheet && !sheet.open) sheet.showModal();
}

if (palette) {
  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") mark(chosen + 1);
    else if (event.key === "ArrowUp") mark(chosen - 1);
    else if (event.key === "Enter") run(shown()[chosen]);
    else return;
    event.preventDefault();
  });
  options.forEach((option) => option.addEventListener("click", () => run(option)));
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
  sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
}
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("[data-palette-open]")) openPalette();
  if (target?.closest("[data-sheet-open]")) openSheet();
  target?.closest("[data-dismiss]")?.closest(".toast").remove();
  const opener = target?.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
});
// A popover opens beside its button, wherever the page's direction puts it.
document.addEventListener("toggle", (event) => {
  const popover = event.target;
  if (event.newState !== "open" || !(popover instanceof HTMLElement) || popover.classList.contains("menu")) return;
  const button = document.activeElement?.closest(`[popovertarget="${popover.id}"]`);
  if (!button) return;
  const place = () => {
    const at = button.getBoundingClientRect();
    const size = popover.getBoundingClientRect();
    const left = Math.min(Math.max(8, getComputedStyle(button).direction === "rtl" ? at.right - size.width : at.left), innerWidth - size.width - 8);
    const below = at.bottom + 6 + size.height < innerHeight;
    Object.assign(popover.style, { margin: "0", inset: "auto", left: `${left}px`, top: `${below ? at.bottom + 6 : Math.max(8, at.top - size.height - 6)}px` });
  };
  place();
  popover.addEventListener("htmx:afterSwap", place, { once: true });
}, true);

bind("Mod+KeyK", openPalette, { always: true, evenTyping: true });
bind("Slash", openPalette);
bind("Shift+Slash", openSheet);
