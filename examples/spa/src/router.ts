/** Which address shows which page. Pages load what they need first; until then the one before stays, so nothing jumps. */

import { account, end, onSessionOver } from "./api/session";
import { mine } from "./api/client";
import { Refusal } from "./api/problem";
import { announce } from "./ui/announce";
import { h } from "./ui/dom";
import { showFrame } from "./ui/frame";
import { type Page, problemPage } from "./ui/page";
import { typeAgain, typed } from "./ui/typed";
import { speak, t } from "./words";

export interface Place {
  /** What the address names: `/d/:district` gives `district`. */
  named: Record<string, string>;
  query: URLSearchParams;
  /** What stood behind `#`: secrets of mailed links. The address bar and the history forget them at once. */
  secrets: URLSearchParams;
}

export interface Route {
  path: string;
  /** Who may see it; everybody else is led to the sign-in. */
  for?: "anybody" | "signed in";
  page(place: Place): Page | Promise<Page>;
}

let routes: Route[] = [];
let here: { route: Route; place: Place } | null = null;
let newest = 0;
let isFirst = true;
let notice = "";

export async function start(all: Route[]): Promise<void> {
  routes = all;
  onSessionOver((district) => goWithNotice(district ? `/d/${district}` : "/", t("session.over")));
  addEventListener("popstate", () => void arrive());
  document.addEventListener("click", followLink);
  await arrive();
}

export function go(path: string): void {
  history.pushState(null, "", path);
  void arrive();
}

/** Leads somewhere and says why, once. */
export function goWithNotice(path: string, text: string): void {
  notice = text;
  go(path);
}

/** Shows the page once more, with what is true now. */
export async function reload(): Promise<void> {
  if (here) await show(here.route, here.place);
}

async function arrive(): Promise<void> {
  const secrets = new URLSearchParams(location.hash.slice(1));
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  for (const route of routes) {
    const named = match(route.path, location.pathname);
    if (!named) continue;
    if (route.for === "signed in" && !account()) return goWithNotice("/", t("session.needed"));
    here = { route, place: { named, query: new URLSearchParams(location.search), secrets } };
    return show(here.route, here.place);
  }
  render(
    problemPage(t("page.notFound"), t("page.notFoundDetail"), h("p", {}, h("a", { href: "/" }, t("page.toStart")))),
  );
}

async function show(route: Route, place: Place): Promise<void> {
  const mine = ++newest;
  document.body.setAttribute("aria-busy", "true");
  const page = await loaded(route, place);
  if (mine !== newest) return;
  document.body.removeAttribute("aria-busy");
  render(page);
}

async function loaded(route: Route, place: Place): Promise<Page> {
  try {
    return await route.page(place);
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    const again = h("button", { type: "button", class: "primary", click: () => void reload() }, t("page.again"));
    return problemPage(fault.problem.title, fault.problem.detail, again);
  }
}

function render(page: Page): void {
  if (notice) page.content.unshift(h("div", { class: "note calm", role: "status" }, notice));
  notice = "";
  const heading = showFrame(page, { signOut, speak: change });
  announce("");
  // The first page is read from its top, as every page of the web; after that the heading is where the reader has been led to.
  if (!isFirst) heading.focus();
  if (!isFirst) scrollTo(0, 0);
  isFirst = false;
}

/** In the reader's language; her account keeps it for mails. */
async function change(tag: string): Promise<void> {
  await speak(tag);
  if (account()) await mine.PATCH("/me", { body: { locale: tag } }).catch(() => null);
  const before = typed();
  await reload();
  typeAgain(before);
  document.querySelector<HTMLElement>(".languages [aria-pressed=true]")?.focus();
}

async function signOut(): Promise<void> {
  const district = account()?.district.id ?? "";
  await mine.POST("/login/logout").catch(() => null);
  end();
  goWithNotice(`/d/${district}`, t("session.signedOut"));
}

function followLink(event: MouseEvent): void {
  const link = (event.target as Element).closest?.("a");
  const isPlainClick = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlainClick || event.defaultPrevented || link.origin !== location.origin || link.target) return;
  event.preventDefault();
  go(link.pathname + link.search + link.hash);
}

function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.replace(/(?<=.)\/$/, "").split("/");
  if (wanted.length !== given.length) return null;
  const named: Record<string, string> = {};
  for (const [place, part] of wanted.entries()) {
    const value = decodeURIComponent(given[place] ?? "");
    if (part.startsWith(":")) named[part.slice(1)] = value;
    else if (part !== value) return null;
  }
  return named;
}
