/** A key for somebody without an account: in person, by letter, or to the address in the roster. None is given by phone. */

import { mine, type Schemas } from "../../api/client";
import { answered } from "../../api/problem";
import type { Place } from "../../router";
import { h } from "../../ui/dom";
import { checkField, choiceField } from "../../ui/fields";
import { form } from "../../ui/form";
import { backTo, card, showStep, type Page } from "../../ui/page";
import { withStepUp } from "../../ui/step-up";
import { t, type Word } from "../../words";
import { showKey } from "./reset";

const CHANNELS: Schemas["KeyChannel"][] = ["in_person", "letter", "email"];

export function issueKey({ named, query }: Place): Page {
  const options = CHANNELS.map((value) => ({ value, text: t(`channel.${value}` as Word) }));
  const channel = choiceField({ name: "channel", label: t("office.channel"), options });
  const photo = checkField({ name: "photo_id_checked", label: t("office.photo"), hint: t("office.photoHint") });
  const place = h("div", { class: "step", change: () => (photo.element.hidden = channel.value() !== "in_person") });

  async function send() {
    const isInPerson = channel.value() === "in_person";
    const body = {
      person_id: named["id"] ?? "",
      portal: query.get("portal") as Schemas["Portal"],
      channel: channel.value() as Schemas["KeyChannel"],
      ...(isInPerson && { photo_id_checked: photo.checked() }),
    };
    const key = await withStepUp(() => answered(mine.POST("/admin/activation-keys", { body })));
    if (key.activation_key) showKey(place, key.activation_key, key.expires_at);
    else showStep(place, t("office.keyOnItsWay"), h("p", {}, t(`channel.${key.channel}Done` as Word)));
  }

  place.append(form({ fields: [channel, photo], submit: t("office.issueKey"), send }));
  return {
    title: t("office.issueKey"),
    lead: query.get("name") ?? "",
    content: [card(place), backTo("/office", t("office.back"))],
  };
}
