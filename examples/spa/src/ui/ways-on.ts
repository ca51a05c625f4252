/** `next_step` of a problem, as links. Codes that this front end does not know lead nowhere; the `detail` says enough. */

import type { Problem } from "../api/problem";
import { t, type Word } from "../words";
import { h } from "./dom";

const WAYS: Record<string, [path: string, word: Word][]> = {
  reset_password: [["forgot-password", "door.forgotPassword"]],
  sign_in: [["", "door.signIn"]],
  sign_in_or_recover: [
    ["", "door.signIn"],
    ["forgot-password", "door.forgotPassword"],
    ["forgot-username", "door.forgotUsername"],
  ],
};

export function waysOn(problem: Partial<Problem>, district: string | undefined): HTMLElement[] {
  const ways = district && problem.next_step ? (WAYS[problem.next_step] ?? []) : [];
  const links = ways.map(([path, word]) =>
    h("li", {}, h("a", { href: `/d/${district}${path && `/${path}`}` }, t(word))),
  );
  return links.length ? [h("ul", { class: "ways" }, ...links)] : [];
}
