/** Signing in with a passkey: by a button, or from the list that the browser shows below the username. */

import { open, type Schemas } from "../api/client";
import { deviceOfPasskey } from "../api/device";
import { canOfferWhileTyping, canUsePasskeys, usePasskey, type Credential } from "../api/passkey";
import { answered, Refusal } from "../api/problem";
import { begin } from "../api/session";
import { go } from "../router";
import { h } from "../ui/dom";
import type { Field } from "../ui/fields";
import { problemBox } from "../ui/form";
import { t } from "../words";
import { afterSignIn } from "./after-sign-in";

/** How long a question is offered while somebody types; the service forgets it after five minutes. */
const FRESH_MS = 240_000;
/** Of what is only offered: that nobody took it, and that the service could not be asked. */
const NOT_TOLD = ["aborted", "no_passkey", "unreachable"];

/** The button, or nothing where there are no passkeys. */
export function passkeySignIn(district: string, portal: Field, isShared: () => boolean): HTMLElement | null {
  if (!canUsePasskeys()) return null;
  const door = () => ({ district, portal: portal.value() as Schemas["Portal"] });
  const begun = () => answered(open.POST("/login/passkey/options", { body: door() }));
  const problem = problemBox();
  const button = h("button", { type: "button", class: "secondary", click: () => void press() }, t("passkeys.signIn"));
  const element = h("div", { class: "action" }, problem.element, button);
  let waiting = new AbortController();
  let isBusy = false;

  async function press() {
    if (isBusy) return;
    isBusy = true;
    waiting.abort();
    problem.hide();
    await told(async () => signIn(await usePasskey(await begun())));
    isBusy = false;
    void offer();
  }

  /** In the browser's list below the username, until the page goes, the button is pressed or another portal is chosen. */
  async function offer() {
    waiting.abort();
    const mine = (waiting = new AbortController());
    if (!(await canOfferWhileTyping()) || !element.isConnected) return;
    const renewal = setTimeout(() => void offer(), FRESH_MS);
    mine.signal.addEventListener("abort", () => clearTimeout(renewal));
    await told(async () => {
      const options = await begun();
      if (mine.signal.aborted) return;
      const credential = await usePasskey(options, { mediation: "conditional", signal: mine.signal });
      if (!mine.signal.aborted) await signIn(credential);
    }, NOT_TOLD);
  }

  async function signIn(credential: Credential) {
    const device = deviceOfPasskey(credential.response.userHandle, isShared());
    begin(await answered(open.POST("/login/passkey", { body: { ...door(), credential, device } })));
    go(afterSignIn());
  }

  async function told(act: () => Promise<void>, notOf: string[] = []) {
    try {
      await act();
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      if (!fault.is(...notOf)) problem.show(fault.problem.detail);
    }
  }

  portal.element.addEventListener("change", () => void offer());
  whenShown(element, () => void offer(), () => waiting.abort());
  return element;
}

/** Calls `come` when the element is first in the page, and `leave` when it is gone. */
function whenShown(element: HTMLElement, come: () => void, leave: () => void): void {
  let wasThere = false;
  const watch = new MutationObserver(() => {
    if (element.isConnected === wasThere) return;
    wasThere = element.isConnected;
    if (wasThere) return come();
    watch.disconnect();
    leave();
  });
  watch.observe(document.body, { childList: true, subtree: true });
}
