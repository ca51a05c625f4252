/** The address where reset mails go. It counts once it is confirmed: by the link in the mail, or by the code beside it. */

import { mine } from "../api/client";
import { answered } from "../api/problem";
import { account, nextSteps, update } from "../api/session";
import { h } from "../ui/dom";
import { passwordField, textField } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, note, showStep, type Page } from "../ui/page";
import { t } from "../words";
import { afterSignIn } from "./after-sign-in";

export function recoveryEmail(): Page {
  const place = h("div", { class: "step" });
  const current = account()?.recovery_email;
  if (current && !current.confirmed) showCodeForm(place, current.address_masked);
  else place.append(addressForm(place));
  return {
    title: t("email.title"),
    lead: t("email.why"),
    content: [
      current?.confirmed && note("good", t("email.nowAt", { address: current.address_masked })),
      card(place),
      backTo("/account", t("page.toAccount")),
    ],
  };
}

function addressForm(place: HTMLElement): HTMLElement {
  const email = textField({ name: "email", label: t("field.recoveryEmail"), type: "email", autocomplete: "email" });
  const password = passwordField({
    name: "current_password",
    label: t("field.currentPassword"),
    autocomplete: "current-password",
  });
  async function send() {
    const body = { email: email.value().trim(), current_password: password.value() };
    await answered(mine.PUT("/me/recovery-email", { body }));
    showCodeForm(place, body.email);
  }
  return form({ fields: [email, password], submit: t("email.submit"), send });
}

function showCodeForm(place: HTMLElement, address: string): void {
  const code = textField({
    name: "code",
    label: t("email.code"),
    hint: t("email.codeHint"),
    autocomplete: "one-time-code",
    verbatim: true,
  });
  async function send() {
    await answered(mine.POST("/me/recovery-email/confirm", { body: { code: code.value().trim() } }));
    const open = nextSteps().filter((step) => !step.endsWith("_recovery_email"));
    update({ nextSteps: open, account: await answered(mine.GET("/me")) });
    showStep(
      place,
      t("email.confirmed"),
      h("p", {}, h("a", { class: "button", href: afterSignIn() }, t("activate.continue"))),
    );
  }
  const other = h(
    "button",
    { type: "button", class: "plain", click: () => showStep(place, t("email.other"), addressForm(place)) },
    t("email.other"),
  );
  showStep(
    place,
    t("email.enterCode"),
    h("p", {}, t("email.sentTo", { address })),
    form({ fields: [code], submit: t("email.confirm"), send }),
    other,
  );
}
