/** What the pages are made of, beside forms. */

import type { Schemas } from "../api/client";
import { t, tCode } from "../words";
import { h, type Child } from "./dom";
import { icon, type Icon } from "./icons";

export interface Page {
  /** The heading, and the title of the window. */
  title: string;
  /** A sentence below the heading. */
  lead?: string;
  content: Child[];
  /** Whose login screen this belongs to, while nobody is signed in. */
  district?: Schemas["LoginScreenAnswer"];
  layout?: "narrow" | "wide" | "welcome";
}

export function card(...content: Child[]): HTMLElement {
  return h("div", { class: "card" }, ...content);
}

export function section(title: string, ...content: Child[]): HTMLElement {
  return h("section", {}, h("h2", { tabindex: -1 }, title), ...content);
}

export function note(kind: "good" | "calm" | "warn", ...content: Child[]): HTMLElement {
  return h("div", { class: `note ${kind}` }, ...content);
}

export function doorTo(path: string, drawing: Icon, title: string, text: string): HTMLElement {
  const words = h("span", {}, h("strong", {}, title), h("span", { class: "hint" }, text));
  return h("li", {}, h("a", { class: "door", href: path }, icon(drawing), words, icon("arrow")));
}

export function facts(...pairs: [term: string, value: Child][]): HTMLElement {
  const rows = pairs
    .filter(([, value]) => value)
    .map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value)));
  return h("dl", { class: "facts" }, ...rows);
}

/** Something that was refused or is broken, in place of a whole page. */
export function problemPage(title: string, detail: string, ...more: Child[]): Page {
  return { title, content: [card(h("p", {}, detail), ...more)] };
}

/** The codes of the service in this front end's words; a code that is newer stands as it is. */
export function inWords(group: string, code: string): string {
  return tCode(group, code) ?? code.replaceAll("_", " ");
}

/** Replaces the inner part of a page by its next step, and leads the reader there. What was said of the first step goes. */
export function showStep(place: HTMLElement, title: string, ...content: Child[]): void {
  const heading = h("h2", { tabindex: -1 }, title);
  place.replaceChildren(heading, ...(content.filter(Boolean) as Node[]));
  place.closest("main.narrow")?.querySelector(".lead")?.remove();
  heading.focus();
}

/** Initials in a colour of its own, so that one district is not taken for another. */
export function monogram(name: string): HTMLElement {
  const words = name.split(/\s+/).filter((word) => /^\p{Lu}/u.test(word));
  const hue = [...name].reduce((sum, letter) => (sum * 7 + letter.charCodeAt(0)) % 997, 0) % 6;
  return h(
    "span",
    { class: `monogram hue-${hue}`, "aria-hidden": "true" },
    words
      .slice(0, 2)
      .map((word) => word[0])
      .join(""),
  );
}

export function backTo(path: string, text = t("page.back")): HTMLElement {
  return h("p", { class: "back" }, h("a", { href: path }, text));
}
