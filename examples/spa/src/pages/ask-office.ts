/** Writing to the office, when nothing else helps. */

import { open, type Schemas } from "../api/client";
import { answered } from "../api/problem";
import type { Place } from "../router";
import { h } from "../ui/dom";
import { longTextField, selectField, textField } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, showStep, type Page } from "../ui/page";
import { t, type Word } from "../words";
import { districtOf } from "./login-screen";

const CATEGORIES: Schemas["TicketCategory"][] = [
  "cannot_reset_online",
  "cannot_answer_challenge_questions",
  "wrong_address_on_record",
  "child_not_shown",
  "other",
];

export async function askOffice({ named }: Place): Promise<Page> {
  const district = await districtOf(named["district"]);
  const options = CATEGORIES.map((value) => ({ value, text: t(`ticket.${value}` as Word) }));
  const category = selectField({ name: "category", label: t("ticket.category"), options });
  const first = textField({ name: "first_name", label: t("field.yourFirstName"), autocomplete: "given-name" });
  const last = textField({ name: "last_name", label: t("field.yourLastName"), autocomplete: "family-name" });
  const number = textField({
    name: "student_number",
    label: t("field.studentNumber"),
    hint: t("field.studentNumberHint"),
    optional: true,
    verbatim: true,
  });
  const email = textField({ name: "email", label: t("ticket.email"), type: "email", autocomplete: "email" });
  const message = longTextField({ name: "message", label: t("ticket.message"), optional: true });
  const place = h("div", { class: "step" });

  async function send(captcha: string | undefined) {
    const body = {
      district: district.id,
      category: category.value() as Schemas["TicketCategory"],
      first_name: first.value(),
      last_name: last.value(),
      student_number: number.value().trim() || undefined,
      email: email.value().trim(),
      message: message.value().trim() || undefined,
      captcha,
    };
    const { reference } = await answered(open.POST("/support-tickets", { body }));
    showStep(place, t("ticket.done"), h("p", {}, t("ticket.reference", { reference })));
  }

  const captcha = { district: district.id, action: "support_ticket" } as const;
  const fields = [category, first, last, number, email, message];
  place.append(form({ fields, submit: t("ticket.submit"), district: district.id, captcha, send }));
  return {
    title: t("ticket.title"),
    lead: t("ticket.lead"),
    district,
    content: [card(place), backTo(`/d/${district.id}`, t("page.toSignIn"))],
  };
}
