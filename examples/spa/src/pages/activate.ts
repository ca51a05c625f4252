/** A new user: the key of the letter, then a username and a password. */

import { open, type Schemas } from "../api/client";
import { thisDevice } from "../api/device";
import { answered } from "../api/problem";
import { begin } from "../api/session";
import { go, type Place } from "../router";
import { h } from "../ui/dom";
import { textField } from "../ui/fields";
import { form } from "../ui/form";
import { card, showStep, type Page } from "../ui/page";
import { day, language, t, type Word } from "../words";
import { afterSignIn } from "./after-sign-in";
import { districtOf, type District } from "./login-screen";
import { newPassword } from "./new-password";

/** `/d/jackson-ga/new-user`, or a mailed link: `/activate?district=jackson-ga#key=F7KQ2-...`. */
export async function activatePage({ named, query, secrets }: Place): Promise<Page> {
  const district = await districtOf(named["district"] ?? query.get("district") ?? "");
  const place = h("div", { class: "step" });
  const key = keyField(secrets.get("key") ?? "");

  async function look() {
    const body = { district: district.id, activation_key: key.value() };
    const offer = await answered(open.POST("/activate/verify", { body }));
    const title = t("activate.welcome", { name: offer.first_name });
    const hint = t("activate.opens", { portal: t(`portal.${offer.portal}` as Word), until: day(offer.expires_at) });
    showStep(place, title, h("p", {}, hint), accountForm(district, body.activation_key, offer));
  }

  place.append(form({ fields: [key], submit: t("activate.continue"), district: district.id, send: look }));
  return { title: t("activate.title"), lead: t("activate.lead"), district, content: [card(place)] };
}

/** Pasted keys come with spaces and in any case; here they are shown in groups of five, as on the letter. */
function keyField(value: string) {
  const field = textField({
    name: "activation_key",
    label: t("field.key"),
    hint: t("field.keyHint"),
    verbatim: true,
    value: grouped(value),
  });
  const input = field.control as HTMLInputElement;
  input.classList.add("key");
  input.addEventListener("paste", (event) => {
    const pasted = event.clipboardData?.getData("text") ?? "";
    if (!pasted.trim() || input.value.trim()) return;
    event.preventDefault();
    input.value = grouped(pasted);
  });
  return field;
}

function grouped(key: string): string {
  const letters = key.toUpperCase().replace(/[^A-Z0-9]/g, "");
  return letters.match(/.{1,5}/g)?.join("-") ?? "";
}

function accountForm(district: District, activation_key: string, offer: Schemas["KeyOfferAnswer"]): HTMLElement {
  const { min_length, max_length } = offer.username_policy;
  const username = textField({
    name: "username",
    label: t("field.chooseUsername"),
    hint: t("rule.username", { min: min_length, max: max_length }),
    autocomplete: "username",
    value: offer.username,
    verbatim: true,
  });
  const [password, again] = newPassword(offer.password_policy);
  const email = textField({
    name: "recovery_email",
    label: t("field.recoveryEmail"),
    hint: t("field.recoveryEmailHint"),
    type: "email",
    autocomplete: "email",
    optional: true,
  });
  // The answer may be lost on its way: pressed once more, the same key of idempotency opens the account that was made.
  const once = crypto.randomUUID();

  async function send() {
    const body = {
      district: district.id,
      activation_key,
      username: username.value(),
      password: password.value(),
      password_confirm: again.value(),
      recovery_email: email.value().trim() || undefined,
      locale: language(),
      device: thisDevice(),
    };
    begin(await answered(open.POST("/activate", { body, params: { header: { "Idempotency-Key": once } } })));
    go(afterSignIn());
  }

  return form({
    fields: [username, password, again, email],
    submit: t("activate.submit"),
    district: district.id,
    send,
  });
}
