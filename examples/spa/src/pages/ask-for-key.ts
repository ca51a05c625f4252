/** A guardian whose letter never came asks for a key, with the facts that her district has chosen. */

import { open } from "../api/client";
import { answered } from "../api/problem";
import type { Place } from "../router";
import { h } from "../ui/dom";
import { textField, type Field } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, showStep, type Page } from "../ui/page";
import { t } from "../words";
import { districtOf } from "./login-screen";

export async function askForKey({ named }: Place): Promise<Page> {
  const district = await districtOf(named["district"]);
  const number = textField({
    name: "student_number",
    label: t("field.studentNumber"),
    hint: t("field.studentNumberHint"),
    verbatim: true,
  });
  const asked = district.key_request.fields.map(factField);
  const place = h("div", { class: "step" });

  async function send(captcha: string | undefined) {
    const facts = Object.fromEntries(asked.map((field) => [field.name, field.value().trim()]));
    const body = { district: district.id, student_number: number.value().trim(), ...facts, captcha };
    const answer = await answered(open.POST("/activate/key-requests", { body }));
    if ("activation_key" in answer) {
      const link = h(
        "a",
        { class: "button", href: `/d/${district.id}/new-user#key=${answer.activation_key}` },
        t("activate.title"),
      );
      showStep(place, t("askForKey.shown"), h("p", { class: "big-key", dir: "ltr" }, answer.activation_key), link);
    } else {
      showStep(place, t("askForKey.done"), h("p", {}, answer.detail));
    }
  }

  const captcha = { district: district.id, action: "key_request" } as const;
  place.append(
    form({ fields: [number, ...asked], submit: t("askForKey.submit"), district: district.id, captcha, send }),
  );
  return {
    title: t("door.askForKey"),
    lead: t("askForKey.lead"),
    district,
    content: [card(place), backTo(`/d/${district.id}`, t("page.toSignIn"))],
  };
}

function factField(fact: string): Field {
  switch (fact) {
    case "birth_date":
      return textField({ name: fact, label: t("field.childBirthDate"), type: "date" });
    case "ssn_last4":
      return textField({
        name: fact,
        label: t("field.ssnLast4"),
        hint: t("field.ssnLast4Hint"),
        digits: true,
        verbatim: true,
      });
    case "guardian_first_name":
      return textField({ name: fact, label: t("field.yourFirstName"), autocomplete: "given-name" });
    default:
      return textField({ name: fact, label: t("field.yourLastName"), autocomplete: "family-name" });
  }
}
