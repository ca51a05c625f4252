/** An authenticator app for somebody of the office: a picture to scan, the first code, and recovery codes for paper. */

import { mine } from "../api/client";
import { answered } from "../api/problem";
import { goOn } from "../api/session";
import { h } from "../ui/dom";
import { textField } from "../ui/fields";
import { form } from "../ui/form";
import { backTo, card, note, showStep, type Page } from "../ui/page";
import { withStepUp } from "../ui/step-up";
import { t } from "../words";
import { home } from "./after-sign-in";

export function authenticator(): Page {
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

  place.append(form({ fields: [], submit: t("authenticator.begin"), send: begin }));
  return {
    title: t("authenticator.title"),
    lead: t("authenticator.why"),
    content: [card(place), backTo("/account", t("page.toAccount"))],
  };
}

/** Drawn here: the secret goes to nobody who makes pictures. */
async function pictureOf(text: string): Promise<string> {
  const { renderSVG } = await import("uqr");
  return `data:image/svg+xml,${encodeURIComponent(renderSVG(text, { border: 2 }))}`;
}
