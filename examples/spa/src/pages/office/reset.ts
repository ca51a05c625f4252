/** Starting an account over: by mail, by a key that is shown at the counter, or by another claim. All of them want a step-up. */

import { mine, type Schemas } from "../../api/client";
import { answered } from "../../api/problem";
import { checkField } from "../../ui/fields";
import { form } from "../../ui/form";
import { h } from "../../ui/dom";
import { showStep } from "../../ui/page";
import { withStepUp } from "../../ui/step-up";
import { dayAndTime, t } from "../../words";
import type { DeskAccount } from "./account";

export function resetActions({ id, can_do }: DeskAccount): HTMLElement[] {
  const place = h("div", { class: "step" });
  const photo = checkField({ name: "photo_id_checked", label: t("office.photo") });

  async function reset(body: Schemas["ResetAccountBody"]) {
    const params = { path: { account_id: id } };
    const answer = await withStepUp(() => answered(mine.POST("/admin/accounts/{account_id}/reset", { params, body })));
    if (answer.activation_key) showKey(place, answer.activation_key, answer.expires_at ?? "");
    else
      showStep(
        place,
        t("office.resetDone"),
        h(
          "p",
          {},
          answer.address_masked ? t("office.mailGoes", { address: answer.address_masked }) : t("office.claimOpen"),
        ),
      );
  }

  const byKey = () => reset({ method: "key", channel: "in_person", photo_id_checked: photo.checked() });
  const ways = [
    can_do.includes("reset_mail") &&
      form({ fields: [], submit: t("office.resetMail"), isQuiet: true, send: () => reset({ method: "mail" }) }),
    can_do.includes("reset_claim") &&
      form({ fields: [], submit: t("office.resetClaim"), isQuiet: true, send: () => reset({ method: "claim" }) }),
    can_do.includes("reset_key") && form({ fields: [photo], submit: t("office.resetKey"), isQuiet: true, send: byKey }),
  ].filter((way) => way !== false);
  if (!ways.length) return [];
  place.append(...ways);
  return [place];
}

/** Once, in letters that can be read across a counter. */
export function showKey(place: HTMLElement, key: string, until: string): void {
  const hint = t("office.keyShown", { until: dayAndTime(until) });
  const print = h("button", { type: "button", class: "plain", click: () => window.print() }, t("office.print"));
  showStep(place, t("office.keyTitle"), h("p", { class: "big-key", dir: "ltr" }, key), h("p", {}, hint), print);
}
