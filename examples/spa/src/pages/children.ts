/** A parent's children, those in linked districts too, and why one may be missing. A student sees himself. */

import { mine, type Schemas } from "../api/client";
import { answered } from "../api/problem";
import { account } from "../api/session";
import { h } from "../ui/dom";
import { facts, monogram, note, type Page } from "../ui/page";
import { t } from "../words";

type Student = Schemas["StudentItem"];

export async function children(): Promise<Page> {
  const query = { include_linked: true, explain: true };
  const { items, hidden } = await answered(mine.GET("/me/students", { params: { query } }));
  const isStudent = account()?.portal === "student";
  return {
    title: t(isStudent ? "nav.student" : "nav.children"),
    lead: t("children.hello", { name: account()?.first_name ?? "" }),
    layout: "wide",
    content: [
      h("ul", { class: "students" }, ...items.map(student)),
      !items.length && note("calm", t("children.none")),
      ...explanations(hidden),
    ],
  };
}

function student({ first_name, last_name, student_number, state_id, school, district }: Student): HTMLElement {
  const name = `${first_name} ${last_name}`;
  const school_name = school?.name ?? district.name;
  return h(
    "li",
    { class: "card student" },
    h(
      "div",
      { class: "head" },
      monogram(name),
      h("div", {}, h("h2", {}, name), h("p", { class: "hint" }, school_name)),
    ),
    facts(
      [t("field.studentNumber"), student_number && h("span", { dir: "ltr" }, student_number)],
      [t("children.stateId"), state_id && h("span", { dir: "ltr" }, state_id)],
      [t("children.district"), district.name],
    ),
  );
}

function explanations(hidden: Schemas["HiddenAnswer"] | undefined): HTMLElement[] {
  const reasons = [
    hidden?.portal_off && t("children.portalOff", { count: hidden.portal_off }),
    hidden?.left_roster && t("children.leftRoster", { count: hidden.left_roster }),
  ].filter((text) => typeof text === "string");
  return reasons.map((text) => note("calm", text));
}
