// Findings speak of the text that was checked. Until the text as it stands is checked, they are shown as of an earlier one.
const place = document.querySelector("[data-findings-of]");
const field = place && document.getElementById(place.dataset.findingsOf);
const told = document.getElementById("checking");
const AGAIN = 3_000; // milliseconds
let checked = field?.value;
let asked = null;
let timer = 0;
let leaving = false;

function show(state) {
  place.classList.toggle("stale", state !== "");
  place.setAttribute("aria-busy", state === "checking");
  const words = state ? told.dataset[state] : "";
  if (told.textContent !== words) told.textContent = words;
}

function ended(event, done) {
  if (event.detail.target !== place || asked === null) return;
  const kept = document.getElementById("kept");
  if (done) {
    checked = asked;
    if (checked !== field.value && kept) kept.textContent = ""; // what is kept is not what stands here
    show(checked === field.value ? "" : "checking");
    return;
  }
  if (kept) kept.textContent = "";
  show("failed");
  clearTimeout(timer);
  timer = setTimeout(() => field.dispatchEvent(new Event("checkagain", { bubbles: true })), AGAIN);
}

if (field && told) {
  field.addEventListener("input", () => show(field.value === checked ? "" : "checking"));
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target !== place) return;
    clearTimeout(timer);
    asked = field.value;
    if (asked !== checked) show("checking");
  });
  document.addEventListener("htmx:afterSwap", (event) => ended(event, true));
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => ended(event, false));
  }
  if (document.getElementById("kept")) {
    // Here the text is kept together with the check: whoever leaves before that is asked.
    field.form.addEventListener("submit", () => { leaving = true; });
    window.addEventListener("beforeunload", (event) => {
      if (!leaving && field.value !== checked) event.preventDefault();
    });
  }
}
