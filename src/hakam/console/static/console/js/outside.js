// The public pages work without this. It only spares people from reading what does not concern them.
import "./theme.js";

const harm = document.querySelector("[data-harm]");
const who = document.querySelector("[data-who]");
if (harm && who) {
  const abuse = new Set((harm.dataset.anonymous ?? "").split(" "));
  const show = () => { who.classList.toggle("optional", abuse.has(harm.value)); };
  harm.addEventListener("change", show);
  show();
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    button.querySelector("[data-copied]").hidden = false;
  });
}
