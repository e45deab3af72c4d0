// For organisers: the running system as a picture that moves. What draws it is loaded when somebody looks.

import { h } from "../dom.js";
import { block, resource } from "../states.js";
import { personal } from "./needs-session.js";

export default personal(
  "Backstage",
  ({ signal }) => [
    h("div", { class: "pagehead" }, h("h1", { tabindex: "-1" }, "Backstage")),
    resource({
      signal,
      load: async () => {
        const { ready, system } = await import("../backstage/system.js");
        await ready();
        return system;
      },
      render: (system) => system(signal),
      skeleton: h("div", { class: "stack" }, block("60%", "1.6rem"), block("100%", "20rem")),
    }),
  ],
  { organiser: true },
);
