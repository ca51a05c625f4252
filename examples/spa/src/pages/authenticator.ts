/** An authenticator app: a picture to scan, the first code, recovery codes for paper; and turning it off. */

import { mine, type Schemas } from "../api/client";
import { answered } from "../api/problem";
import { account, goOn } from "../api/session";
import { reload } from "../router";
import { action } from "../ui/action";
import { announce } from "../ui/announce";
import { ask } from "../ui/ask";
import { h } from "../ui/dom";
import { textField } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, note, showStep, type Page } from "../ui/page";
import { withStepUp } from "../ui/step-up";
import { day, t } from "../words";
import { home } from "./after-sign-in";

export async function authenticator(): Promise<Page> {
  const standing = await answered(mine.GET("/me/totp"));
  const place = h("div", { class: "step" });

  async function begin() {
    const { secret, otpauth_uri } = await withStepUp(() => answered(mine.POST("/me/totp")));
    const picture = h("img", {
      class: "qr",
      alt: t("authenticator.picture"),
      width: 200,
      height: 200,
      src: await pictureOf(otpauth_uri),
    });
    const typed = h(
      "p",
      { class: "hint" },
      t("authenticator.orType"),
      " ",
      h("code", { dir: "ltr" }, secret.match(/.{1,4}/g)?.join(" ")),
    );
    showStep(place, t("authenticator.scan"), picture, typed, confirmation());
  }

  function confirmation(): HTMLElement {
    const code = textField({
      name: "totp",
      label: t("totp.code"),
      autocomplete: "one-time-code",
      digits: true,
      verbatim: true,
    });
    async function send() {
      const session = await answered(
        mine.POST("/me/totp/confirm", { body: { totp: code.value().replace(/\s/g, "") } }),
      );
      goOn(session);
      const codes = (session.recovery_codes ?? []).map((one) => h("li", {}, h("code", { dir: "ltr" }, one)));
      const go = h("a", { class: "button", href: home() }, t("activate.continue"));
      showStep(
        place,
        t("authenticator.done"),
        note("warn", t("authenticator.codes")),
        h("ul", { class: "codes" }, ...codes),
        go,
      );
    }
    return form({ fields: [code], submit: t("authenticator.confirm"), send });
  }

  const submit = t(standing.set_up ? "authenticator.replace" : "authenticator.begin");
  if (standing.set_up) place.append(...shown(standing));
  place.append(form({ fields: [], submit, isQuiet: standing.set_up, send: begin }));
  return {
    title: t("authenticator.title"),
    lead: t("authenticator.why"),
    content: [card(place), backTo("/account", t("page.toAccount"))],
  };
}

/** Since when it is set up, and how to be rid of it; the office's desk wants it. */
function shown({ set_up_at, recovery_codes_left }: Schemas["TotpStandingAnswer"]): HTMLElement[] {
  const since = t("authenticator.since", { since: day(set_up_at ?? ""), left: recovery_codes_left });
  async function turnOff() {
    if (!(await ask(t("authenticator.offQuestion"), t("authenticator.off")))) return;
    await withStepUp(() => answered(mine.DELETE("/me/totp")));
    await reload();
    announce(t("authenticator.isOff"));
  }
  const off = account()?.portal === "staff" ? [] : [action({ text: t("authenticator.off"), act: turnOff })];
  return [note("good", since), ...off];
}

/** Drawn here: the secret goes to nobody who makes pictures. */
async function pictureOf(text: string): Promise<string> {
  const { renderSVG } = await import("uqr");
  return `data:image/svg+xml,${encodeURIComponent(renderSVG(text, { border: 2 }))}`;
}
