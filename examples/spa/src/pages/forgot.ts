/** Forgotten: the password or the username. The answer is the same for everybody, so that nobody learns who has an account. */

import { open, type Schemas } from "../api/client";
import { answered } from "../api/problem";
import type { Place } from "../router";
import { h } from "../ui/dom";
import { textField } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, showStep, type Page } from "../ui/page";
import { t } from "../words";
import { districtOf } from "./login-screen";
import { portalField } from "./portal-field";

export async function forgotPassword({ named, query }: Place): Promise<Page> {
  const district = await districtOf(named["district"]);
  const portal = portalField(district, query.get("portal") === "staff");
  const username = textField({
    name: "username",
    label: t("field.username"),
    autocomplete: "username",
    verbatim: true,
  });
  const place = h("div", { class: "step" });

  async function send(captcha: string | undefined) {
    const body = {
      district: district.id,
      portal: portal.value() as Schemas["Portal"],
      username: username.value(),
      captcha,
    };
    const { detail } = await answered(open.POST("/password-reset", { body }));
    showStep(place, t("forgot.sent"), h("p", {}, detail));
  }

  const captcha = { district: district.id, action: "password_reset" } as const;
  place.append(form({ fields: [portal, username], submit: t("forgot.send"), district: district.id, captcha, send }));
  return {
    title: t("door.forgotPassword"),
    lead: t("forgot.passwordLead"),
    district,
    content: [card(place), backTo(`/d/${district.id}`, t("page.toSignIn"))],
  };
}

export async function forgotUsername({ named }: Place): Promise<Page> {
  const district = await districtOf(named["district"]);
  const email = textField({ name: "email", label: t("field.recoveryEmail"), type: "email", autocomplete: "email" });
  const place = h("div", { class: "step" });

  async function send(captcha: string | undefined) {
    const body = { district: district.id, email: email.value().trim(), captcha };
    const { detail } = await answered(open.POST("/username-recovery", { body }));
    showStep(place, t("forgot.sent"), h("p", {}, detail));
  }

  const captcha = { district: district.id, action: "username_recovery" } as const;
  place.append(form({ fields: [email], submit: t("forgot.send"), district: district.id, captcha, send }));
  return {
    title: t("door.forgotUsername"),
    lead: t("forgot.usernameLead"),
    district,
    content: [card(place), backTo(`/d/${district.id}`, t("page.toSignIn"))],
  };
}
