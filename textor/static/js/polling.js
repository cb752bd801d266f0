// How the polled parts of a page ask: not in the background, with the tag of what they have, and what they say when they change.
// A manual If-None-Match lets the 304 reach htmx, which then skips the swap; the browser itself would turn it into a cached 200.
(() => {
  const tags = new Map();
  const words = document.body.dataset;
  const key = (ctx) => ctx.request.action + "|" + (ctx.sourceElement.id || "");

  document.addEventListener("htmx:config:request", (e) => {
    const { ctx } = e.detail;
    if (!ctx.sourceElement.matches("#jobs, #script, #engines, #queue, #comparison, #summary, #chat, #task, #tasks")) return;
    if (ctx.sourceEvent?.type === "every" && document.hidden) return e.preventDefault();
    const tag = tags.get(key(ctx));
    if (tag) ctx.request.headers["If-None-Match"] = tag;
  });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const tag = ctx.response?.headers?.get?.("ETag");
    if (tag) tags.set(key(ctx), tag);
  });

  // Screen readers hear that a job changed its state, never each percent.
  let states = new Map();
  const look = () => new Map([...document.querySelectorAll("#jobs tr[data-state]")].map((tr) => [tr.id, tr.dataset.state]));
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    const now = look();
    const told = [];
    for (const [id, state] of now) {
      if (!states.has(id) || states.get(id) === state) continue;
      const tr = document.getElementById(id);
      told.push(`${tr.querySelector(".name").innerText.trim()}: ${tr.querySelector(".st").innerText.trim()}`);
    }
    states = now;
    if (told.length) window.textor.say(told.join(". "));
    document.dispatchEvent(new CustomEvent("textor:swapped", { detail: ctx.sourceElement })); // who asked
  });
  states = look();

  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => ctx.response.status >= 500 && window.textor.toast(words.broken));
  document.addEventListener("htmx:error", ({ detail }) => detail.ctx && window.textor.toast(words.unreachable));
  document.addEventListener("htmx:confirm", (e) => {
    if (!e.detail.ctx.confirm) return;
    e.preventDefault();
    window.textor.ask(e.detail.ctx.confirm).then((yes) => (yes ? e.detail.issueRequest() : e.detail.dropRequest()));
  });
})();
