// The microphone: record in the browser, then upload like any other file.
(() => {
  const button = document.querySelector("[data-record]");
  if (!button) return;
  const words = button.dataset, label = button.querySelector("[data-label]");
  const KINDS = [["audio/webm;codecs=opus", "webm"], ["audio/ogg;codecs=opus", "ogg"], ["audio/mp4", "m4a"]];
  let recorder = null, timer = 0;

  const clock = (ms) => window.textor.digits(`${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`);
  function show(on) {
    button.ariaPressed = String(on); button.classList.toggle("recording", on);
    window.textor.icon(button, on ? "square" : "mic");
    label.textContent = on ? words.stop : words.start;
  }
  async function start() {
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return window.textor.toast(words.absent);
    let stream;
    try { stream = await navigator.mediaDevices.getUserMedia({ audio: true }); }
    catch (error) { return window.textor.toast(error.name === "NotAllowedError" ? words.denied : words.absent); }
    const [type, ending] = KINDS.find(([t]) => MediaRecorder.isTypeSupported(t)) ?? ["", "webm"], parts = [], began = Date.now();
    recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
    recorder.ondataavailable = (e) => e.data.size && parts.push(e.data);
    recorder.onstop = () => {
      stream.getTracks().forEach((t) => t.stop()); clearInterval(timer); recorder = null; show(false);
      const at = new Date(began), stamp = at.toISOString().slice(0, 10) + " " + at.toTimeString().slice(0, 5).replace(":", ".");
      const file = new File(parts, `${words.name} ${stamp}.${ending}`, { type: type.split(";")[0] });
      document.getElementById("upload").dispatchEvent(new CustomEvent("textor:recorded", { detail: file }));
    };
    recorder.start(1000);
    show(true);
    timer = setInterval(() => (label.textContent = `${words.stop} · ${clock(Date.now() - began)}`), 500);
  }
  button.addEventListener("click", () => (recorder ? recorder.stop() : start()));
})();
