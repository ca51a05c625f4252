/** A password that somebody chooses, typed twice, with the rules of her district in sight. */

import type { Schemas } from "../api/client";
import { passwordField, type Field } from "../ui/fields";
import { t } from "../words";

type Policy = Schemas["PasswordPolicyAnswer"];

export function newPassword(policy: Policy | undefined): [password: Field, again: Field] {
  const autocomplete = "new-password";
  return [
    passwordField({ name: "password", label: t("field.newPassword"), hint: policy && rules(policy), autocomplete }),
    passwordField({ name: "password_confirm", label: t("field.again"), autocomplete }),
  ];
}

function rules({ min_length, alphanumeric, strong }: Policy): string {
  const all = [
    t("rule.length", { min: min_length }),
    alphanumeric && t("rule.alphanumeric"),
    strong && t("rule.strong"),
    t("rule.notCommon"),
  ];
  return all.filter(Boolean).join(" ");
}
