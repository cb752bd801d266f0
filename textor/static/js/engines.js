// What the chosen engine can't do is said at once: its facts below the form's first row, and a mark on languages it doesn't know.
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const { engine, language } = form.elements, words = form.dataset, place = document.getElementById("engine-facts");
  const cards = [...form.querySelectorAll("[data-choices]")], fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  for (const option of language.options) option.dataset.name = option.text;

  const knows = (card, code) => !code || card.dataset.languages === undefined || [code, code.split("_")[0]].some((one) => card.dataset.languages.split(" ").includes(one));

  function show() {
    const card = cards.find((one) => one.dataset.choices.split(" ").includes(engine.value));
    if (!card) return place.replaceChildren();
    const title = card.dataset.title, facts = card.querySelector(".cando").cloneNode(true), chosen = language.selectedOptions[0];
    for (const option of language.options) option.text = knows(card, option.value) ? option.dataset.name : `${option.dataset.name} · ${fill(words.foreign, { engine: title })}`;
    language.dispatchEvent(new Event("textor:marked"));
    if (!knows(card, chosen.value)) facts.prepend(Object.assign(document.createElement("li"), { className: "warn", textContent: fill(words.unknown, { engine: title, language: chosen.dataset.name }) }));
    place.replaceChildren(facts);
    note(form.elements.vocabulary, "hints" in card.dataset, fill(words.noHints, { engine: title }));
    note(form.elements.speaker_count, "count" in card.dataset, fill(words.noCount, { engine: title }));
  }
  function note(field, can, text) {
    const small = document.getElementById(`${field.id}-hint`);
    small.dataset.usual ??= small.textContent;
    small.textContent = can ? small.dataset.usual : text;
    small.classList.toggle("warn", !can);
  }
  form.addEventListener("change", (e) => { if (e.target === engine || e.target === language) show(); });
  show();
})();
