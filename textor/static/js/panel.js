// The transcript's side panel, and the page that asks all transcripts. Without this the tabs are links to the same page.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const POLLED = "#summary, #chat";

  const bar = $("#panel > .tabs");
  if (bar) {
    const tabs = $$("a", bar), pane = (tab) => document.getElementById(tab.dataset.pane);
    bar.role = "tablist";
    for (const tab of tabs) {
      const shown = pane(tab);
      tab.role = "tab"; tab.setAttribute("aria-controls", shown.id);
      shown.role = "tabpanel"; shown.tabIndex = 0; shown.setAttribute("aria-labelledby", tab.id);
      tab.ariaSelected = String(tab.hasAttribute("aria-current")); tab.tabIndex = tab.ariaSelected === "true" ? 0 : -1;
      tab.removeAttribute("aria-current");
    }
    const open = (chosen) => {
      for (const tab of tabs) { const on = tab === chosen; tab.ariaSelected = String(on); tab.tabIndex = on ? 0 : -1; pane(tab).hidden = !on; }
      const url = new URL(chosen.href);
      history.replaceState(history.state, "", url.pathname + url.search);
      down(true);
    };
    bar.addEventListener("click", (e) => {
      const tab = e.target.closest("a");
      if (!tab || e.ctrlKey || e.metaKey || e.shiftKey) return;
      e.preventDefault(); open(tab);
    });
    bar.addEventListener("keydown", (e) => {
      const i = tabs.indexOf(e.target.closest("a")), ahead = getComputedStyle(bar).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
      if (i < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
      const to = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: -1 }[e.key];
      if (e.key === " ") open(tabs[i]);
      else if (to !== undefined) { const next = tabs.at((e.key.startsWith("Arrow") ? i + (e.key === ahead ? 1 : -1) : to) % tabs.length); next.focus(); open(next); }
      else return;
      e.preventDefault(); e.stopPropagation(); // the arrows are the player's elsewhere
    });
  }

  // The newest of a conversation is in sight, unless somebody has gone back to read: in its own pane, or on a page of its own.
  let atEnd = true;
  const box = () => { const pane = $("#pane-chat"); return pane && pane.scrollHeight > pane.clientHeight ? pane : document.scrollingElement; };
  const measure = () => { const b = box(); atEnd = b.scrollHeight - b.scrollTop - b.clientHeight < 80; };
  function down(always) {
    const b = box();
    if (!always && !atEnd) return;
    if (b.id || !bar) b.scrollTop = b.scrollHeight; else if (atEnd && !always) $("#chat-log > :last-child")?.scrollIntoView({ block: "nearest" });
  }

  // A part that is swapped keeps the focus, also where what had it is gone.
  let focused = null;
  document.addEventListener("htmx:before:swap", () => { measure(); focused = document.activeElement?.closest(POLLED)?.id; });
  document.addEventListener("htmx:after:swap", () => {
    if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
    focused = null;
    down();
  });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement?.closest?.("form[data-clear]");
    if (form && ctx.response?.status < 300) { form.reset(); atEnd = true; }
  });
  // What is watched was deleted elsewhere: the page knows what is left.
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    if (ctx.response.status === 404 && ctx.sourceElement?.matches?.(POLLED)) location.reload();
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.shiftKey || e.isComposing || !e.target.matches?.(".ask textarea")) return;
    e.preventDefault();
    if (e.target.value.trim()) e.target.form.requestSubmit();
  });
  down(true);
})();
