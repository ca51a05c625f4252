/** After the first sign-in: one card for each thing that the service would like to know (`next_steps`). All of it may wait. */

import { account, nextSteps } from "../api/session";
import { h } from "../ui/dom";
import { doorTo, type Page } from "../ui/page";
import type { Icon } from "../ui/icons";
import { t, type Word } from "../words";
import { home } from "./after-sign-in";

const STEPS: Record<string, { path: string; drawing: Icon; title: Word; hint: Word }> = {
  set_recovery_email: { path: "/account/email", drawing: "mail", title: "email.title", hint: "email.why" },
  confirm_recovery_email: {
    path: "/account/email",
    drawing: "mail",
    title: "email.enterCode",
    hint: "email.enterCodeHint",
  },
  set_challenge_answers: {
    path: "/account/questions",
    drawing: "question",
    title: "answers.title",
    hint: "answers.why",
  },
  change_password: { path: "/account/password", drawing: "key", title: "password.title", hint: "password.lead" },
  set_up_totp: {
    path: "/account/authenticator",
    drawing: "shield",
    title: "authenticator.title",
    hint: "authenticator.why",
  },
  confirm_links: { path: "/districts", drawing: "link", title: "links.title", hint: "links.confirmWhy" },
};

export function welcome(): Page {
  const doors = nextSteps().flatMap((step) => {
    const known = STEPS[step];
    return known ? [doorTo(known.path, known.drawing, t(known.title), t(known.hint))] : [];
  });
  const later = h("p", {}, h("a", { class: "button", href: home() }, t(doors.length ? "welcome.later" : "welcome.go")));
  return {
    title: t("activate.welcome", { name: account()?.first_name ?? "" }),
    lead: t(!doors.length ? "welcome.allDone" : account()?.portal === "staff" ? "welcome.staff" : "welcome.lead"),
    content: [h("ul", { class: "doors" }, ...doors), later],
  };
}
