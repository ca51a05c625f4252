/** Username and password; the code of the authenticator app where the account has one. */

import { open, type Schemas } from "../api/client";
import { thisDevice } from "../api/device";
import { answered, Refusal } from "../api/problem";
import { begin } from "../api/session";
import { goToProvider } from "../api/sso";
import { go } from "../router";
import { h } from "../ui/dom";
import { checkField, type Field, passwordField, textField } from "../ui/fields";
import { form } from "../ui/form";
import { showStep } from "../ui/page";
import { t, type Word } from "../words";
import { afterSignIn } from "./after-sign-in";
import type { District } from "./login-screen";
import { passkeySignIn } from "./passkey-sign-in";
import { portalField } from "./portal-field";

export function signInForm(district: District, isStaff = false): HTMLElement {
  const portal = portalField(district, isStaff);
  const username = textField({
    name: "username",
    label: t("field.username"),
    autocomplete: "username webauthn" as AutoFill,
    verbatim: true,
  });
  const password = passwordField({ name: "password", label: t("field.password"), autocomplete: "current-password" });
  const shared = checkField({ name: "shared", label: t("signIn.shared"), hint: t("signIn.sharedHint") });
  const captcha = { district: district.id, action: "login" } as const;
  const place = h("div", { class: "step" });

  async function signIn(solution: string | undefined, totp?: string) {
    const who = { district: district.id, portal: portal.value() as Schemas["Portal"], username: username.value() };
    const device = thisDevice(who, shared.checked());
    begin(
      await answered(
        open.POST("/login", { body: { ...who, password: password.value(), captcha: solution, totp, device } }),
      ),
    );
    go(afterSignIn());
  }

  async function askForCodeIfNeeded(solution: string | undefined) {
    try {
      await signIn(solution);
    } catch (fault) {
      if (!(fault instanceof Refusal && fault.is("totp_required"))) throw fault;
      showStep(place, t("totp.title"), codeForm());
    }
  }

  function codeForm(): HTMLElement {
    const code = textField({
      name: "totp",
      label: t("totp.code"),
      hint: t("totp.hint"),
      autocomplete: "one-time-code",
      verbatim: true,
    });
    const send = (solution: string | undefined) => signIn(solution, code.value().replace(/\s/g, ""));
    return form({ fields: [code], submit: t("totp.submit"), district: district.id, captcha, send });
  }

  place.append(
    form({
      name: t("signIn.title"),
      fields: [portal, username, password, shared],
      submit: t("signIn.submit"),
      district: district.id,
      captcha,
      send: askForCodeIfNeeded,
    }),
    passkeySignIn(district.id, portal, shared.checked) ?? "",
    providers(district, portal, shared.checked),
    help(district, isStaff),
  );
  return place;
}

/** "Sign in with Google", where the district has that for the portal that is chosen. */
function providers(district: District, portal: Field, isShared: () => boolean): HTMLElement {
  const buttons = district.features.sso
    ? district.sso.map(({ name, label, portals }) => ({ portals, element: buttonTo(name, label) }))
    : [];
  const element = h("div", { class: "providers" }, ...buttons.map((button) => button.element));
  portal.element.addEventListener("change", choose);
  choose();
  return element;

  function choose() {
    for (const button of buttons) button.element.hidden = !button.portals.some((one) => one === portal.value());
    element.hidden = buttons.every((button) => button.element.hidden);
  }

  function buttonTo(name: string, label: string): HTMLElement {
    const text = t("signIn.with", { provider: label });
    return h("button", { type: "button", class: "secondary", click }, text);
    function click() {
      const who = { district: district.id, portal: portal.value() as Schemas["Portal"], shared: isShared() };
      void goToProvider(name, who);
    }
  }
}

function help({ id, features }: District, isStaff: boolean): HTMLElement {
  const ways = [
    features.password_reset && link(`/d/${id}/forgot-password${isStaff ? "?portal=staff" : ""}`, "door.forgotPassword"),
    features.username_recovery && link(`/d/${id}/forgot-username`, "door.forgotUsername"),
    !isStaff && features.challenge_questions && link(`/d/${id}/questions`, "door.questions"),
    isStaff ? link(`/d/${id}`, "door.family") : link(`/d/${id}?portal=staff`, "door.staff"),
  ].filter((way) => way !== false);
  return h("ul", { class: "ways" }, ...ways);
}

function link(path: string, word: Word): HTMLElement {
  return h("li", {}, h("a", { href: path }, t(word)));
}
