// Textor's shared behaviour. One delegated listener per event, nothing bound to single elements: it survives every swap.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const fa = document.documentElement.lang === "fa";
  const digits = (s) => (fa ? String(s).replace(/\d/g, (d) => "۰۱۲۳۴۵۶۷۸۹"[d]) : String(s));
  const say = (text) => { const live = $("#live"); if (live) live.textContent = text; };
  const typing = (e) => e.target.closest?.("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable],dialog");
  const icon = (button, name) => { const use = $("use", button); use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#i-" + name)); };

  function toast(text) {
    const note = document.createElement("div");
    note.className = "note err"; note.dataset.toast = ""; note.textContent = text;
    $("#toast").replaceChildren(note);
  }
  // The styled confirm. Resolves to true or false; Escape means no.
  function ask(question) {
    const dialog = $("#ask");
    $("h2", dialog).textContent = question;
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
  }
  const read = (t) => t.value ?? t.innerText;
  window.textor = { say, toast, ask, digits, icon };

  const actions = {
    "[data-theme-toggle]"() {
      const root = document.documentElement, dark = root.dataset.theme === "dark" || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* storage is off: until the next page */ }
      document.dispatchEvent(new Event("themechange"));
    },
    "[data-copy]"(b) {
      const text = $$(b.dataset.copy).map(read).join("\n").trim();
      navigator.clipboard?.writeText(text).catch(() => {});
      icon(b, "check"); setTimeout(() => icon(b, "copy"), 1500);
      say(document.body.dataset.copied);
    },
    "[data-reveal]"(b) {
      const input = $("#" + b.dataset.reveal), on = input.type === "password";
      input.type = on ? "text" : "password"; b.ariaPressed = String(on); icon(b, on ? "eye-off" : "eye");
    },
    "[data-answer]"(b) { b.closest("dialog").close(b.dataset.answer); },
    "[data-dismiss]"(b) { b.closest(b.dataset.dismiss)?.remove(); },
    "[data-none]"() { clear(); },
    "[data-print]"() { print(); },
  };
  document.addEventListener("click", (e) => { for (const s in actions) { const b = e.target.closest(s); if (b) return actions[s](b, e); } });
  document.addEventListener("submit", (e) => {
    const form = e.target, question = form.dataset.ask;
    if (!question || form.dataset.sure) return;
    e.preventDefault();
    ask(question).then((yes) => { if (yes) { form.dataset.sure = "1"; form.requestSubmit(); } });
  });

  // Bulk selection: CSS :has() shows the bar, this only counts.
  const rows = () => $$("#jobs .check, #tasks .check, .scenes .check");
  function count() {
    const n = rows().filter((c) => c.checked).length, all = $("[data-all]");
    $$("[data-count]").forEach((x) => (x.textContent = digits(n)));
    if (all) { all.checked = n > 0 && n === rows().length; all.indeterminate = n > 0 && !all.checked; }
  }
  function clear() { rows().forEach((c) => (c.checked = false)); count(); }
  document.addEventListener("change", (e) => {
    if (e.target.matches("[data-all]")) rows().forEach((c) => (c.checked = e.target.checked));
    if (e.target.matches(".check")) count();
    if (e.target.matches("[data-plain]")) $$("#export a[data-file]").forEach((a) => {
      const url = new URL(a.href); const on = e.target.checked ? "1" : "0";
      url.searchParams.set("speakers", on); url.searchParams.set("timestamps", on); a.href = url;
    });
  });
  document.addEventListener("jobs:changed", clear);

  // Times arrive in UTC; here they become the reader's own. Today shows the hour, this year the day.
  function localise() {
    const tag = fa ? "fa-IR" : "en-GB", now = new Date();
    $$("time[data-when]").forEach((t) => {
      const at = new Date(t.dateTime), same = at.toDateString() === now.toDateString();
      const style = t.dataset.when === "long" ? { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" }
        : same ? { hour: "2-digit", minute: "2-digit" } : at.getFullYear() === now.getFullYear() ? { day: "numeric", month: "short" } : { day: "numeric", month: "short", year: "numeric" };
      t.textContent = at.toLocaleString(tag, style);
      t.title = at.toLocaleString(tag, { dateStyle: "full", timeStyle: "short" });
    });
  }
  document.addEventListener("textor:swapped", () => { localise(); count(); });
  localise();

  document.addEventListener("keydown", (e) => {
    if (typing(e) || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "/") { const f = $('[data-key="/"]'); if (f) { f.focus(); e.preventDefault(); } }
    if (e.key === "?") $("#keys")?.showModal?.();
  });

  // For browsers without anchor positioning or invoker commands.
  if (!CSS.supports("position-area", "block-end")) document.addEventListener("toggle", (e) => {
    const m = e.target, b = m.id && $(`[popovertarget="${CSS.escape(m.id)}"]`); if (!b || e.newState !== "open") return;
    const r = b.getBoundingClientRect(), rtl = getComputedStyle(b).direction === "rtl", x = rtl ? r.left : r.right - m.offsetWidth;
    m.style.inset = `${Math.min(r.bottom + 4, innerHeight - m.offsetHeight - 8)}px auto auto ${Math.max(8, Math.min(x, innerWidth - m.offsetWidth - 8))}px`;
  }, true);
  if (!("commandForElement" in HTMLButtonElement.prototype)) document.addEventListener("click", (e) => {
    const b = e.target.closest("[commandfor]"), d = b && document.getElementById(b.getAttribute("commandfor"));
    if (d) b.getAttribute("command") === "close" ? d.close() : d.showModal();
  });
})();
