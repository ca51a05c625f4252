/** What could hurt most wants a fresh code of the authenticator app; it then holds for five minutes. */

import { mine } from "../api/client";
import { answered, Refusal } from "../api/problem";
import { account, goOn } from "../api/session";
import { t } from "../words";
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
function stepUp(why: string): Promise<boolean> {
  const isStaff = account()?.portal === "staff";
  const field = isStaff
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
      const body = isStaff ? { totp: field.value().replace(/\s/g, "") } : { password: field.value() };
      goOn(await answered(mine.POST("/me/step-up", { body })));
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
      cancel,
    );
    showModal(dialog, () => resolve(dialog.returnValue === "yes"));
    field.control.focus();
  });
}
