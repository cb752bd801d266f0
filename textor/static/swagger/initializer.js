// Swagger UI over this Textor's own document. Who is logged in here calls as themselves: their token goes with what changes things.
const place = document.getElementById("swagger-ui");
const SAFE = ["GET", "HEAD", "OPTIONS"];

function withToken(request) {
  const isOurs = new URL(request.url, location.href).origin === location.origin;
  if (place.dataset.csrf && isOurs && !SAFE.includes((request.method || "GET").toUpperCase())) {
    request.headers["X-CSRFToken"] ??= place.dataset.csrf;
  }
  return request;
}

SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null,
  requestInterceptor: withToken,
});
