// Uploads with progress: one XMLHttpRequest per file (htmx uses fetch, which tells none), two at a time, the rest wait their turn.
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const words = form.dataset, list = document.getElementById("uploads"), picker = document.getElementById("file"), template = document.getElementById("upload-row");
  const AT_ONCE = 2, waiting = [];
  let running = 0, arrived = 0;
  const mb = (n) => window.textor.digits((n / 1e6).toFixed(1));
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  function add(files) { for (const file of files) row(file); next(); }

  function row(file) {
    const li = template.content.cloneNode(true).firstElementChild, job = { file, li, bar: li.querySelector("progress"), state: li.querySelector("[data-state]"), button: li.querySelector("button") };
    li.querySelector("[data-name]").textContent = file.name;
    job.bar.ariaLabel = file.name;
    job.button.ariaLabel = `${words.cancel} ${file.name}`;
    job.button.addEventListener("click", () => { job.xhr?.abort(); drop(job); });
    list.append(li); list.hidden = false;
    if (file.size > +words.max) return fail(job, words.tooLarge);
    if (!file.size) return fail(job, words.empty);
    job.state.textContent = words.waiting;
    waiting.push(job);
  }
  function drop(job) {
    const place = waiting.indexOf(job);
    if (place >= 0) waiting.splice(place, 1);
    job.li.remove(); list.hidden = !list.children.length; next();
  }
  function fail(job, text, again = false) {
    job.state.textContent = text; job.state.classList.add("bad"); job.bar.remove(); job.li.classList.add("failed");
    job.button.ariaLabel = `${words.dismiss} ${job.file.name}`;
    window.textor.say(`${job.file.name}: ${text}`);
    if (again) {
      const retry = Object.assign(document.createElement("button"), { type: "button", className: "btn sm", textContent: words.retry });
      retry.addEventListener("click", () => { drop(job); add([job.file]); });
      job.button.before(retry);
    }
  }
  function next() { while (running < AT_ONCE && waiting.length) send(waiting.shift()); }

  function send(job) {
    running++;
    const xhr = (job.xhr = new XMLHttpRequest()), data = new FormData();
    for (const name of ["engine", "language", "vocabulary", "speaker_count"]) data.append(name, form.elements[name].value);
    if (form.elements.diarize?.checked) data.append("diarize", "1");
    data.append("file", job.file, job.file.name);
    xhr.open("POST", form.action);
    xhr.setRequestHeader("X-CSRFToken", words.token);
    xhr.setRequestHeader("Accept", "application/json");
    xhr.upload.onprogress = (e) => {
      job.bar.max = e.total; job.bar.value = e.loaded;
      job.state.textContent = e.loaded < e.total ? fill(words.progress, { done: mb(e.loaded), total: mb(e.total), percent: window.textor.digits(Math.floor((100 * e.loaded) / e.total)) }) : words.checking;
    };
    xhr.onload = () => {
      let answer = {};
      try { answer = JSON.parse(xhr.responseText); } catch { /* not ours: a proxy's page */ }
      if (xhr.status === 201) { arrived++; job.li.remove(); list.hidden = !list.children.length; window.textor.say(`${job.file.name}: ${words.done}`); }
      else if (xhr.status === 401 && answer.login) return location.assign(answer.login);
      else fail(job, answer.error || words.failed, xhr.status >= 500 || xhr.status === 429 || !xhr.status);
    };
    xhr.onerror = () => fail(job, words.failed, true);
    xhr.onloadend = () => { running--; done(); next(); };
    xhr.send(data);
  }
  function done() {
    if (!arrived) return;
    if (document.getElementById("jobs")) { arrived = 0; return window.htmx?.trigger(document.body, "jobs:changed"); }
    if (!running && !waiting.length) location.reload(); // the first one: the list itself is not on the page yet
  }

  picker.addEventListener("change", () => { add([...picker.files]); picker.value = ""; });
  form.addEventListener("submit", (e) => e.preventDefault());
  addEventListener("beforeunload", (e) => { if (running || waiting.length) e.preventDefault(); });

  // Drop anywhere.
  let depth = 0;
  const over = (on) => form.classList.toggle("over", on), carries = (e) => e.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (e) => { if (carries(e)) { depth++; over(true); } });
  addEventListener("dragleave", () => { if (--depth <= 0) { depth = 0; over(false); } });
  addEventListener("dragover", (e) => e.preventDefault());
  addEventListener("drop", (e) => { e.preventDefault(); depth = 0; over(false); if (e.dataTransfer?.files.length) add([...e.dataTransfer.files]); });
  form.addEventListener("textor:recorded", (e) => add([e.detail]));
})();
