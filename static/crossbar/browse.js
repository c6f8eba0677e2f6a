// Shows the description of this installation's API, and nothing from anywhere else.
window.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("api");
  window.ui = SwaggerUIBundle({
    url: place.dataset.description,
    domNode: place,
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    persistAuthorization: false,
    validatorUrl: null,
    defaultModelsExpandDepth: 0,
    presets: [SwaggerUIBundle.presets.apis],
  });
});
