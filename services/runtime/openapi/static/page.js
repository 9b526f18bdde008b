/* The page of the APIs: shows one document at a time, and keeps which in the address. */
"use strict";

const NAMES = ["ingest", "registry", "status"];

function show() {
  const wanted = location.hash.slice(1).split("/")[0];
  const name = NAMES.includes(wanted) ? wanted : NAMES[0];
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.name === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  window.SwaggerUIBundle({
    url: `${name}/openapi.json`,
    dom_id: "#api",
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
}

addEventListener("hashchange", show);
show();
