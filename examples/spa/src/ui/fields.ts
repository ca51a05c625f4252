/** Fields of a form: a label above, a hint below it, and a place where a fault of this field is said. */

import { t } from "../words";
import { h, newId, type Child } from "./dom";

export interface Field {
  /** As the service calls it: a fault with the pointer `/name` is said here. */
  name: string;
  element: HTMLElement;
  control: HTMLElement;
  label: string;
  value(): string;
  /** Null takes the fault back. */
  showFault(detail: string | null): void;
  /** What is wrong before the service is asked, or null. */
  missing(): string | null;
}

interface TextPlan {
  name: string;
  label: string;
  hint?: string;
  type?: "text" | "email" | "tel" | "date" | "search";
  autocomplete?: AutoFill | "bday";
  value?: string;
  optional?: boolean;
  /** Codes, keys and usernames: nothing corrects or capitalises them. */
  verbatim?: boolean;
  digits?: boolean;
}

export function textField(plan: TextPlan): Field {
  const input = h("input", {
    name: plan.name,
    type: plan.type ?? "text",
    autocomplete: plan.autocomplete ?? "off",
    value: plan.value ?? "",
    ...(plan.verbatim && { autocapitalize: "none", autocorrect: "off", spellcheck: "false", dir: "ltr" }),
    ...(plan.digits && { inputmode: "numeric" }),
  });
  return labelled(plan, input, input);
}

export function passwordField(plan: { name: string; label: string; hint?: string; autocomplete: AutoFill }): Field {
  const input = h("input", { name: plan.name, type: "password", autocomplete: plan.autocomplete, dir: "ltr" });
  const show = h(
    "button",
    { type: "button", class: "reveal", "aria-pressed": "false", click: toggle },
    t("field.show"),
  );
  function toggle() {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    show.setAttribute("aria-pressed", String(shown));
  }
  const field = labelled(plan, input, h("div", { class: "with-button" }, input, show));
  show.setAttribute("aria-label", t("field.showThis", { field: plan.label }));
  return field;
}

export function selectField(plan: {
  name: string;
  label: string;
  hint?: string;
  options: { value: string; text: string }[];
}): Field {
  const options = plan.options.map(({ value, text }) => h("option", { value }, text));
  const select = h("select", { name: plan.name }, ...options);
  return labelled(plan, select, select);
}

export function longTextField(plan: { name: string; label: string; hint?: string; optional?: boolean }): Field {
  const area = h("textarea", { name: plan.name, rows: 4 });
  return labelled(plan, area, area);
}

/** One of a few, all of them in sight. */
export function choiceField(plan: { name: string; label: string; options: { value: string; text: string }[] }): Field {
  const radios = plan.options.map(({ value }, place) =>
    h("input", { type: "radio", name: plan.name, value, checked: place === 0 }),
  );
  const rows = plan.options.map(({ text }, place) => h("label", {}, radios[place], h("span", {}, text)));
  const fault = h("p", { class: "fault", hidden: true });
  const element = h(
    "fieldset",
    { class: "field choice" },
    h("legend", {}, plan.label),
    h("div", { class: "segments" }, ...rows),
    fault,
  );
  return {
    name: plan.name,
    label: plan.label,
    element,
    control: radios[0] ?? element,
    value: () => radios.find((radio) => radio.checked)?.value ?? "",
    missing: () => null,
    showFault: (detail) => say(fault, detail),
  };
}

export function checkField(plan: { name: string; label: string; hint?: string }): Field & { checked(): boolean } {
  const id = newId(plan.name);
  const hint = plan.hint ? h("p", { class: "hint", id: `${id}-hint` }, plan.hint) : null;
  const input = h("input", { type: "checkbox", id, name: plan.name, ...(hint && { "aria-describedby": hint.id }) });
  const fault = h("p", { class: "fault", hidden: true });
  return {
    name: plan.name,
    label: plan.label,
    element: h(
      "div",
      { class: "field check" },
      h("div", { class: "row" }, input, h("label", { for: id }, plan.label)),
      hint,
      fault,
    ),
    control: input,
    checked: () => input.checked,
    value: () => String(input.checked),
    missing: () => null,
    showFault: (detail) => say(fault, detail),
  };
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function labelled(
  plan: { name: string; label: string; hint?: string; optional?: boolean },
  control: Control,
  inner: Child,
): Field {
  const id = newId(plan.name);
  control.id = id;
  const hint = plan.hint ? h("p", { class: "hint", id: `${id}-hint` }, plan.hint) : null;
  const fault = h("p", { class: "fault", id: `${id}-fault`, hidden: true });
  const name = plan.optional ? t("field.optional", { field: plan.label }) : plan.label;
  if (!plan.optional) control.setAttribute("aria-required", "true");
  if (hint) control.setAttribute("aria-describedby", hint.id);
  return {
    name: plan.name,
    label: plan.label,
    element: h("div", { class: "field" }, h("label", { for: id }, name), hint, fault, inner),
    control,
    value: () => control.value,
    missing: () => (plan.optional || control.value.trim() ? null : t("field.missing", { field: plan.label })),
    showFault(detail) {
      say(fault, detail);
      control.setAttribute("aria-invalid", String(detail !== null));
      control.setAttribute("aria-describedby", [detail && fault.id, hint?.id].filter(Boolean).join(" "));
    },
  };
}

function say(place: HTMLElement, text: string | null): void {
  place.textContent = text ?? "";
  place.hidden = text === null;
}
