// A forgotten password: the link is looked at, then a new password is set with it.

import { byId, send, show, showBroken, takeSecret, whenSubmitted } from "./page.js";
import { startPasswordFields } from "./password.js";

const token = takeSecret("token");

whenSubmitted(byId("begin"), async () => {
  const offer = await send("password-reset/check", { token });
  byId("username").textContent = offer.username_masked;
  startPasswordFields(offer.password_policy);
  show("choose");
});

whenSubmitted(byId("choose"), async (typed) => {
  await send("password-reset/confirm", { token, ...typed });
  byId("choose").reset();
  show("done");
});

token ? show("begin") : showBroken();
