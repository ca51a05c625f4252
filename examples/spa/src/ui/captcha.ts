/**
 * The CAPTCHA of a form. It is there only when the service asks for it, and works by itself: ALTCHA lets the browser compute a
 * little, and nobody has to read distorted letters. Where the operator has chosen a hosted provider, its own widget belongs here.
 */

import type { Problem } from "../api/problem";
import { open, type Schemas } from "../api/client";
import { language, t } from "../words";
import { h } from "./dom";
import type { AltchaWidgetElement } from "./altcha";

export interface Purpose {
  district: string;
  action: Schemas["CaptchaAction"];
}

export function captchaBox(purpose: Purpose) {
  const element = h("div", { class: "captcha", hidden: true });
  let solving: Promise<string | undefined> | null = null;

  async function ask({ provider, challenge }: Schemas["CaptchaChallenge"]): Promise<void> {
    element.hidden = false;
    if (provider !== "altcha") {
      element.replaceChildren(h("p", {}, t("captcha.other", { provider })));
      return;
    }
    const { newWidget } = await import("./altcha");
    const widget = newWidget(challenge, language());
    solving = solved(widget);
    element.replaceChildren(widget);
  }

  async function askAnew(): Promise<void> {
    const { data } = await open.GET("/captcha", { params: { query: purpose } }).catch(() => ({ data: undefined }));
    if (data) return ask(data);
    // Nothing to solve now; the next refusal brings a challenge along.
    solving = null;
    element.hidden = true;
  }

  return {
    element,
    /** What the widget found, once it has; undefined where nothing was asked. */
    solution: async (): Promise<string | undefined> => solving ?? undefined,
    /** After a refusal: each solution counts once, so the next try wants a new challenge. */
    async next(problem: Problem): Promise<void> {
      if (problem.captcha) await ask(problem.captcha);
      else if (solving) await askAnew();
    },
  };
}

function solved(widget: AltchaWidgetElement): Promise<string | undefined> {
  return new Promise((resolve) => {
    widget.addEventListener("statechange", (event) => {
      const { state, payload } = (event as CustomEvent<{ state: string; payload?: string }>).detail;
      if (state === "verified") resolve(payload);
      if (state === "error") resolve(undefined);
    });
  });
}
