/**
 * Where mailed links lead, if the district's `portal_url` is this front end; else the service's own pages stand there. A link does
 * nothing before somebody presses a button: mail scanners open links, too.
 */

import { open } from "../api/client";
import { answered } from "../api/problem";
import type { Place } from "../router";
import { h } from "../ui/dom";
import { form } from "../ui/form";
import { card, note, showStep, type Page } from "../ui/page";
import { dayAndTime, t } from "../words";
import { newPassword } from "./new-password";

export async function resetPassword({ secrets }: Place): Promise<Page> {
  const token = secrets.get("token") ?? "";
  const { username_masked, password_policy, expires_at, asks_for_code } = await answered(
    open.POST("/password-reset/check", { body: { token } }),
  );
  const [password, again] = newPassword(password_policy);
  const place = h("div", { class: "step" });

  async function send() {
    const body = { token, password: password.value(), password_confirm: again.value() };
    await answered(open.POST("/password-reset/confirm", { body }));
    showStep(
      place,
      t("reset.done"),
      h("p", {}, t("reset.doneHint")),
      h("p", {}, h("a", { href: "/" }, t("page.toSignIn"))),
    );
  }

  if (asks_for_code) place.append(note("calm", t("reset.code")));
  place.append(form({ fields: [password, again], submit: t("password.submit"), send }));
  return {
    title: t("reset.title"),
    lead: t("reset.lead", { username: username_masked, until: dayAndTime(expires_at) }),
    content: [card(place)],
  };
}

export function confirmEmail({ secrets }: Place): Page {
  return pressed(
    t("email.confirmTitle"),
    t("email.confirmLead"),
    t("email.confirm"),
    t("email.confirmed"),
    async () => {
      await answered(open.POST("/recovery-email/confirm", { body: { token: secrets.get("token") ?? "" } }));
    },
  );
}

export function dispute({ secrets }: Place): Page {
  return pressed(t("dispute.title"), t("dispute.lead"), t("dispute.submit"), t("dispute.done"), async () => {
    await answered(open.POST("/security/dispute", { body: { token: secrets.get("token") ?? "" } }));
  });
}

/** One button that does what the link is for. */
function pressed(title: string, lead: string, submit: string, done: string, act: () => Promise<void>): Page {
  const place = h("div", { class: "step" });
  async function send() {
    await act();
    showStep(place, done, h("p", {}, h("a", { href: "/" }, t("page.toSignIn"))));
  }
  place.append(form({ fields: [], submit, send }));
  return { title, lead, content: [card(place)] };
}
