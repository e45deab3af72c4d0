// The page of the API's document. "Try it out" sends what a script of this site may send: with the reader's own session.
SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  tagsSorter: "alpha",
  validatorUrl: null,
});
