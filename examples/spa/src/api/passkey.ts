/**
 * Passkeys, by way of the browser: it asks for the finger, the face or the PIN, and gives the service's JSON back as WebAuthn writes it.
 * Where a browser cannot, or on an address without a name (browsers tie passkeys to a domain), nothing of them is offered.
 */

import { t } from "../words";
import type { components } from "./generated";
import { Refusal } from "./problem";

type Schemas = components["schemas"];
export type NewCredential = Schemas["NewCredentialBody"];
export type Credential = Schemas["CredentialBody"];

export function canUsePasskeys(): boolean {
  const isAddress = /^[\d.]+$|:/.test(location.hostname);
  return !isAddress && "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/** Whether the browser offers passkeys in the list below a field, while somebody types. */
export async function canOfferWhileTyping(): Promise<boolean> {
  return canUsePasskeys() && (await PublicKeyCredential.isConditionalMediationAvailable());
}

export async function makePasskey({ public_key }: Schemas["NewPasskeyOptionsAnswer"]): Promise<NewCredential> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(public_key);
  return (await asked(navigator.credentials.create({ publicKey }))).toJSON() as NewCredential;
}

export async function usePasskey(
  { public_key }: Schemas["PasskeyOptionsAnswer"],
  more: Pick<CredentialRequestOptions, "mediation" | "signal"> = {},
): Promise<Credential> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(public_key);
  return (await asked(navigator.credentials.get({ publicKey, ...more }))).toJSON() as Credential;
}

/** Whoever turned away, or took too long, is told so as of any other refusal. */
async function asked(ceremony: Promise<globalThis.Credential | null>): Promise<PublicKeyCredential> {
  try {
    return (await ceremony) as PublicKeyCredential;
  } catch (fault) {
    if (!(fault instanceof DOMException)) throw fault;
    const detail = t(fault.name === "InvalidStateError" ? "passkeys.already" : "passkeys.none");
    const code = fault.name === "AbortError" ? "aborted" : "no_passkey";
    throw new Refusal({ type: "about:blank", title: t("problem.title"), status: 403, code, detail, request_id: "" });
  }
}
