// ALTCHA as its own library solves it; in a page the `altcha` widget does the same.
import { type Challenge, solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";
import type { components } from "./generated.js";

/** What goes into the field `captcha` of the next request. */
export async function solve({ provider, challenge }: components["schemas"]["CaptchaChallenge"]): Promise<string> {
  if (provider !== "altcha") throw new Error(`nobody here can solve a challenge of ${provider}`);
  const asked = challenge as unknown as Challenge;
  const solution = await solveChallenge({ challenge: asked, deriveKey });
  return Buffer.from(JSON.stringify({ challenge: asked, solution })).toString("base64");
}
