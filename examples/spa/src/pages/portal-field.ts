/** Families choose their portal; the office has addresses of its own with `?portal=staff`, as it is no portal of the district's. */

import type { Schemas } from "../api/client";
import { choiceField, type Field } from "../ui/fields";
import { t, type Word } from "../words";
import type { District } from "./login-screen";

export function portalField(district: District, isStaff: boolean): Field {
  const portals: Schemas["Portal"][] = isStaff ? ["staff"] : district.portals;
  const options = portals.map((value) => ({ value, text: t(`portal.${value}` as Word) }));
  const field = choiceField({ name: "portal", label: t("signIn.portal"), options });
  field.element.hidden = options.length < 2;
  return field;
}
