// The comparison's player: a stretch's time plays just that stretch.
(() => {
  const audio = document.getElementById("audio");
  let playing = null, stop = Infinity;
  const mark = (button) => { if (playing) playing.ariaPressed = "false"; playing = button; if (button) button.ariaPressed = "true"; };
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-from]");
    if (!button) return;
    if (playing === button && !audio.paused) return audio.pause();
    audio.currentTime = +button.dataset.from; stop = +button.dataset.to + .15;
    mark(button);
    audio.play().catch(() => mark(null));
  });
  audio.addEventListener("timeupdate", () => { if (audio.currentTime >= stop) audio.pause(); });
  audio.addEventListener("pause", () => { stop = Infinity; mark(null); again(); });
  // What has finished meanwhile is laid beside the others by a page of its own, unless somebody listens.
  const again = () => { if (document.querySelector("[data-finished]") && audio.paused) location.reload(); };
  document.addEventListener("textor:swapped", again);
})();
