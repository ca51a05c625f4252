/** Where somebody is led who has just signed in. */

import { account, nextSteps } from "../api/session";

export function afterSignIn(): string {
  return nextSteps().length ? "/welcome" : home();
}

export function home(): string {
  return account()?.portal === "staff" ? "/office" : "/children";
}
