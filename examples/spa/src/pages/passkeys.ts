/** My passkeys: add one on this device, name them, remove what is lost. */

import { mine, type Schemas } from "../api/client";
import { browserName } from "../api/device";
import { canUsePasskeys, makePasskey } from "../api/passkey";
import { answered } from "../api/problem";
import { reload } from "../router";
import { action } from "../ui/action";
import { announce } from "../ui/announce";
import { ask, showModal } from "../ui/ask";
import { h, newId } from "../ui/dom";
import { textField } from "../ui/fields";
import { form } from "../ui/form";
import { icon } from "../ui/icons";
import { backTo, card, note, type Page } from "../ui/page";
import { withStepUp } from "../ui/step-up";
import { day, t } from "../words";

type Passkey = Schemas["PasskeyItem"];

export async function passkeys(): Promise<Page> {
  const { items } = await answered(mine.GET("/me/passkeys"));
  const adding = canUsePasskeys()
    ? form({ fields: [], submit: t("passkeys.add"), send: add })
    : h("p", {}, t("passkeys.notHere"));
  return {
    title: t("passkeys.title"),
    lead: t("passkeys.lead"),
    content: [
      items.length > 0 && h("ul", { class: "rows" }, ...items.map(row)),
      card(adding),
      note("calm", t("passkeys.lost")),
      backTo("/account", t("page.toAccount")),
    ],
  };
}

async function add(): Promise<void> {
  const options = await withStepUp(() => answered(mine.POST("/me/passkeys/options")));
  const credential = await makePasskey(options);
  await answered(mine.POST("/me/passkeys", { body: { credential, name: browserName() } }));
  await reload();
  announce(t("passkeys.added"));
}

function row(passkey: Passkey): HTMLElement {
  const name = passkey.name ?? t("passkeys.unnamed");
  const created = t("passkeys.since", { since: day(passkey.created_at) });
  const used = passkey.last_used_at && t("passkeys.used", { used: day(passkey.last_used_at) });
  const words = h(
    "div",
    { class: "words" },
    h("strong", {}, name),
    h("span", { class: "hint" }, [created, used].filter(Boolean).join(" ")),
    h("span", { class: "hint" }, t(passkey.backed_up ? "passkeys.backedUp" : "passkeys.onOneDevice")),
  );
  const path = { path: { passkey_id: passkey.id } };

  async function remove() {
    if (!(await ask(t("passkeys.removeQuestion", { name }), t("passkeys.remove")))) return;
    await withStepUp(() => answered(mine.DELETE("/me/passkeys/{passkey_id}", { params: path })));
    await reload();
    announce(t("passkeys.removed"));
  }

  async function rename(to: string) {
    await answered(mine.PATCH("/me/passkeys/{passkey_id}", { params: path, body: { name: to } }));
    await reload();
    announce(t("passkeys.renamed"));
  }

  const buttons = [
    action({ text: t("passkeys.rename"), label: t("passkeys.renameThis", { name }), act: () => askName(name, rename) }),
    action({ text: t("passkeys.remove"), label: t("passkeys.removeThis", { name }), act: remove }),
  ];
  return h("li", {}, icon("key"), words, h("div", { class: "actions" }, ...buttons));
}

/** Asks for another name; what the service refuses is said there. */
function askName(name: string, rename: (to: string) => Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const field = textField({ name: "name", label: t("passkeys.name"), value: name });
    async function send() {
      await rename(field.value());
      dialog.close();
    }
    const title = newId("rename");
    const cancel = h("button", { type: "button", class: "plain", click: () => dialog.close() }, t("page.cancel"));
    const dialog = h(
      "dialog",
      { "aria-labelledby": title },
      h("h2", { id: title }, t("passkeys.rename")),
      form({ fields: [field], submit: t("passkeys.save"), send }),
      cancel,
    );
    showModal(dialog, resolve);
    field.control.focus();
  });
}
