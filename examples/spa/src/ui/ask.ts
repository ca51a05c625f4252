/** A question before something that cannot be taken back. */

import { t } from "../words";
import { h } from "./dom";

export function ask(question: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    const say = (answer: string) => () => dialog.close(answer);
    const dialog = h(
      "dialog",
      { "aria-label": question },
      h("p", {}, question),
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", class: "primary", click: say("yes") }, yes),
        h("button", { type: "button", class: "plain", click: say("no") }, t("page.cancel")),
      ),
    );
    showModal(dialog, () => resolve(dialog.returnValue === "yes"));
  });
}

/** Until it is closed; the browser gives the focus back to where it was. */
export function showModal(dialog: HTMLDialogElement, whenClosed: () => void): void {
  dialog.addEventListener("close", () => {
    dialog.remove();
    whenClosed();
  });
  document.body.append(dialog);
  dialog.showModal();
}
