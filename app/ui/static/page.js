// Jumps in the player, a playhead on the timelines, a word when the browser cannot play the file, small mends.
(() => {
  const player = () => document.querySelector("#pv-player video");

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-jump]");
    const video = player();
    if (!button || !video) return;
    video.pause();
    video.currentTime = Number(button.dataset.jump);
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    video.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  });

  const follow = (event) => {
    const video = event.target;
    if (!video.matches?.("#pv-player video")) return;
    const whole = Number(video.dataset.duration) || video.duration || 1;
    const at = Math.min(100, (100 * video.currentTime) / whole);
    document.querySelectorAll(".pv-playhead").forEach((mark) => { mark.style.left = `${at}%`; });
  };
  // These events do not bubble, so they are caught on their way down.
  document.addEventListener("timeupdate", follow, true);
  document.addEventListener("seeked", follow, true);
  document.addEventListener("error", (event) => {
    if (!event.target.matches?.("#pv-player video")) return;
    const told = document.querySelector("#pv-player .pv-unplayable");
    if (told) told.hidden = false;
  }, true);

  // What Gradio's parts lack for keyboards and screen readers.
  const mend = () => {
    document.querySelectorAll("#pv-talk [role=log]:not([tabindex])").forEach((log) => { log.tabIndex = 0; });
    document.querySelectorAll("#pv-consent-until button:not([aria-label])").forEach((button) => {
      button.setAttribute("aria-label", "Open the calendar");
    });
  };
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mend(); });
  }).observe(document, { childList: true, subtree: true });
})();
