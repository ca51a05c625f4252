// “It was not me”: a change is undone and the account protected.

import { byId, send, show, showBroken, takeSecret, whenSubmitted } from "./page.js";

const token = takeSecret("token");

whenSubmitted(byId("begin"), async () => {
  await send("security/dispute", { token });
  show("done");
});

token ? show("begin") : showBroken();
