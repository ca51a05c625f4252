/** The first page: which school district? */

import { open, type Schemas } from "../api/client";
import { answered, Refusal } from "../api/problem";
import { announce } from "../ui/announce";
import { h } from "../ui/dom";
import { problemBox } from "../ui/form";
import { icon } from "../ui/icons";
import { landscape } from "../ui/landscape";
import { monogram, type Page } from "../ui/page";
import { t } from "../words";

/** Long enough that a word is not asked letter by letter, short enough to feel immediate. */
const PAUSE_MS = 180;

export function findDistrict(): Page {
  const problem = problemBox();
  const list = h("ul", { class: "districts" });
  const input = h("input", {
    id: "district",
    type: "search",
    autocomplete: "off",
    spellcheck: "false",
    input: waitThenSearch,
  });
  let pause = 0;
  let newest = 0;

  function waitThenSearch() {
    clearTimeout(pause);
    pause = setTimeout(() => void search(), PAUSE_MS);
  }

  async function search() {
    const q = input.value.trim();
    const mine = ++newest;
    problem.hide();
    if (q.length < 2) return list.replaceChildren();
    try {
      const { items } = await answered(open.GET("/districts", { params: { query: { q, limit: 8 } } }));
      if (mine !== newest) return;
      list.replaceChildren(...items.map(entry));
      announce(items.length ? t("find.found", { count: items.length }) : t("find.nothing"));
      if (!items.length) list.append(h("li", { class: "none" }, t("find.nothing")));
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      problem.show(fault.problem.detail);
    }
  }

  const label = h("label", { for: "district" }, t("find.label"));
  const field = h("div", { class: "search-field" }, icon("search"), input);
  return {
    title: t("find.title"),
    lead: t("find.lead"),
    layout: "welcome",
    content: [h("div", { class: "finder", role: "search" }, label, field, problem.element, list), landscape()],
  };
}

function entry({ id, name, city, state, portals }: Schemas["DistrictItem"]): HTMLElement {
  const where = [city, state].filter(Boolean).join(", ");
  const words = h("span", { class: "words" }, h("strong", {}, name), h("span", { class: "hint" }, where));
  if (portals.length) return h("li", {}, h("a", { href: `/d/${id}` }, monogram(name), words, icon("arrow")));
  return h(
    "li",
    { class: "closed" },
    h("div", {}, monogram(name), words, h("span", { class: "hint" }, t("find.closed"))),
  );
}
