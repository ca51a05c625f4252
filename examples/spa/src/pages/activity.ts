/** What happened to my account, newest first: also what strangers tried. */

import { mine, type Schemas } from "../api/client";
import { answered } from "../api/problem";
import { action } from "../ui/action";
import { h } from "../ui/dom";
import { backTo, inWords, type Page } from "../ui/page";
import { dayAndTime, t } from "../words";

export async function activity(): Promise<Page> {
  const list = h("ol", { class: "timeline" });
  const more = action({ text: t("page.more"), act: load });
  let cursor: string | undefined;

  async function load() {
    const page = await answered(mine.GET("/me/activity", { params: { query: { limit: 15, cursor } } }));
    list.append(...page.items.map(event));
    cursor = page.next_cursor;
    more.hidden = !cursor;
  }

  await load();
  return {
    title: t("activity.title"),
    lead: t("activity.lead"),
    content: [list, more, backTo("/account", t("page.toAccount"))],
  };
}

function event({ kind, at, device_name, current }: Schemas["ActivityAnswer"]): HTMLElement {
  const where = [dayAndTime(at), device_name, current && t("sessions.current")].filter(Boolean).join(" · ");
  return h("li", {}, h("strong", {}, inWords("activity", kind)), h("span", { class: "hint" }, where));
}
