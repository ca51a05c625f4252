/** One account at the desk: what is wrong, what helps, and what this clerk may do about it (`can_do`). */

import { mine, type Schemas } from "../../api/client";
import { answered } from "../../api/problem";
import { reload, type Place } from "../../router";
import { announce } from "../../ui/announce";
import { ask } from "../../ui/ask";
import { h, type Child } from "../../ui/dom";
import { form } from "../../ui/form";
import { backTo, card, facts, inWords, note, section, type Page } from "../../ui/page";
import { dayAndTime, t, type Word } from "../../words";
import { resetActions } from "./reset";
import { statusBadge } from "./search";

export type DeskAccount = Schemas["AccountItem"];

export async function officeAccount({ named }: Place): Promise<Page> {
  const account = await answered(
    mine.GET("/admin/accounts/{account_id}", { params: { path: { account_id: named["id"] ?? "" } } }),
  );
  const { person, portal, username } = account;
  return {
    title: `${person.first_name} ${person.last_name}`,
    lead: `${inWords("portal", portal)} · ${username}`,
    layout: "wide",
    content: [
      ...diagnosis(account),
      h(
        "div",
        { class: "columns" },
        h("div", {}, state(account), children(account)),
        h("div", {}, help(account), mails(account)),
      ),
      backTo("/office", t("office.back")),
    ],
  };
}

function diagnosis({ reasons }: DeskAccount): HTMLElement[] {
  if (!reasons.length) return [note("good", t("office.works"))];
  return reasons.map((reason) =>
    note("warn", h("strong", {}, inWords("reason", reason)), " ", inWords("remedy", reason)),
  );
}

function state({
  status,
  ladder,
  totp,
  recovery_email,
  live_sessions,
  last_signed_in_at,
  key,
  portal,
}: DeskAccount): HTMLElement {
  const wrong = ladder.tries
    ? t("office.tries", { tries: ladder.tries, step: inWords("ladder", ladder.step) })
    : t("office.noTries");
  const address =
    recovery_email &&
    [recovery_email.address_masked, t(recovery_email.confirmed ? "email.isConfirmed" : "email.waits")].join(" · ");
  return section(
    t("office.state"),
    card(
      facts(
        [t("office.status"), statusBadge(status)],
        [t("office.wrong"), wrong],
        [t("office.lastSignIn"), last_signed_in_at ? dayAndTime(last_signed_in_at) : t("office.never")],
        [t("office.sessions"), String(live_sessions)],
        [t("field.recoveryEmail"), address ?? t("email.none")],
        [t("authenticator.title"), portal === "staff" && t(totp.set_up ? "office.yes" : "office.no")],
        [t("field.key"), key && inWords("key", key.state)],
      ),
    ),
  );
}

function children({ relationships }: DeskAccount): Child {
  if (!relationships.length) return null;
  const rows = relationships.map(({ first_name, last_name, portal, ended }) => {
    const shown: Word = ended ? "office.left" : portal ? "office.shown" : "office.notShown";
    const badge = h("span", { class: `badge ${portal && !ended ? "good" : "warn"}` }, t(shown));
    return h("li", {}, h("strong", { class: "words" }, `${first_name} ${last_name}`), badge);
  });
  return section(t("office.children"), h("ul", { class: "rows" }, ...rows));
}

function mails({ mails }: DeskAccount): Child {
  if (!mails.length) return null;
  const rows = mails.map(({ kind, state, created_at }) =>
    h(
      "li",
      {},
      h("strong", {}, inWords("mail", kind)),
      h("span", { class: "hint" }, `${dayAndTime(created_at)} · ${inWords("sent", state)}`),
    ),
  );
  return section(t("office.mails"), h("ol", { class: "timeline" }, ...rows));
}

function help(account: DeskAccount): HTMLElement {
  const { id, can_do, person } = account;
  const name = `${person.first_name} ${person.last_name}`;
  const path = { account_id: id };
  const can = (what: string) => can_do.includes(what);
  const actions = [
    can("unlock") &&
      action("office.unlock", "office.unlocked", () =>
        answered(mine.POST("/admin/accounts/{account_id}/unlock", { params: { path } })),
      ),
    can("enable") &&
      action("office.enable", "office.enabled", () =>
        answered(mine.POST("/admin/accounts/{account_id}/enable", { params: { path } })),
      ),
    ...resetActions(account),
    can("disable") &&
      action("office.disable", "office.disabled", async () => {
        if (!(await ask(t("office.disableAsk", { name }), t("office.disable")))) return false;
        return answered(mine.POST("/admin/accounts/{account_id}/disable", { params: { path } }));
      }),
  ].filter((one) => one !== false);
  return section(t("office.help"), card(...(actions.length ? actions : [t("office.nothingToDo")])));
}

/** One button; what the account looks like afterwards is asked anew. `false` means that the clerk thought better of it. */
function action(word: Word, done: Word, act: () => Promise<unknown>): HTMLElement {
  async function send() {
    if ((await act()) === false) return;
    await reload();
    announce(t(done));
  }
  return form({ fields: [], submit: t(word), isQuiet: word === "office.disable", send });
}
