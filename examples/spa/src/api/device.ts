/**
 * What this browser remembers of itself. The device token proves that somebody has signed in here before: strangers who guess at
 * the same username elsewhere do not stop her. It opens nothing by itself.
 */

import type { components } from "./generated";

type Device = components["schemas"]["DeviceBody"];
type Account = components["schemas"]["AccountAnswer"];
export type Who = { district: string; portal: string; username: string };

const INSTALLATION = "campus.installation";
const OF_ACCOUNT = "campus.device.account.";

/** For a sign-in. A shared computer is told to the service and remembers nothing. */
export function thisDevice(who?: Who, shared = false): Device {
  if (shared) return { shared: true, name: browserName() };
  const token = who && localStorage.getItem(placeOf(who));
  return { installation_id: installation(), name: browserName(), ...(token && { device_token: token }) };
}

/** The same where a passkey says who signs in: its user handle is the id of the account. */
export function deviceOfPasskey(userHandle: string | undefined, shared = false): Device {
  const token = !shared && userHandle && localStorage.getItem(`${OF_ACCOUNT}${userHandle}`);
  return { ...thisDevice(undefined, shared), ...(token && { device_token: token }) };
}

export function remember(account: Account, deviceToken: string | undefined): void {
  const who = { district: account.district.id, portal: account.portal, username: account.username };
  if (!deviceToken) return;
  localStorage.setItem(placeOf(who), deviceToken);
  localStorage.setItem(`${OF_ACCOUNT}${handleOf(account.id)}`, deviceToken);
}

function installation(): string {
  const known = localStorage.getItem(INSTALLATION) ?? crypto.randomUUID();
  localStorage.setItem(INSTALLATION, known);
  return known;
}

function placeOf({ district, portal, username }: Who): string {
  return `campus.device.${district}.${portal}.${username.trim().toLowerCase()}`;
}

/** The id's 16 bytes in base64url, as passkeys say them. */
function handleOf(id: string): string {
  const bytes = id.replaceAll("-", "").match(/../g) ?? [];
  const text = btoa(String.fromCharCode(...bytes.map((byte) => Number.parseInt(byte, 16))));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** As it stands in the lists of sessions and passkeys: "Firefox, Windows". */
export function browserName(): string {
  const agent = navigator.userAgent;
  const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(name)) ?? "Browser";
  const system = ["Android", "iPhone", "iPad", "CrOS", "Windows", "Mac", "Linux"].find((name) => agent.includes(name));
  const proper: Record<string, string> = { Edg: "Edge", OPR: "Opera", CrOS: "Chromebook" };
  return [browser, system]
    .filter((name) => name !== undefined)
    .map((name) => proper[name] ?? name)
    .join(", ");
}
