/** Accounts of other districts: link one by a code, switch to it, unlink it. */

import { mine } from "../api/client";
import { answered } from "../api/problem";
import { account, begin, type Account, update, nextSteps } from "../api/session";
import { go, reload } from "../router";
import { action } from "../ui/action";
import { announce } from "../ui/announce";
import { ask } from "../ui/ask";
import { h } from "../ui/dom";
import { textField } from "../ui/fields";
import { form } from "../ui/form";
import { card, monogram, note, section, showStep, type Page } from "../ui/page";
import { dayAndTime, t } from "../words";
import { home } from "./after-sign-in";

export async function links(): Promise<Page> {
  const { available, needs_confirmation, accounts } = await answered(mine.GET("/districts/link"));
  const list = h("ul", { class: "rows" }, ...accounts.map(linkedAccount));
  return {
    title: t("links.title"),
    ...(available && { lead: t("links.lead") }),
    layout: "wide",
    content: [
      needs_confirmation && confirmation(),
      accounts.length > 0 && section(t("links.mine"), list),
      available ? h("div", { class: "columns" }, showCode(), typeCode()) : note("calm", t("links.notAvailable")),
    ],
  };
}

function linkedAccount(linked: Account): HTMLElement {
  const { id, district, username } = linked;
  const switchOver = form({
    fields: [],
    submit: t("links.switch"),
    isQuiet: true,
    name: t("links.switchTo", { district: district.name }),
    send,
  });
  async function send() {
    begin(await answered(mine.POST("/districts/link/{account_id}/switch", { params: { path: { account_id: id } } })));
    go(home());
  }
  async function unlink() {
    if (!(await ask(t("links.unlinkAsk", { district: district.name }), t("links.unlink")))) return;
    await answered(mine.DELETE("/districts/link/{account_id}", { params: { path: { account_id: id } } }));
    await reload();
    announce(t("links.unlinked"));
  }
  const words = h(
    "div",
    { class: "words" },
    h("strong", {}, district.name),
    h("span", { class: "hint", dir: "ltr" }, username),
  );
  const button = action({ text: t("links.unlink"), act: unlink });
  return h("li", {}, monogram(district.name), words, h("div", { class: "actions" }, switchOver, button));
}

function showCode(): HTMLElement {
  const place = h("div", { class: "step" });
  async function send() {
    const { code, expires_at } = await answered(mine.POST("/districts/link/codes"));
    showStep(
      place,
      t("links.yourCode"),
      h("p", { class: "big-key", dir: "ltr" }, code),
      h("p", {}, t("links.until", { until: dayAndTime(expires_at) })),
    );
  }
  place.append(h("h2", {}, t("links.showTitle")), h("p", {}, t("links.showHint")));
  place.append(form({ fields: [], submit: t("links.show"), district: account()?.district.id, send }));
  return card(place);
}

function typeCode(): HTMLElement {
  const code = textField({ name: "code", label: t("links.code"), verbatim: true });
  const once = crypto.randomUUID();
  async function send() {
    const params = { header: { "Idempotency-Key": once } };
    await answered(mine.POST("/districts/link", { body: { code: code.value() }, params }));
    await reload();
    announce(t("links.linked"));
  }
  const fields = form({ fields: [code], submit: t("links.link"), district: account()?.district.id, send });
  return card(h("h2", {}, t("links.typeTitle")), h("p", {}, t("links.typeHint")), fields);
}

function confirmation(): HTMLElement {
  async function send() {
    await answered(mine.POST("/districts/link/confirm"));
    update({ nextSteps: nextSteps().filter((step) => step !== "confirm_links") });
    await reload();
  }
  return note("warn", h("p", {}, t("links.confirmWhy")), form({ fields: [], submit: t("links.confirm"), send }));
}
