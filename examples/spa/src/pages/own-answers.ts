/** Answers to challenge questions, for the day the password is forgotten. */

import { mine } from "../api/client";
import { answered } from "../api/problem";
import { nextSteps, update } from "../api/session";
import { go } from "../router";
import { passwordField } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, type Page } from "../ui/page";
import { t } from "../words";
import { afterSignIn } from "./after-sign-in";
import { chosenQuestions } from "./questions";

export async function ownAnswers(): Promise<Page> {
  const { questions, answers_needed } = await answered(mine.GET("/me/challenge-questions"));
  const chosen = chosenQuestions(questions, answers_needed);
  const password = passwordField({
    name: "current_password",
    label: t("field.currentPassword"),
    autocomplete: "current-password",
  });
  async function send() {
    const body = { current_password: password.value(), challenge_answers: chosen.answers() };
    await answered(mine.PUT("/me/challenge-answers", { body }));
    update({ nextSteps: nextSteps().filter((step) => step !== "set_challenge_answers") });
    go(afterSignIn());
  }
  const fields = form({ fields: [...chosen.fields, password], submit: t("answers.submit"), send });
  return {
    title: t("answers.title"),
    lead: t("answers.why"),
    content: [card(fields), backTo("/account", t("page.toAccount"))],
  };
}
