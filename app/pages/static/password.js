// A new password: shown if wanted, and a list of the district's rules that are met so far. The service has the last word.

import { byId, fill } from "./page.js";

const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;
const KINDS = [/\p{Lowercase}/u, /\p{Uppercase}/u, DIGIT, /[^\p{L}\p{N}]/u];
const KINDS_NEEDED = 3;

/** Shows the rules of a `password_policy` and keeps them up to date while somebody types. */
export function startPasswordFields(policy) {
  const rules = Object.entries(rulesOf(policy)).map(([name, isMet]) => {
    const line = document.querySelector(`[data-rule=${name}]`);
    line.hidden = false;
    return { line, isMet, values: { min: policy.min_length } };
  });
  const refresh = () => rules.forEach(refreshRule);
  for (const field of fields()) field.oninput = refresh;
  byId("show-password").onclick = toggle;
  refresh();
}

function rulesOf(policy) {
  return {
    length: (password) => [...password].length >= policy.min_length,
    ...(policy.alphanumeric && { alphanumeric: (password) => LETTER.test(password) && DIGIT.test(password) }),
    ...(policy.strong && { strong: (password) => KINDS.filter((kind) => kind.test(password)).length >= KINDS_NEEDED }),
    same: (password, again) => password !== "" && password === again,
  };
}

function refreshRule({ line, isMet, values }) {
  const met = isMet(...fields().map((field) => field.value.normalize("NFC")));
  const [text, state] = line.children;
  fill(text, values);
  state.textContent = met ? state.dataset.met : "";
  line.classList.toggle("met", met);
}

function toggle() {
  const shown = byId("show-password").getAttribute("aria-pressed") !== "true";
  byId("show-password").setAttribute("aria-pressed", shown);
  for (const field of fields()) field.type = shown ? "text" : "password";
}

function fields() {
  return [byId("password"), byId("password_confirm")];
}
