// The moving picture of a live stream: pieces are fetched while somebody looks, and played muted. Where that can't be,
// the stills stay, and words say why.
import { bind } from "./keys.js";
import { say as announce } from "./say.js";

const PAUSE = 250; // milliseconds between two questions
const REST = 1500; // after an answer that there is none
const STALLED = 5; // seconds without anything new
const NEAR = 0.5; // seconds before the newest picture at which one begins
const FAR = 3; // seconds behind it from which one jumps
const LATE = 1.2; // seconds behind it from which it plays a little faster
const KEPT = 8; // seconds that were shown and are kept
const FAILURES = 4;
const CHOICE = "hakam.stills";

function begin(place) {
  const video = place.querySelector("video");
  const words = (name) => place.querySelector(`template[data-word="${name}"]`)?.content.textContent ?? "";
  const digits = place.dataset.digits;
  let encoded = false, sound = false, over = false, failures = 0;
  let stills = localStorage.getItem(CHOICE) === "1";
  let run = "", after = 0, age = 0, fresh = performance.now();
  let source = null, buffer = null, queue = [], said = "";

  const form = () => [encoded && "encoded", sound && "sound"].filter(Boolean).join("-") || "plain";

  function tell(name, seconds) {
    const text = words(name).replace("%s", seconds === undefined ? "" : [...seconds.toFixed(1)].map((one) => digits[one] ?? one).join(""));
    place.querySelector("[data-says]").textContent = text;
    place.dataset.now = name;
    if (name !== said && said && seconds === undefined) announce(text);
    said = name;
  }

  function close() {
    place.removeAttribute("data-playing");
    queue = [];
    source = buffer = null;
    if (video.getAttribute("src")) {
      video.removeAttribute("src");
      video.load();
    }
  }

  function anew() {
    close();
    run = "";
    after = 0;
  }

  function stop(name) {
    over = true;
    anew();
    for (const button of place.querySelectorAll("[data-of-video]")) button.hidden = true;
    tell(name);
  }

  function open(type) {
    close();
    if (!("MediaSource" in window) || !MediaSource.isTypeSupported(type)) return false;
    const mine = source = new MediaSource();
    const url = URL.createObjectURL(mine);
    mine.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(url);
      if (mine !== source) return;
      buffer = mine.addSourceBuffer(type);
      buffer.addEventListener("updateend", pump);
      pump();
    }, { once: true });
    video.src = url;
    return true;
  }

  function pump() {
    if (!buffer || buffer.updating || source.readyState !== "open") return;
    follow();
    if (buffer.updating) return;
    const next = queue.shift();
    if (!next) return;
    try {
      buffer.appendBuffer(next);
    } catch {
      anew(); // full, or it failed: begin with what comes
    }
  }

  // Stay near to what is newest, and forget what was shown.
  function follow() {
    const { buffered } = buffer;
    if (!buffered.length) return;
    const first = buffered.start(buffered.length - 1), last = buffered.end(buffered.length - 1);
    const behind = last - video.currentTime;
    if (video.currentTime < first || behind > FAR || behind < -1) video.currentTime = Math.max(first, last - NEAR);
    video.playbackRate = behind > LATE ? 1.1 : 1;
    if (video.paused) video.play().catch(() => {});
    if (buffered.start(0) < video.currentTime - 2 * KEPT) buffer.remove(0, video.currentTime - KEPT);
  }

  function cannot() {
    if (encoded) return stop("unsupported");
    encoded = true; // as it was sent this browser can't play it
    anew();
    return undefined;
  }

  function nothing(why) {
    if (!why) {
      if (performance.now() - fresh > STALLED * 1000) {
        place.removeAttribute("data-playing");
        tell(run ? "stalled" : "starting");
      }
      return PAUSE;
    }
    if (why === "over") stop(why);
    else if (why === "unplayable" && !encoded) cannot();
    else {
      anew();
      tell(why);
    }
    return REST;
  }

  async function ask() {
    const asked = form();
    const query = new URLSearchParams({ form: asked, run, after: String(after) });
    const answer = await fetch(`${place.dataset.video}?${query}`, { credentials: "same-origin", cache: "no-store", redirect: "error" });
    if (asked !== form() || stills || over) return PAUSE;
    if (answer.status === 403 || answer.status === 404) {
      stop("over"); // or it is not for this person any more
      return REST;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    if (answer.status === 204) return nothing(answer.headers.get("Hakam-Why"));
    const data = await answer.arrayBuffer();
    if (asked !== form() || stills || over) return PAUSE;
    const { headers } = answer;
    if (headers.get("Hakam-Run") !== run) {
      if (!open(headers.get("Content-Type"))) {
        cannot();
        return PAUSE;
      }
      run = headers.get("Hakam-Run");
    }
    after = Number(headers.get("Hakam-Next"));
    age = Number(headers.get("Hakam-Age"));
    fresh = performance.now();
    queue.push(data);
    pump();
    return PAUSE;
  }

  async function turn() {
    if (over) return;
    let pause = PAUSE;
    if (!document.hidden && !stills) {
      try {
        pause = await ask();
      } catch {
        if (!over) tell("unreachable");
        pause = REST;
      }
    }
    if (!over) setTimeout(turn, pause);
  }

  function behind() {
    if (place.hasAttribute("data-playing") && buffer?.buffered.length) {
      const whole = age + (performance.now() - fresh) / 1000 + buffer.buffered.end(buffer.buffered.length - 1) - video.currentTime;
      place.dataset.behind = whole.toFixed(2);
      tell(sound ? "heard" : "playing", Math.max(0, whole));
    }
  }

  function mark() {
    place.querySelector("[data-sound]")?.setAttribute("aria-pressed", String(sound));
    place.querySelector("[data-stills]")?.setAttribute("aria-pressed", String(stills));
    for (const button of place.querySelectorAll("[data-of-video]")) button.hidden = over || (stills && !button.matches("[data-stills]"));
  }

  function hear() {
    if (over || stills) return false;
    sound = !sound;
    video.muted = !sound;
    anew();
    tell("starting");
    mark();
    return true;
  }

  video.addEventListener("playing", () => {
    failures = 0;
    place.setAttribute("data-playing", "");
  });
  video.addEventListener("error", () => {
    if (!video.getAttribute("src")) return;
    failures += 1;
    if (failures >= FAILURES) stop("unsupported");
    else if (!encoded) cannot();
    else anew();
  });
  bind("KeyM", () => hear());
  place.querySelector("[data-sound]")?.addEventListener("click", hear);
  place.querySelector("[data-stills]")?.addEventListener("click", () => {
    stills = !stills;
    localStorage.setItem(CHOICE, stills ? "1" : "0");
    anew();
    tell(stills ? "stills" : "starting");
    mark();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) anew();
  });
  document.addEventListener("htmx:afterSwap", () => {
    const now = document.getElementById("state")?.dataset.state;
    if (now && now !== "live" && !over) stop("over");
  });
  addEventListener("pagehide", () => { over = true; });
  tell(stills ? "stills" : "starting");
  mark();
  setInterval(behind, 1000);
  turn();
}

// One key for colour: grey is the milder.
function colour() {
  const on = document.body.toggleAttribute("data-colour");
  for (const button of document.querySelectorAll("[data-in-colour]")) button.setAttribute("aria-pressed", String(on));
}
bind("KeyC", () => {
  if (!document.querySelector("[data-in-colour]:not([hidden])")) return false;
  colour();
});
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-in-colour]")) colour();
});

const place = document.querySelector("[data-video]");
if (place) begin(place);
