/** One district's login screen: its news, signing in, and the other doors. */

import { open, type Schemas } from "../api/client";
import { answered } from "../api/problem";
import type { Place } from "../router";
import { h } from "../ui/dom";
import { card, doorTo, note, section, type Page } from "../ui/page";
import { day, dayAndTime, t } from "../words";
import { signInForm } from "./sign-in";

export type District = Schemas["LoginScreenAnswer"];

export async function loginScreen({ named, query }: Place): Promise<Page> {
  const district = await districtOf(named["district"]);
  const isStaff = query.get("portal") === "staff";
  const isOpen = isStaff || district.portals.length > 0;
  return {
    title: t("signIn.title"),
    lead: isStaff ? t("door.staff") : [district.name, district.city].filter(Boolean).join(" · "),
    layout: "wide",
    district,
    content: [
      district.status === "maintenance" &&
        note("warn", t("signIn.maintenance", { until: dayAndTime(district.until ?? "") })),
      h(
        "div",
        { class: "columns" },
        h("div", {}, card(isOpen ? signInForm(district, isStaff) : t("find.closed"))),
        h("div", {}, doors(district, isStaff), news(district)),
      ),
    ],
  };
}

/** Every page before the sign-in belongs to a district. */
export async function districtOf(id = ""): Promise<District> {
  return answered(open.GET("/districts/{district_id}", { params: { path: { district_id: id } } }));
}

function doors({ id, features }: District, isStaff: boolean): HTMLElement {
  const all = [
    features.activation && doorTo(`/d/${id}/new-user`, "key", t("door.newUser"), t("door.newUserHint")),
    !isStaff && features.claim && doorTo(`/d/${id}/claim`, "students", t("door.claim"), t("door.claimHint")),
    !isStaff &&
      features.key_request &&
      doorTo(`/d/${id}/ask-for-key`, "mail", t("door.askForKey"), t("door.askForKeyHint")),
  ].filter((door) => door !== false);
  return section(t("door.title"), h("ul", { class: "doors" }, ...all));
}

function news({ announcements }: District): HTMLElement | string {
  if (!announcements.length) return "";
  return section(t("news.title"), ...announcements.map(notice));
}

function notice({ title, body, published_on, links }: Schemas["AnnouncementAnswer"]): HTMLElement {
  const more = links.map(({ label, url }) => h("li", {}, h("a", { href: url, rel: "noopener" }, label)));
  const date = h("time", { datetime: published_on, class: "hint" }, day(published_on));
  return h(
    "article",
    { class: "notice" },
    h("h3", {}, title),
    date,
    h("p", {}, body),
    h("ul", { class: "plain" }, ...more),
  );
}
