// Runs before first paint, as a file of its own: the page's policy allows no inline script.
document.documentElement.classList.add("js");
try { const t = localStorage.getItem("theme"); if (t) document.documentElement.dataset.theme = t; } catch { /* storage is off: the system's theme */ }
