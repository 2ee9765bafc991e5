// The decision bar: 0 is nothing wrong and next; a number chooses a clause, Enter applies its step and goes on.
// The next case is fetched while this one is read, so that it is there when the decision is.
import { bind } from "./keys.js";
import { post } from "./post.js";
import { say } from "./say.js";

const page = () => document.querySelector("[data-case-page]");
const bar = () => document.querySelector("[data-bar]");
let ahead = null; // {url, html}: the next case, as it was a moment ago
let sending = false;
let previewed = null;
let draftTimer = 0;
let previewTimer = 0;

function clause() {
  return bar()?.querySelector("input[name=clause]:checked")?.value ?? "";
}

function refresh() {
  const form = bar();
  if (!form) return;
  const id = clause();
  form.querySelector("[data-detail]").hidden = id === "";
  form.querySelector("[data-idle]").hidden = id !== "";
  for (const steps of form.querySelectorAll("[data-steps]")) {
    steps.hidden = steps.disabled = steps.dataset.steps !== id;
  }
  const more = form.querySelector("[data-more]");
  if (more) {
    const other = form.querySelector("#more-clauses input:checked");
    const title = more.querySelector("[data-more-title]");
    title.dataset.plain ??= title.textContent;
    title.textContent = other ? other.dataset.title : title.dataset.plain;
    more.setAttribute("aria-pressed", String(other !== null));
  }
  if (id) {
    for (const text of document.querySelectorAll("[data-clause-text]")) text.hidden = text.dataset.clauseText !== id;
    preview();
  }
}

function entitle() {
  const title = bar()?.querySelector("[data-apply-title]");
  if (!title) return;
  const proposes = bar().querySelector("[data-steps]:not([hidden]) input[data-two-people]:checked");
  title.dataset.plain ??= title.textContent;
  title.textContent = proposes ? title.dataset.twoPeople : title.dataset.plain;
}

function preview() {
  entitle();
  clearTimeout(previewTimer);
  previewTimer = setTimeout(async () => {
    const form = bar();
    if (!form || !clause()) return;
    previewed?.abort();
    previewed = new AbortController();
    const target = form.querySelector("[data-preview-target]");
    try {
      const query = new URLSearchParams(new FormData(form));
      query.delete("csrfmiddlewaretoken");
      const answer = await fetch(`${form.dataset.preview}?${query}`, { signal: previewed.signal, headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) target.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }, 120);
}

function saveDraft() {
  clearTimeout(draftTimer);
  draftTimer = setTimeout(async () => {
    const form = bar();
    if (!form) return;
    const answer = await post(form.dataset.draft, new FormData(form)).catch(() => null);
    const place = form.querySelector("[data-saved]");
    if (place && answer?.ok) place.textContent = await answer.text();
  }, 700);
}

async function fetchAhead() {
  ahead = null;
  const url = page()?.dataset.upcoming;
  if (!url) return;
  const answer = await fetch(url, { headers: { "X-Case-Fragment": "ahead" } }).catch(() => null);
  if (answer?.ok) ahead = { url, html: await answer.text(), upcoming: answer.headers.get("X-Upcoming") ?? "" };
}

// Puts a case on the screen in place of the one that was decided.
function put(html, url, upcoming) {
  const main = page();
  main.innerHTML = html;
  main.dataset.casePage = /(\d+)\/?$/.exec(url)?.[1] ?? "";
  main.dataset.upcoming = upcoming;
  history.pushState({}, "", url);
  const title = main.querySelector("h1")?.textContent ?? "";
  document.title = document.title.replace(/^[^·]*/, `${title} `);
  window.htmx?.process(main);
  main.focus({ preventScroll: true });
  restore();
  fetchAhead();
}

async function send(form, submitter) {
  if (sending) return;
  sending = true;
  form.setAttribute("aria-busy", "true");
  clearTimeout(draftTimer);
  const headers = { "X-Case-Fragment": "next" };
  if (ahead) headers["X-Case-Ahead"] = ahead.url;
  try {
    const answer = await post(form.action, new FormData(form, submitter), headers);
    const next = answer.headers.get("X-Next");
    const text = await answer.text();
    if (answer.status === 422 || answer.status === 409) {
      form.querySelector("#bar-error")?.remove();
      form.querySelector(".outcomes").insertAdjacentHTML("beforebegin", text);
      say(form.querySelector("#bar-error")?.textContent ?? "");
    } else if (!answer.ok || !next) {
      location.assign(next ?? location.href);
    } else {
      const toast = new DOMParser().parseFromString(text, "text/html");
      document.getElementById("undo-place").innerHTML = toast.querySelector("[data-toast]")?.innerHTML ?? "";
      const fresh = toast.querySelector("[data-screen]");
      if (fresh) put(fresh.innerHTML, next, answer.headers.get("X-Upcoming") ?? "");
      else if (ahead?.url === next) put(ahead.html, next, answer.headers.get("X-Upcoming") ?? ahead.upcoming);
      else location.assign(next);
      say(toast.querySelector("[data-said]")?.textContent ?? "");
      document.body.dispatchEvent(new CustomEvent("counts"));
    }
  } catch {
    say(form.dataset.offline ?? "");
  } finally {
    sending = false;
    form.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  if (!(event.target instanceof HTMLFormElement) || !event.target.matches("[data-bar]")) return;
  event.preventDefault();
  send(event.target, event.submitter);
});
document.addEventListener("change", (event) => {
  if (!event.target.closest?.("[data-bar]")) return;
  if (event.target.name === "clause") {
    document.getElementById("more-clauses")?.hidePopover();
    refresh();
  }
  else preview();
  saveDraft();
});
document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-bar] textarea, [data-bar] input[name=note]")) { saveDraft(); preview(); }
});
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-cancel]")) return;
  choose(null);
});

function choose(input) {
  const form = bar();
  if (!form) return false;
  for (const other of form.querySelectorAll("input[name=clause]")) other.checked = other === input;
  refresh();
  if (input) saveDraft();
}

bind("Digit0", () => {
  const button = bar()?.querySelector("[data-clear]");
  if (!button) return false;
  send(button.form, button);
});
for (let number = 1; number <= 9; number += 1) {
  bind(`Digit${number}`, () => {
    const input = bar()?.querySelector(`[data-number="${number}"]`);
    if (!input) return false;
    choose(input);
  });
}
bind("Enter", (event) => {
  const button = bar()?.querySelector("[data-apply]");
  if (!button || !clause() || event.target.closest?.("a, button, summary")) return false;
  button.form.requestSubmit(button);
});
bind("Mod+Enter", () => {
  const button = bar()?.querySelector("[data-apply]");
  if (!button || !clause()) return false;
  button.form.requestSubmit(button);
}, { evenTyping: true });
bind("Escape", () => {
  if (!bar()) return false;
  document.activeElement?.blur();
  if (!clause()) return false;
  choose(null);
}, { evenTyping: true });

function step(by) {
  const inputs = [...(bar()?.querySelectorAll("[data-steps]:not([hidden]) input:not(:disabled)") ?? [])];
  if (!inputs.length) return false;
  const at = inputs.findIndex((input) => input.checked);
  inputs[Math.max(0, Math.min(inputs.length - 1, at + by))].checked = true;
  preview();
  saveDraft();
}
bind("Minus", () => step(-1));
bind("Equal", () => step(1));
bind("KeyM", () => {
  const button = bar()?.querySelector("[data-more]");
  if (!button) return false;
  button.focus();
  button.click();
  document.querySelector("#more-clauses input")?.focus();
});
bind("KeyE", () => {
  const facts = bar()?.querySelector("#facts");
  if (!facts || !clause()) return false;
  facts.focus();
});
bind("KeyS", () => {
  const form = document.querySelector("[data-skip]");
  if (!form) return false;
  form.requestSubmit();
});
addEventListener("popstate", () => location.reload());
addEventListener("pagehide", () => {
  const form = bar();
  if (form && clause()) post(form.dataset.draft, new FormData(form), {}).catch(() => {});
});
function restore() {
  const form = bar();
  const step = form?.dataset.step;
  if (step && clause()) {
    const kept = form.querySelector(`[data-steps="${CSS.escape(clause())}"] input[value="${CSS.escape(step)}"]:not(:disabled)`);
    if (kept) kept.checked = true;
  }
  refresh();
}
restore();
if (page()) (window.requestIdleCallback ?? setTimeout)(fetchAhead);
