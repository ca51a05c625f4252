/**
 * Signing in by a provider of the district: there and back by the browser itself. What must come back, and what proves that it was
 * this tab that went (PKCE), waits in sessionStorage. It works once.
 */

import { ADDRESS } from "./address";
import type { components } from "./generated";

export interface Way {
  district: string;
  portal: components["schemas"]["Portal"];
  shared: boolean;
  state: string;
  verifier: string;
}

const STORED = "campus.sso";
/** The district has it on its list (`sso.redirect_uris`), letter by letter. */
export const COMES_BACK_TO = "/sso";

export async function goToProvider(provider: string, who: Omit<Way, "state" | "verifier">): Promise<void> {
  const way: Way = { ...who, state: random(), verifier: random() };
  sessionStorage.setItem(STORED, JSON.stringify(way));
  const query = new URLSearchParams({
    portal: way.portal,
    provider,
    redirect_uri: location.origin + COMES_BACK_TO,
    code_challenge: await challengeOf(way.verifier),
    state: way.state,
    ...(way.shared && { prompt: "login" }),
  });
  location.assign(`${ADDRESS}/login/sso/${encodeURIComponent(way.district)}?${query}`);
}

/** The way that this tab went, if this is its end; it is forgotten. */
export function wayBack(query: URLSearchParams): Way | null {
  const stored = sessionStorage.getItem(STORED);
  sessionStorage.removeItem(STORED);
  const way = stored ? (JSON.parse(stored) as Way) : null;
  return way?.state === query.get("state") ? way : null;
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** RFC 7636, S256. */
async function challengeOf(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
