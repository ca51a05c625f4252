/** My account: what it is, how safe it is, and where to change it. */

import { mine } from "../api/client";
import { answered } from "../api/problem";
import { update } from "../api/session";
import { h } from "../ui/dom";
import { card, doorTo, facts, type Page } from "../ui/page";
import { t, type Word } from "../words";

export async function accountPage(): Promise<Page> {
  const account = await answered(mine.GET("/me"));
  update({ account });
  const { first_name, last_name, username, portal, district, recovery_email } = account;
  const address = recovery_email?.address_masked;
  const state = recovery_email && t(recovery_email.confirmed ? "email.isConfirmed" : "email.waits");
  const who = facts(
    [t("account.name"), `${first_name} ${last_name}`],
    [t("field.username"), h("span", { dir: "ltr" }, username)],
    [t("account.portal"), t(`portal.${portal}` as Word)],
    [t("children.district"), district.name],
    [t("field.recoveryEmail"), address ? h("span", {}, h("bdi", {}, address), ` · ${state}`) : t("email.none")],
  );
  const doors = [
    doorTo("/account/email", "mail", t("field.recoveryEmail"), t("email.why")),
    doorTo("/account/password", "key", t("password.title"), t("password.lead")),
    doorTo("/account/sessions", "device", t("sessions.title"), t("sessions.lead")),
    doorTo("/account/activity", "shield", t("activity.title"), t("activity.lead")),
    doorTo("/account/passkeys", "key", t("passkeys.title"), t("passkeys.lead")),
    doorTo("/account/authenticator", "shield", t("authenticator.title"), t("authenticator.why")),
  ];
  return {
    title: t("nav.account"),
    layout: "wide",
    content: [h("div", { class: "columns" }, h("ul", { class: "doors" }, ...doors), card(who))],
  };
}
