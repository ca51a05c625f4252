/** Where the browser comes back from a provider: with a code that becomes the session, or with the reason why there is none. */

import { open } from "../api/client";
import { thisDevice } from "../api/device";
import { answered, Refusal } from "../api/problem";
import { begin } from "../api/session";
import { COMES_BACK_TO, type Way, wayBack } from "../api/sso";
import { go, type Place } from "../router";
import { h } from "../ui/dom";
import { textField } from "../ui/fields";
import { form } from "../ui/form";
import { card, inWords, problemPage, type Page } from "../ui/page";
import { t } from "../words";
import { afterSignIn } from "./after-sign-in";

/** A sign-in that waits for the code of the authenticator, also while the reader chooses another language. */
let waiting: { way: Way; code: string } | null = null;
/** Where the way back began, for the link to the sign-in. */
let last: Way | null = null;

/** Opened once: the code works once, and a reload leads to the sign-in. */
export async function backFromProvider({ query }: Place): Promise<Page> {
  if (waiting) return codePage(waiting.way, waiting.code);
  history.replaceState(null, "", location.pathname);
  const way = wayBack(query);
  const code = query.get("code");
  last = way ?? last;
  if (!way || !code) return refused(query.get("error") ?? "");
  try {
    await exchange(way, code);
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    if (fault.is("totp_required")) {
      waiting = { way, code };
      return codePage(way, code);
    }
    return problemPage(fault.problem.title, fault.problem.detail, toSignIn());
  }
  return { title: t("signIn.title"), content: [] };
}

async function exchange(way: Way, code: string, totp?: string): Promise<void> {
  const body = {
    district: way.district,
    code,
    code_verifier: way.verifier,
    redirect_uri: location.origin + COMES_BACK_TO,
    totp,
    device: thisDevice(undefined, way.shared),
  };
  begin(await answered(open.POST("/login/sso/exchange", { body })));
  waiting = null;
  go(afterSignIn());
}

function codePage(way: Way, code: string): Page {
  const field = textField({
    name: "totp",
    label: t("totp.code"),
    hint: t("totp.hint"),
    autocomplete: "one-time-code",
    verbatim: true,
  });
  const send = () => exchange(way, code, field.value().replace(/\s/g, ""));
  return { title: t("totp.title"), content: [card(form({ fields: [field], submit: t("totp.submit"), send }))] };
}

function refused(error: string): Page {
  return problemPage(t("sso.refused"), error ? inWords("sso", error) : t("sso.again"), toSignIn());
}

function toSignIn(): HTMLElement {
  const path = last ? `/d/${last.district}${last.portal === "staff" ? "?portal=staff" : ""}` : "/";
  return h("p", {}, h("a", { href: path }, t("page.toSignIn")));
}
