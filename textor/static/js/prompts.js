// A task's page: what was typed is told to be saved, prompts are copied together, scenes are dragged into another order.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const fields = (picked) => $$("#scenes > li").filter((li) => !picked || $(".check", li)?.checked).map((li) => $("textarea", li));
  const isTyped = (e) => e.target.matches?.("#scenes textarea");
  const save = (field) => window.htmx.trigger(field, "change");
  let unsaved = 0;

  function tell(word) {
    const place = $("#saved"), at = new Date().toLocaleTimeString(document.documentElement.lang === "fa" ? "fa-IR" : "en-GB", { hour: "2-digit", minute: "2-digit" });
    if (place) place.textContent = $("#task").dataset[word] + (word === "saved" ? " " + at : "");
  }

  document.addEventListener("click", (e) => {
    const b = e.target.closest("[data-copy-prompts]");
    if (!b) return;
    const texts = fields(b.dataset.copyPrompts === "picked").map((t) => t.value.trim());
    if (!texts.length) return;
    navigator.clipboard?.writeText(texts.join("\n\n")).catch(() => {});
    window.textor.icon(b, "check"); setTimeout(() => window.textor.icon(b, "copy"), 1500);
    window.textor.say(document.body.dataset.copied);
  });

  // Fields save themselves. What has been saved is what a later answer is compared with, so that it can change the field again.
  document.addEventListener("input", (e) => { if (isTyped(e)) { unsaved++; tell("unsaved"); } });
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => { if (ctx.sourceElement.matches("#scenes textarea")) { ctx.typed = unsaved; tell("saving"); } });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const field = ctx.sourceElement;
    if (!field.matches("#scenes textarea")) return;
    const isSaved = ctx.response?.status < 400;
    if (isSaved && ctx.typed === unsaved) { unsaved = 0; $$("#scenes textarea").forEach((t) => (t.defaultValue = t.value)); }
    tell(isSaved && !unsaved ? "saved" : "unsaved");
    if (isSaved && unsaved) setTimeout(() => save(field)); // more was typed meanwhile
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => { if (ctx?.sourceElement.matches("#scenes textarea")) tell("unsaved"); });
  // Whatever else is done sends all fields along, and waits for them to be saved; what is typed while it is done comes after it.
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target?.id !== "task" || ctx.sourceElement.matches("#scenes textarea")) return;
    const late = $$("#scenes textarea").find((t) => t.value !== t.defaultValue);
    unsaved = late ? 1 : 0;
    if (late) setTimeout(() => save(late));
  });
  addEventListener("beforeunload", (e) => { // typed a moment ago: sent along, unless that is too much for it
    const form = unsaved && $("#scenes-form");
    if (form && !navigator.sendBeacon(form.action, new URLSearchParams(new FormData(form)))) e.preventDefault();
  });

  // A scene is dragged by its number.
  let dragged = null;
  document.addEventListener("dragstart", (e) => {
    const grip = e.target.closest?.("#scenes[data-order] .when");
    if (!grip) return;
    dragged = grip.closest("li");
    e.dataTransfer.effectAllowed = "move";
    e.dataTransfer.setData("text/plain", "");
    e.dataTransfer.setDragImage(dragged, 8, 8);
    dragged.classList.add("dragged");
  });
  document.addEventListener("dragover", (e) => {
    const over = dragged && e.target.closest?.("#scenes > li");
    if (!over) return;
    e.preventDefault();
    const box = over.getBoundingClientRect(), after = e.clientY > box.top + box.height / 2;
    if (over !== dragged) over[after ? "after" : "before"](dragged);
  });
  document.addEventListener("drop", (e) => { if (dragged) e.preventDefault(); });
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("dragged"); dragged = null;
    $("#order").click(); // the order of the fields tells
  });
})();
