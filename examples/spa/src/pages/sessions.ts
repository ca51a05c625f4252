/** Where I am signed in, and signing out there. */

import { mine, type Schemas } from "../api/client";
import { answered } from "../api/problem";
import { reload } from "../router";
import { action } from "../ui/action";
import { announce } from "../ui/announce";
import { h } from "../ui/dom";
import { icon } from "../ui/icons";
import { backTo, type Page } from "../ui/page";
import { dayAndTime, t } from "../words";

export async function sessions(): Promise<Page> {
  const { items } = await answered(mine.GET("/me/sessions"));
  const newestFirst = items.toSorted((one, other) => Number(other.current) - Number(one.current));
  return {
    title: t("sessions.title"),
    lead: t("sessions.lead"),
    content: [h("ul", { class: "rows" }, ...newestFirst.map(row)), backTo("/account", t("page.toAccount"))],
  };
}

function row({ id, device_name, shared, signed_in_at, last_used_at, current }: Schemas["SessionItem"]): HTMLElement {
  async function end() {
    await answered(mine.DELETE("/me/sessions/{session_id}", { params: { path: { session_id: id } } }));
    await reload();
    announce(t("sessions.ended"));
  }
  const name = device_name ?? t("sessions.unnamed");
  const button = action({ text: t("sessions.end"), label: t("sessions.endThis", { device: name }), act: end });
  return h(
    "li",
    {},
    icon("device"),
    h(
      "div",
      { class: "words" },
      h("strong", {}, name),
      shared && h("span", { class: "hint" }, t("sessions.shared")),
      h(
        "span",
        { class: "hint" },
        t("sessions.since", { since: dayAndTime(signed_in_at), used: dayAndTime(last_used_at) }),
      ),
    ),
    current ? h("span", { class: "badge" }, t("sessions.current")) : button,
  );
}
