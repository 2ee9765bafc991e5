// How long the lease still runs, by the second. htmx sends the heartbeat.
function tick() {
  const lease = document.getElementById("lease");
  const place = lease?.querySelector("[data-countdown]");
  if (!place || !lease.dataset.until) return;
  const left = Math.max(0, Math.round((Date.parse(lease.dataset.until) - Date.now()) / 1000));
  place.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}
setInterval(tick, 1000);
document.addEventListener("htmx:afterSwap", tick);
tick();
