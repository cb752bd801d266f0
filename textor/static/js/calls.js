// A player that opens begins to play; one that is closed is silent.
document.addEventListener("toggle", (e) => {
  const sound = e.target.querySelector?.("audio[data-listen]");
  if (!sound) return;
  if (e.newState === "open") sound.play().catch(() => {});
  else sound.pause();
}, true);
