// An activation key becomes an account. The key may come with the link, or be typed from a letter.

import { byId, fill, send, show, takeSecret, whenSubmitted } from "./page.js";
import { startPasswordFields } from "./password.js";

const begin = byId("begin");
const key = takeSecret("key");
const attempt = { body: "", id: "" };

if (begin) {
  byId("activation_key").value = key ?? "";
  whenSubmitted(begin, verify);
  whenSubmitted(byId("choose"), activate);
  show("begin");
}

async function verify() {
  const offer = await send("activate/verify", theKey()).catch(blameKey);
  fill(byId("welcome"), offer);
  fill(byId("username-hint"), { min: offer.username_policy.min_length, max: offer.username_policy.max_length });
  for (const line of document.querySelectorAll("[data-portal]")) line.hidden = line.dataset.portal !== offer.portal;
  byId("username").value ||= offer.username ?? "";
  startPasswordFields(offer.password_policy);
  show("choose");
}

async function activate({ recovery_email, ...typed }) {
  const body = {
    ...theKey(),
    ...typed,
    ...(recovery_email && { recovery_email }),
    locale: document.documentElement.lang,
    device: { shared: true },
  };
  const session = await send("activate", body, { "Idempotency-Key": attemptFor(body) });
  // Nobody is to stay signed in here: this page cannot use the session.
  await send("login/logout", { refresh_token: session.refresh_token }).catch(() => null);
  byId("chosen-username").textContent = session.account.username;
  byId("mail-sent").hidden = !recovery_email;
  byId("choose").reset();
  begin.reset();
  show("done");
}

/** What is wrong with the key itself is said at its field. */
function blameKey(fault) {
  const { code = "", detail } = fault.problem ?? {};
  if (code.startsWith("activation_key_")) fault.problem.errors = [{ pointer: "/activation_key", detail }];
  throw fault;
}

function theKey() {
  return { district: begin.dataset.district, activation_key: byId("activation_key").value };
}

/** The same for the same words: if only the answer was lost, pressing the button again is no second use of the key. */
function attemptFor(body) {
  if (attempt.body !== JSON.stringify(body)) {
    attempt.body = JSON.stringify(body);
    attempt.id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return attempt.id;
}
