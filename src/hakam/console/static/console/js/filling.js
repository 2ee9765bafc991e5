// A file that takes its time to be sent and to be read: how far it is. Without this, its form is sent as any other.
import { token } from "./post.js";
import { say } from "./say.js";

function send(form, body) {
  const told = form.querySelector("[data-filling-told]");
  const words = told.querySelector("[data-filling-words]");
  const bar = told.querySelector("progress");
  const buttons = form.querySelectorAll("button");
  const request = new XMLHttpRequest();
  const show = (text) => { words.textContent = text; say(text); };
  const failed = (text) => {
    told.classList.add("danger");
    form.removeAttribute("aria-busy");
    bar.hidden = true;
    for (const button of buttons) button.disabled = false;
    show(text || told.dataset.failed);
  };
  told.hidden = bar.hidden = false;
  told.classList.remove("danger");
  bar.value = 0;
  form.setAttribute("aria-busy", "true");
  for (const button of buttons) button.disabled = true;
  show(told.dataset.sending);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = event.loaded / event.total;
  });
  request.upload.addEventListener("load", () => {
    bar.removeAttribute("value"); // it is being read: nobody knows how long that takes
    show(told.dataset.reading);
  });
  request.addEventListener("error", () => failed());
  request.addEventListener("load", () => {
    const json = request.getResponseHeader("Content-Type")?.startsWith("application/json");
    if (request.status === 200 && json) {
      location.assign(JSON.parse(request.responseText).next);
      return;
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    failed(request.status === 422 ? page.querySelector("main [role=alert]")?.textContent.trim() : "");
  });
  request.open("POST", form.action);
  request.setRequestHeader("X-CSRFToken", token());
  request.setRequestHeader("X-Requested-With", "fetch");
  request.send(body);
}

for (const form of document.querySelectorAll("form[data-filling]")) {
  form.addEventListener("submit", (event) => {
    if (!form.querySelector("input[type=file]")?.files.length) return; // the server says what is missing
    event.preventDefault();
    send(form, new FormData(form, event.submitter));
  });
}
