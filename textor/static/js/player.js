// The transcript page's player: a native <audio> element, drawn with our own waveform.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const wave = $("#wave"), audio = $("#audio");
  if (!wave || !audio) return;
  const canvas = $("canvas", wave), ctx = canvas.getContext("2d"), digits = window.textor.digits;
  audio.controls = false;
  let peaks = [], lanes = [], words = [], starts = [], turns = [], hover = null, now = null, on = null, follow = true, stop = Infinity;
  const dur = () => (Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : +wave.dataset.dur) || 1;
  const fmt = (t) => { const h = Math.floor(t / 3600), m = Math.floor(t / 60) % 60, s = String(Math.floor(t % 60)).padStart(2, "0"); return digits(h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`); };

  function load() {
    const data = JSON.parse($("#peaks").textContent);
    peaks = data.peaks; lanes = data.turns;
    words = $$(".w[data-s]"); starts = words.map((w) => +w.dataset.s); turns = $$(".turn[data-s]"); now = on = null;
  }
  const token = (name) => { canvas.style.setProperty("color", `var(${name})`); const c = getComputedStyle(canvas).color; canvas.style.removeProperty("color"); return c; };
  let colours = {};
  const palette = () => { colours = { rest: token("--line-2"), done: token("--accent"), ink: token("--text"), sp: [1, 2, 3, 4, 5, 6].map((i) => token(`--sp-${i}`)) }; };

  function draw() {
    const w = wave.clientWidth, h = wave.clientHeight, d = devicePixelRatio || 1, lane = 3, high = h - lane - 5, x = (audio.currentTime / dur()) * w;
    if (canvas.width !== Math.round(w * d) || canvas.height !== Math.round(h * d)) { canvas.width = Math.round(w * d); canvas.height = Math.round(h * d); }
    ctx.setTransform(d, 0, 0, d, 0, 0); ctx.clearRect(0, 0, w, h);
    const step = 3, n = Math.floor(w / step);
    for (let i = 0; i < n; i++) {
      const a = Math.floor((i / n) * peaks.length), b = Math.max(a + 1, Math.floor(((i + 1) / n) * peaks.length));
      let v = 0; for (let k = a; k < b && k < peaks.length; k++) v = Math.max(v, peaks[k]);
      const bar = Math.max(2, v * high);
      ctx.fillStyle = i * step < x ? colours.done : colours.rest;
      ctx.beginPath(); ctx.roundRect(i * step, (high - bar) / 2, 2, bar, 1); ctx.fill();
    }
    for (const [s, e, sp] of lanes) { ctx.fillStyle = colours.sp[sp - 1]; ctx.beginPath(); ctx.roundRect((s / dur()) * w, h - lane, Math.max(1, ((e - s) / dur()) * w - 1.5), lane, 1.5); ctx.fill(); }
    if (hover !== null) { ctx.fillStyle = colours.rest; ctx.fillRect(hover, 0, 1, high); }
    ctx.fillStyle = colours.ink; ctx.fillRect(Math.min(w - 1.5, Math.max(0, x - .75)), 0, 1.5, h - lane - 1);
  }
  function paint() {
    draw();
    const t = audio.currentTime;
    wave.ariaValueNow = t.toFixed(1); wave.ariaValueText = `${fmt(t)} / ${fmt(dur())}`;
    $("[data-clock]").textContent = fmt(t);
    let lo = 0, hi = starts.length; while (lo < hi) { const m = (lo + hi) >> 1; starts[m] <= t ? (lo = m + 1) : (hi = m); }
    const word = words[lo - 1], turn = turns.findLast((x) => +x.dataset.s <= t), inside = turn && t <= +turn.dataset.e + .3 && (t > 0 || !audio.paused);
    if (now !== word) { now?.classList.remove("now"); now = word; }
    now?.classList.toggle("now", !!inside);
    if (on !== turn) { on?.classList.remove("on"); on = turn; if (follow && !audio.paused) turn?.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" }); }
    on?.classList.toggle("on", t > 0 || !audio.paused);
  }
  function tick() { if (audio.currentTime >= stop) { audio.pause(); stop = Infinity; } paint(); if (!audio.paused) requestAnimationFrame(tick); }
  function ui() { const b = $("[data-play]"); b.ariaPressed = String(!audio.paused); b.ariaLabel = audio.paused ? b.dataset.labelPlay : b.dataset.labelPause; }
  const toggle = () => (audio.paused ? audio.play().catch(() => {}) : audio.pause());
  const seek = (t) => { stop = Infinity; audio.currentTime = Math.max(0, Math.min(dur(), t)); paint(); };
  const at = (t) => turns.findLast((x) => +x.dataset.s <= t + .05) ?? turns[0];
  const show = (t) => { at(t)?.scrollIntoView({ block: "center" }); seek(t); };
  const linked = () => { const t = parseFloat(new URLSearchParams(location.hash.slice(1)).get("t")); if (t >= 0) show(t); };
  const go = (el) => { if (!el) return; el.scrollIntoView({ block: "center" }); seek(+el.dataset.s); };

  audio.addEventListener("play", () => { ui(); requestAnimationFrame(tick); });
  for (const name of ["pause", "ended"]) audio.addEventListener(name, () => { ui(); paint(); });
  for (const name of ["seeked", "loadedmetadata"]) audio.addEventListener(name, paint);
  wave.addEventListener("pointermove", (e) => { hover = e.offsetX; if (e.buttons) seek((e.offsetX / wave.clientWidth) * dur()); else draw(); });
  wave.addEventListener("pointerleave", () => { hover = null; draw(); });
  wave.addEventListener("pointerdown", (e) => { wave.setPointerCapture(e.pointerId); seek((e.offsetX / wave.clientWidth) * dur()); });
  wave.addEventListener("keydown", (e) => {
    const d = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5, PageUp: 30, PageDown: -30 }[e.key];
    if (d) seek(audio.currentTime + d); else if (e.key === "Home") seek(0); else if (e.key === "End") seek(dur()); else return;
    e.preventDefault(); e.stopPropagation();
  });
  const nextUnsure = () => { const w = words.find((x) => x.classList.contains("lo") && +x.dataset.s > audio.currentTime + .05) || $(".w.lo"); w?.scrollIntoView({ block: "center" }); if (w) seek(+w.dataset.s); };
  const setFollow = (b) => { follow = !follow; b.ariaPressed = String(follow); };

  document.addEventListener("click", (e) => {
    const hit = (s) => e.target.closest(s); let el;
    if (hit("[data-play]")) return toggle();
    if ((el = hit("[data-skip]"))) return seek(audio.currentTime + +el.dataset.skip);
    if ((el = hit("a[data-seek]"))) { if (e.ctrlKey || e.metaKey || e.shiftKey) return; e.preventDefault(); return show(+el.dataset.seek); }
    if ((el = hit("[data-seek]"))) return seek(+el.dataset.seek);
    if (hit("[data-next-lo]")) return nextUnsure();
    if ((el = hit("[data-follow]"))) return setFollow(el);
    if ((el = hit(".w[data-s]")) && !getSelection().toString()) return seek(+el.dataset.s);
  });
  $("#speed")?.addEventListener("change", (e) => { audio.playbackRate = +e.target.value; });
  document.addEventListener("keydown", (e) => {
    if (e.target.closest("input:not([type=checkbox],[type=radio]),textarea,select,dialog,[popover]") || e.ctrlKey || e.metaKey || e.altKey) return;
    const i = turns.indexOf(on), k = e.code === "Space" ? " " : e.key.toLowerCase();
    if (k === " " && !e.target.closest("button,a")) toggle();
    else if (k === "arrowleft") seek(audio.currentTime - 5); else if (k === "arrowright") seek(audio.currentTime + 5);
    else if (k === "j") go(turns[i + 1]); else if (k === "k") go(turns[i - 1]);
    else if (k === "u") nextUnsure(); else if (k === "f") setFollow($("[data-follow]"));
    else return;
    e.preventDefault();
  });
  // Find marks words without touching the DOM (CSS Custom Highlight API).
  $("#find")?.addEventListener("input", (e) => {
    CSS.highlights?.delete("find");
    const q = e.target.value.trim().toLowerCase();
    if (!q || !CSS.highlights) return;
    const found = [];
    for (const said of $$(".said")) for (const walker = document.createTreeWalker(said, NodeFilter.SHOW_TEXT); walker.nextNode();) {
      const text = walker.currentNode.data.toLowerCase();
      for (let p = text.indexOf(q); p >= 0; p = text.indexOf(q, p + q.length)) { const r = new Range(); r.setStart(walker.currentNode, p); r.setEnd(walker.currentNode, p + q.length); found.push(r); }
    }
    CSS.highlights.set("find", new Highlight(...found));
    found[0]?.startContainer.parentElement?.scrollIntoView({ block: "center" });
  });

  // While the transcription runs the text grows; when it is over the page is loaded whole, unless somebody listens.
  document.addEventListener("textor:swapped", (e) => {
    if (e.detail?.closest?.("#panel")) return;
    load(); paint();
    if ($("[data-finished]") && audio.paused) location.reload();
  });
  const again = () => { palette(); paint(); };
  new ResizeObserver(draw).observe(wave);
  document.addEventListener("themechange", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  addEventListener("hashchange", linked);
  load(); again(); linked();
})();
