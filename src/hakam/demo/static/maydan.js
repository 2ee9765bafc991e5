// Keeps the visible posts up to date, so that one can watch what Hakam decides take effect.
const posts = document.querySelector("[data-live]");
if (posts) {
  let last = "";
  setInterval(async () => {
    if (document.hidden || posts.querySelector("details[open]")) return;
    try {
      const answer = await fetch(posts.dataset.live, { headers: { accept: "text/html" } });
      const html = await answer.text();
      if (answer.ok && html !== last) {
        last = html;
        posts.innerHTML = html;
      }
    } catch { /* the platform restarts; the next round finds it */ }
  }, 4000);
}
