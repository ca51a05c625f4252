/** What could hurt most wants a fresh proof: a passkey, the code of the authenticator app, or else the password. It holds for five minutes. */

import { mine } from "../api/client";
import { canUsePasskeys, usePasskey } from "../api/passkey";
import { answered, Refusal } from "../api/problem";
import { goOn } from "../api/session";
import { t } from "../words";
import { action } from "./action";
import { showModal } from "./ask";
import { h, newId } from "./dom";
import { passwordField, textField } from "./fields";
import { form } from "./form";

/** Does it; where the service wants a step-up, asks for one and does it once more. */
export async function withStepUp<Answer>(act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (fault) {
    if (!(fault instanceof Refusal && fault.is("step_up_required"))) throw fault;
    if (!(await stepUp(fault.problem.detail))) throw fault;
    return act();
  }
}

/** Whether somebody has proved once more who she is. */
async function stepUp(why: string): Promise<boolean> {
  const [{ set_up }, { items }] = await Promise.all([
    answered(mine.GET("/me/totp")),
    answered(mine.GET("/me/passkeys")),
  ]);
  const field = set_up
    ? textField({
        name: "totp",
        label: t("totp.code"),
        hint: t("totp.hint"),
        autocomplete: "one-time-code",
        verbatim: true,
      })
    : passwordField({ name: "password", label: t("field.currentPassword"), autocomplete: "current-password" });

  return new Promise((resolve) => {
    async function send() {
      const body = set_up ? { totp: field.value().replace(/\s/g, "") } : { password: field.value() };
      goOn(await answered(mine.POST("/me/step-up", { body })));
      dialog.close("yes");
    }
    async function useOne() {
      const passkey = await usePasskey(await answered(mine.POST("/me/step-up/options")));
      goOn(await answered(mine.POST("/me/step-up", { body: { passkey } })));
      dialog.close("yes");
    }
    const title = newId("step-up");
    const cancel = h("button", { type: "button", class: "plain", click: () => dialog.close("no") }, t("page.cancel"));
    const dialog = h(
      "dialog",
      { "aria-labelledby": title },
      h("h2", { id: title }, t("stepUp.title")),
      h("p", {}, why),
      form({ fields: [field], submit: t("stepUp.submit"), send }),
      items.length > 0 && canUsePasskeys() && action({ text: t("passkeys.use"), act: useOne }),
      cancel,
    );
    showModal(dialog, () => resolve(dialog.returnValue === "yes"));
    field.control.focus();
  });
}
