// htmx comes from a CDN, checked by its hash. Where that can't be reached, the app's own copy takes its place.
// Deferred scripts run in order, so window.htmx is known to be missing here.
{
  const own = document.currentScript.dataset.own;
  if (!window.htmx) {
    const script = document.createElement("script");
    script.src = own;
    document.head.append(script);
  }
}
