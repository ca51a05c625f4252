/** What stands around every page: who is signed in and where she may go above, languages and help below. */

import { account } from "../api/session";
import { direction, language, offered, t, type Word } from "../words";
import { h } from "./dom";
import { icon } from "./icons";
import { monogram, type Page } from "./page";

const AREAS: Record<string, [path: string, word: Word][]> = {
  family: [
    ["/children", "nav.children"],
    ["/districts", "nav.districts"],
    ["/account", "nav.account"],
  ],
  student: [
    ["/children", "nav.student"],
    ["/account", "nav.account"],
  ],
  staff: [
    ["/office", "nav.office"],
    ["/account", "nav.account"],
  ],
};

interface Steps {
  signOut(): void;
  speak(tag: string): void;
}

export function showFrame(page: Page, steps: Steps): HTMLHeadingElement {
  document.documentElement.lang = language();
  document.documentElement.dir = direction();
  document.title = `${page.title} · ${page.district?.name ?? account()?.district.name ?? t("product")}`;
  const heading = h("h1", { tabindex: -1 }, page.title);
  const lead = page.lead ? h("p", { class: "lead" }, page.lead) : null;
  const main = h(
    "main",
    { id: "main", class: page.layout ?? "narrow" },
    h("div", { class: "intro" }, heading, lead),
    ...page.content,
  );
  document.getElementById("app")?.replaceChildren(skipLink(), header(page, steps), main, footer(page, steps));
  return heading;
}

function skipLink(): HTMLElement {
  return h("a", { class: "skip", href: "#main", click }, t("page.skip"));
  function click(event: Event) {
    event.preventDefault();
    document.querySelector<HTMLElement>("h1")?.focus();
  }
}

function header(page: Page, steps: Steps): HTMLElement {
  const me = account();
  const place = me?.district ?? page.district;
  const home = me ? (AREAS[areaOf(me.portal)]?.[0]?.[0] ?? "/") : place ? `/d/${place.id}` : "/";
  const name = place ? [monogram(place.name), h("span", {}, place.name)] : [icon("mark"), h("span", {}, t("product"))];
  const parts: HTMLElement[] = [h("a", { class: "home", href: home }, ...name)];
  if (me) parts.push(person(me.first_name, steps));
  else if (place) parts.push(h("a", { class: "elsewhere", href: "/" }, t("nav.otherDistrict")));
  return h("header", { class: "top" }, h("div", { class: "inner" }, ...parts), me && navigation(areaOf(me.portal)));
}

function navigation(area: string): HTMLElement {
  const links = (AREAS[area] ?? []).map(([path, word]) => {
    const isHere = location.pathname.startsWith(path);
    return h("li", {}, h("a", { href: path, ...(isHere && { "aria-current": "page" }) }, t(word)));
  });
  return h("nav", { "aria-label": t("nav.label") }, h("ul", {}, ...links));
}

function person(name: string, steps: Steps): HTMLElement {
  return h(
    "div",
    { class: "who" },
    h("span", {}, name),
    h("button", { type: "button", class: "plain", click: () => steps.signOut() }, t("nav.signOut")),
  );
}

function areaOf(portal: string): string {
  return portal === "parent" ? "family" : portal;
}

function footer(page: Page, steps: Steps): HTMLElement {
  const languages = offered().map(({ tag, name }) => {
    const isSpoken = tag === language();
    const click = () => steps.speak(tag);
    return h(
      "li",
      {},
      h("button", { type: "button", class: "plain", lang: tag, "aria-pressed": String(isSpoken), click }, name),
    );
  });
  const choice = h("nav", { class: "languages", "aria-label": t("nav.language") }, h("ul", {}, ...languages));
  return h("footer", {}, h("div", { class: "inner" }, support(page), choice));
}

function support(page: Page): HTMLElement {
  const { phone, email, url, ticket } = page.district?.support ?? {};
  const ways = [
    page.district && h("a", { href: `/d/${page.district.id}/ask-office` }, t("ticket.title")),
    phone && h("a", { href: `tel:${phone.replace(/[^\d+]/g, "")}`, dir: "ltr" }, phone),
    email && h("a", { href: `mailto:${email}` }, email),
    url && h("a", { href: url, rel: "noopener" }, t("help.site")),
    ticket?.url && h("a", { href: ticket.url, rel: "noopener" }, ticket.label ?? t("help.site")),
  ].filter((way) => way !== undefined && way !== "");
  if (!ways.length) return h("p", {}, t("help.plain"));
  return h("p", { class: "help" }, h("strong", {}, t("help.title")), ...ways);
}
