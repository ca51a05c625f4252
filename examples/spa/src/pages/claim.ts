/** A student without a key claims the account with name and number, and answers questions for the day the password is forgotten. */

import { open, type Schemas } from "../api/client";
import { thisDevice } from "../api/device";
import { answered } from "../api/problem";
import { begin } from "../api/session";
import { go, type Place } from "../router";
import { h } from "../ui/dom";
import { textField } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, facts, showStep, type Page } from "../ui/page";
import { language, t } from "../words";
import { afterSignIn } from "./after-sign-in";
import { districtOf } from "./login-screen";
import { newPassword } from "./new-password";
import { chosenQuestions } from "./questions";

export async function claimPage({ named }: Place): Promise<Page> {
  const district = await districtOf(named["district"]);
  const first = textField({ name: "first_name", label: t("field.firstName"), autocomplete: "given-name" });
  const last = textField({ name: "last_name", label: t("field.lastName"), autocomplete: "family-name" });
  const number = textField({
    name: "student_number",
    label: t("field.studentNumber"),
    hint: t("field.studentNumberHint"),
    verbatim: true,
  });
  const birth = textField({ name: "birth_date", label: t("field.birthDate"), type: "date", autocomplete: "bday" });
  const asksBirthDate = district.claim.fields.includes("birth_date");
  const place = h("div", { class: "step" });

  async function begun(captcha: string | undefined) {
    const body = {
      district: district.id,
      first_name: first.value(),
      last_name: last.value(),
      student_number: number.value().trim(),
      ...(asksBirthDate && { birth_date: birth.value() }),
      captcha,
    };
    const offer = await answered(open.POST("/activate/claim", { body }));
    const name = facts([t("claim.username"), h("strong", { dir: "ltr" }, offer.username)]);
    showStep(place, t("activate.welcome", { name: first.value() }), name, completion(offer));
  }

  function completion(offer: Schemas["ClaimOfferAnswer"]): HTMLElement {
    const [password, again] = newPassword(district.password_policy);
    const questions = chosenQuestions(offer.questions, offer.answers_needed);
    async function send() {
      const body = {
        ticket: offer.ticket,
        password: password.value(),
        password_confirm: again.value(),
        challenge_answers: questions.answers(),
        locale: language(),
        device: thisDevice(),
      };
      begin(await answered(open.POST("/activate/claim/complete", { body })));
      go(afterSignIn());
    }
    const made = form({
      fields: [password, again, ...questions.fields],
      submit: t("activate.submit"),
      district: district.id,
      send,
    });
    // Nobody sees it: a password manager keeps the new password under this name.
    made.prepend(h("input", { type: "text", autocomplete: "username", value: offer.username, hidden: true }));
    return made;
  }

  const captcha = { district: district.id, action: "claim" } as const;
  const fields = [first, last, number, ...(asksBirthDate ? [birth] : [])];
  place.append(form({ fields, submit: t("activate.continue"), district: district.id, captcha, send: begun }));
  return {
    title: t("door.claim"),
    lead: t("claim.lead"),
    district,
    content: [card(place), backTo(`/d/${district.id}`, t("page.toSignIn"))],
  };
}
