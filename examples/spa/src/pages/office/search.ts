/** The help desk: whatever a caller says of herself, and why she cannot get in. */

import { mine, type Schemas } from "../../api/client";
import { answered } from "../../api/problem";
import { go, type Place } from "../../router";
import { h } from "../../ui/dom";
import { textField } from "../../ui/fields";
import { form } from "../../ui/form";
import { icon } from "../../ui/icons";
import { inWords, monogram, note, section, type Page } from "../../ui/page";
import { t } from "../../words";

export async function officeSearch({ query }: Place): Promise<Page> {
  const q = query.get("q")?.trim() ?? "";
  const words = textField({
    name: "q",
    label: t("office.search"),
    hint: t("office.searchHint"),
    type: "search",
    value: q,
  });
  const asked = form({
    name: t("office.title"),
    fields: [words],
    submit: t("office.find"),
    send: async () => go(`/office?q=${encodeURIComponent(words.value().trim())}`),
  });
  return {
    title: t("office.title"),
    lead: t("office.lead"),
    layout: "wide",
    content: [h("div", { class: "card desk-search", role: "search" }, asked), ...(q ? await found(q) : [])],
  };
}

async function found(q: string): Promise<HTMLElement[]> {
  const { items, without_account } = await answered(mine.GET("/admin/accounts", { params: { query: { q } } }));
  if (!items.length && !without_account.length) return [note("calm", t("office.nobody", { q }))];
  return [
    ...(items.length ? [section(t("office.accounts"), h("ul", { class: "rows" }, ...items.map(accountRow)))] : []),
    ...(without_account.length
      ? [section(t("office.without"), h("ul", { class: "rows" }, ...without_account.map(withoutRow)))]
      : []),
  ];
}

function accountRow({ id, person, portal, username, status }: Schemas["AccountItem"]): HTMLElement {
  const name = `${person.first_name} ${person.last_name}`;
  const words = h(
    "div",
    { class: "words" },
    h("a", { class: "whole", href: `/office/accounts/${id}` }, name),
    h("span", { class: "hint" }, inWords("portal", portal), " · ", h("bdi", {}, username)),
  );
  return h("li", {}, monogram(name), words, statusBadge(status), icon("arrow"));
}

function withoutRow({ person, portal, reason, can_do }: Schemas["WithoutAccountItem"]): HTMLElement {
  const name = `${person.first_name} ${person.last_name}`;
  const words = h(
    "div",
    { class: "words" },
    h("strong", {}, name),
    h("span", { class: "hint" }, `${inWords("portal", portal)} · ${inWords("reason", reason)}`),
  );
  const address = `/office/people/${person.id}/key?portal=${portal}&name=${encodeURIComponent(name)}`;
  return h(
    "li",
    {},
    monogram(name),
    words,
    can_do.includes("issue_key") && h("a", { class: "button small", href: address }, t("office.issueKey")),
  );
}

export function statusBadge(status: string): HTMLElement {
  return h("span", { class: `badge ${status === "active" ? "good" : "warn"}` }, inWords("status", status));
}
