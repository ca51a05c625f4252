/**
 * The session of this tab.
 *
 * Tokens live in memory and in sessionStorage: a reload keeps them, closing the tab forgets them. The access token lasts ten
 * minutes; then the refresh token is exchanged, which works once. Requests that fail together share one exchange; tabs that were
 * duplicated, and so hold the same token, take turns by a lock and tell each other the successor. Should two of them still meet,
 * the service gives the same successor to both (for 30 seconds, while it is unused), so nobody is signed out by accident.
 */

import { language } from "../words";
import { ADDRESS, CLIENT } from "./address";
import { remember } from "./device";
import type { components } from "./generated";
import { isProblem, Refusal } from "./problem";

type SessionAnswer = components["schemas"]["SessionAnswer"];
export type Account = components["schemas"]["AccountAnswer"];

interface Session {
  /** The same in all tabs that were duplicated from one sign-in. */
  family: string;
  accessToken: string;
  refreshToken: string;
  account: Account;
  nextSteps: string[];
}

type News = { family: string; session: Session | null };

const STORED = "campus.session";
const tabs = new BroadcastChannel("campus.session");
const stored = sessionStorage.getItem(STORED);
let session: Session | null = stored ? (JSON.parse(stored) as Session) : null;
let renewal: Promise<string> | null = null;
let whenOver: (district: string) => void = () => {};

tabs.onmessage = ({ data }: MessageEvent<News>) => {
  if (data.family !== session?.family) return;
  if (data.session) keep(data.session);
  else forget();
};

export const account = (): Account | null => session?.account ?? null;
export const nextSteps = (): string[] => session?.nextSteps ?? [];

/** Calls back when the session has ended by itself, or in another tab. */
export function onSessionOver(callBack: (district: string) => void): void {
  whenOver = callBack;
}

/** After activation, sign-in, claim or switch. */
export function begin(answer: SessionAnswer): void {
  remember(answer.account, answer.device_token);
  keep(merged(crypto.randomUUID(), answer));
}

/** After a step-up or a new authenticator: the same session with a new access token. */
export function goOn(answer: SessionAnswer): void {
  if (session) share(merged(session.family, answer));
}

/** Where the account itself has changed. */
export function update(changes: { account?: Account; nextSteps?: string[] }): void {
  if (session) share({ ...session, ...changes });
}

/** Here and in tabs that were duplicated from this one. The service is told by POST /login/logout. */
export function end(): void {
  const family = session?.family;
  session = null;
  sessionStorage.removeItem(STORED);
  if (family) tabs.postMessage({ family, session: null } satisfies News);
}

/** `fetch` with the access token, which is renewed once where it has expired. */
export async function fetchSignedIn(request: Request): Promise<Response> {
  if (!session) return fetch(request);
  const again = request.clone();
  const used = session.accessToken;
  const response = await fetch(bearing(used, request));
  if (!(await hasExpired(response))) return response;
  return fetch(bearing(await renewed(used), again));
}

function bearing(token: string, request: Request): Request {
  request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

async function hasExpired(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return isProblem(body) && body.code === "invalid_token";
}

/** A newer access token than `stale`; whoever asks meanwhile waits for the same one. */
function renewed(stale: string): Promise<string> {
  if (session && session.accessToken !== stale) return Promise.resolve(session.accessToken);
  renewal ??= inTurn(() => rotate(stale)).finally(() => (renewal = null));
  return renewal;
}

/** One tab at a time. */
async function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
  return navigator.locks.request(`campus.refresh.${session?.family}`, act);
}

async function rotate(stale: string): Promise<string> {
  if (session && session.accessToken !== stale) return session.accessToken; // another tab was first
  const before = session;
  const response = await fetch(`${ADDRESS}/login/refresh`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": language(), "X-Client": CLIENT },
    body: JSON.stringify({ refresh_token: before?.refreshToken ?? "" }),
  });
  const body: unknown = await response.json();
  if (response.ok && before) {
    const next = merged(before.family, body as SessionAnswer);
    share(next);
    return next.accessToken;
  }
  if (response.status === 401) forget();
  throw isProblem(body) ? new Refusal(body) : new TypeError("no answer of the service");
}

function merged(family: string, answer: SessionAnswer): Session {
  return {
    family,
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? session?.refreshToken ?? "",
    account: answer.account,
    nextSteps: answer.next_steps,
  };
}

function keep(next: Session): void {
  session = next;
  sessionStorage.setItem(STORED, JSON.stringify(next));
}

function share(next: Session): void {
  keep(next);
  tabs.postMessage({ family: next.family, session: next } satisfies News);
}

function forget(): void {
  const district = session?.account.district.id ?? "";
  end();
  whenOver(district);
}
