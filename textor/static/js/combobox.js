// A long <select> becomes a field to type in. The select stays what the form sends, and all there is without script.
(() => {
  let serial = 0;
  const plain = (s) => s.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  function enhance(wrap) {
    const select = wrap.querySelector("select"), label = document.querySelector(`label[for="${select.id}"]`), id = "cb" + ++serial;
    const input = Object.assign(document.createElement("input"), { type: "text", className: "input", id, autocomplete: "off", role: "combobox" });
    const list = Object.assign(document.createElement("ul"), { id: id + "-list", className: "options", role: "listbox", hidden: true });
    list.popover = "manual"; list.hidden = false;
    input.setAttribute("aria-controls", list.id); input.setAttribute("aria-autocomplete", "list"); input.ariaExpanded = "false"; input.spellcheck = false;
    list.setAttribute("aria-label", label.textContent);
    if (wrap.classList.contains("quiet")) input.classList.add("quiet");
    label.htmlFor = id;
    select.hidden = true; select.after(input); wrap.append(list); wrap.classList.add("combo");
    const all = [...select.options].map((o, n) => ({ option: o, n, find: plain(`${o.text} ${o.dataset.find || ""} ${o.value}`) }));
    let shown = [], at = -1;

    const settle = () => { const o = select.selectedOptions[0]; input.value = o?.text ?? ""; input.lang = o?.lang || ""; };
    function mark(n) {
      at = n;
      [...list.children].forEach((li, i) => li.setAttribute("aria-selected", String(i === n)));
      input.setAttribute("aria-activedescendant", list.children[n]?.id ?? "");
      list.children[n]?.scrollIntoView?.({ block: "nearest" });
    }
    function open(query = "") {
      const q = plain(query.trim());
      const rank = (x) => (plain(x.option.dataset.find || x.option.text).startsWith(q) || plain(x.option.text).startsWith(q) ? 0 : 1);
      shown = all.filter((x) => x.find.includes(q)).sort((a, b) => (q ? rank(a) - rank(b) : 0) || a.n - b.n);
      list.replaceChildren(...shown.map((x, i) => Object.assign(document.createElement("li"), { id: `${id}-${x.n}`, role: "option", textContent: x.option.text, lang: x.option.lang, dir: "auto" })));
      if (!shown.length) list.append(Object.assign(document.createElement("li"), { className: "muted", role: "option", ariaDisabled: "true", textContent: wrap.dataset.none }));
      if (!list.matches(":popover-open")) list.showPopover();
      place();
      input.ariaExpanded = "true";
      mark(shown.length ? Math.max(0, q ? 0 : shown.findIndex((x) => x.option.selected)) : -1);
    }
    function place() {
      const r = input.getBoundingClientRect(), below = innerHeight - r.bottom - 16, up = below < 180 && r.top > below;
      list.style.insetBlockStart = up ? "auto" : `${r.bottom + 4}px`; list.style.insetBlockEnd = up ? `${innerHeight - r.top + 4}px` : "auto";
      list.style.left = `${Math.max(8, Math.min(r.left, innerWidth - Math.max(r.width, 224) - 8))}px`; list.style.right = "auto"; list.style.width = `${Math.max(r.width, 224)}px`;
      list.style.maxBlockSize = `${Math.min(320, up ? r.top - 16 : below)}px`;
    }
    function close() { if (list.matches(":popover-open")) list.hidePopover(); input.ariaExpanded = "false"; input.removeAttribute("aria-activedescendant"); settle(); }
    function choose(n) { if (shown[n]) { select.value = shown[n].option.value; select.dispatchEvent(new Event("change", { bubbles: true })); } close(); }

    input.addEventListener("focus", () => input.select());
    input.addEventListener("click", () => open());
    input.addEventListener("input", () => open(input.value));
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (e) => {
      const is = list.matches(":popover-open");
      if (e.key === "ArrowDown" || e.key === "ArrowUp") { is ? mark((at + (e.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length) : open(); e.preventDefault(); }
      else if (e.key === "Enter" && is) { choose(at); e.preventDefault(); }
      else if (e.key === "Escape" && is) { close(); e.stopPropagation(); }
    });
    list.addEventListener("pointerdown", (e) => e.preventDefault());
    list.addEventListener("click", (e) => { const li = e.target.closest("[role=option]"); if (li) choose([...list.children].indexOf(li)); });
    addEventListener("scroll", () => list.matches(":popover-open") && place(), { passive: true, capture: true });
    select.addEventListener("textor:marked", settle);
    settle();
  }
  document.querySelectorAll("[data-combobox]").forEach(enhance);
})();
