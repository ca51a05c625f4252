/** What a reader has typed into the page: it outlives a change of language. Passwords are never carried over. */

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function typed(): Map<string, string> {
  const controls = [...document.querySelectorAll<Control>("main [name]")].filter(isKept);
  return new Map(controls.map((control) => [keyOf(control), state(control)]));
}

/** Types the same into the page that stands there now, as far as it asks for it. */
export function typeAgain(before: Map<string, string>): void {
  for (const control of document.querySelectorAll<Control>("main [name]")) {
    const value = before.get(keyOf(control));
    if (value === undefined || value === state(control)) continue;
    if (isTicked(control)) control.checked = value === "true";
    else control.value = value;
    control.dispatchEvent(new Event(isTicked(control) ? "change" : "input", { bubbles: true }));
  }
}

const isTicked = (control: Control): control is HTMLInputElement =>
  control.type === "radio" || control.type === "checkbox";
const isKept = (control: Control): boolean => control.type !== "password";
const state = (control: Control): string => (isTicked(control) ? String(control.checked) : control.value);
const keyOf = (control: Control): string => `${control.name} ${control.type === "radio" ? control.value : ""}`;
