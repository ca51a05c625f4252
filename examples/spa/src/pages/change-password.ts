/** Another password. Everybody who is signed in elsewhere is signed out, and a mail tells the owner. */

import { mine } from "../api/client";
import { answered } from "../api/problem";
import { account } from "../api/session";
import { h } from "../ui/dom";
import { passwordField } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, showStep, type Page } from "../ui/page";
import { t } from "../words";
import { districtOf } from "./login-screen";
import { newPassword } from "./new-password";

export async function changePassword(): Promise<Page> {
  const { password_policy } = await districtOf(account()?.district.id);
  const current = passwordField({
    name: "current_password",
    label: t("field.currentPassword"),
    autocomplete: "current-password",
  });
  const [password, again] = newPassword(password_policy);
  const place = h("div", { class: "step" });
  async function send() {
    const body = { current_password: current.value(), password: password.value(), password_confirm: again.value() };
    await answered(mine.PUT("/me/password", { body }));
    showStep(place, t("password.changed"), h("p", {}, t("password.changedHint")));
  }
  place.append(form({ fields: [current, password, again], submit: t("password.submit"), send }));
  return {
    title: t("password.title"),
    lead: t("password.lead"),
    content: [card(place), backTo("/account", t("page.toAccount"))],
  };
}
