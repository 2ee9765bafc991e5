// Shortcuts by physical key (`event.code`): the same finger on a Latin and on an Arabic layout.
// WCAG 2.1.4: single keys can be switched off, and never act while somebody types.

const bindings = [];

const on = () => document.body.dataset.shortcuts !== "off";

function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=button], [type=submit])"));
}

// `combo` is a code, with "Shift+" or "Mod+" before it: "KeyU", "Shift+Slash", "Mod+KeyK".
export function bind(combo, act, { evenTyping = false, always = false } = {}) {
  const parts = combo.split("+");
  bindings.push({ code: parts.at(-1), shift: parts.includes("Shift"), mod: parts.includes("Mod"), act, evenTyping, always });
}

function numpadAsDigit(code) {
  const found = /^Numpad(\d)$/.exec(code);
  if (found) return `Digit${found[1]}`;
  return { NumpadEnter: "Enter", NumpadAdd: "Equal", NumpadSubtract: "Minus" }[code] ?? code;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const code = numpadAsDigit(event.code);
  const mod = event.ctrlKey || event.metaKey;
  const inDialog = document.querySelector("dialog[open]") !== null;
  for (const b of bindings) {
    if (b.code !== code || b.mod !== mod || (b.shift !== event.shiftKey && code !== "Equal")) continue;
    if (!b.mod && !b.always && !on()) continue;
    if (typing(event.target) && !b.evenTyping && !b.mod) continue;
    if (inDialog && !b.always) continue;
    if (b.act(event) !== false) {
      event.preventDefault();
      return;
    }
  }
});
