/** Challenge questions: choosing and answering them, and a new password for whoever knows the answers. */

import { open, type Schemas } from "../api/client";
import { answered } from "../api/problem";
import type { Place } from "../router";
import { h } from "../ui/dom";
import { selectField, textField, type Field } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, showStep, type Page } from "../ui/page";
import { t } from "../words";
import { districtOf } from "./login-screen";
import { newPassword } from "./new-password";

type Question = Schemas["QuestionAnswer"];
type Answered = Schemas["AnsweredQuestion"];

/** So many questions to choose and to answer; the second to come first offers another question than the first. */
export function chosenQuestions(questions: Question[], count: number): { fields: Field[]; answers(): Answered[] } {
  const options = questions.map(({ id, text }) => ({ value: id, text }));
  const pairs = Array.from({ length: count }, (_, place) => {
    const others = [...options.slice(place), ...options.slice(0, place)];
    const number = place + 1;
    const question = selectField({
      name: `challenge_answers/${place}/question_id`,
      label: t("questions.question", { number }),
      options: others,
    });
    const answer = textField({ name: `challenge_answers/${place}/answer`, label: t("questions.answer", { number }) });
    return { question, answer };
  });
  return {
    fields: pairs.flatMap(({ question, answer }) => [question, answer]),
    answers: () => pairs.map(({ question, answer }) => ({ question_id: question.value(), answer: answer.value() })),
  };
}

export async function questionsPage({ named }: Place): Promise<Page> {
  const district = await districtOf(named["district"]);
  const username = textField({
    name: "username",
    label: t("field.username"),
    autocomplete: "username",
    verbatim: true,
  });
  const place = h("div", { class: "step" });

  async function ask(captcha: string | undefined) {
    const body = { district: district.id, username: username.value(), captcha };
    const { ticket, questions } = await answered(open.POST("/password-reset/questions", { body }));
    showStep(place, t("questions.title"), h("p", {}, t("questions.all")), answerForm(ticket, questions));
  }

  function answerForm(ticket: string, questions: Question[]): HTMLElement {
    const fields = questions.map(({ id, text }) => textField({ name: id, label: text }));
    async function send() {
      const answers = fields.map((field) => ({ question_id: field.name, answer: field.value() }));
      const { token } = await answered(open.POST("/password-reset/answers", { body: { ticket, answers } }));
      showStep(place, t("password.title"), passwordForm(token));
    }
    return form({ fields, submit: t("activate.continue"), district: district.id, send });
  }

  function passwordForm(token: string): HTMLElement {
    const [password, again] = newPassword(district.password_policy);
    async function send() {
      const body = { token, password: password.value(), password_confirm: again.value() };
      await answered(open.POST("/password-reset/confirm", { body }));
      showStep(place, t("reset.done"), h("p", {}, h("a", { href: `/d/${district.id}` }, t("page.toSignIn"))));
    }
    return form({ fields: [password, again], submit: t("password.submit"), district: district.id, send });
  }

  const captcha = { district: district.id, action: "password_reset" } as const;
  place.append(form({ fields: [username], submit: t("activate.continue"), district: district.id, captcha, send: ask }));
  return {
    title: t("door.questions"),
    lead: t("questions.lead"),
    district,
    content: [card(place), backTo(`/d/${district.id}`, t("page.toSignIn"))],
  };
}
