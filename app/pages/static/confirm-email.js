// A recovery address is confirmed by whoever reads its mail.

import { byId, send, show, showBroken, takeSecret, whenSubmitted } from "./page.js";

const token = takeSecret("token");

whenSubmitted(byId("begin"), async () => {
  await send("recovery-email/confirm", { token });
  show("done");
});

token ? show("begin") : showBroken();
