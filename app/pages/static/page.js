// What all the pages share: the secret of the link, the part that is shown, and what is said when something went wrong.
// Every text comes with the page, in its language.

const texts = document.querySelector("main").dataset;
const GONE = new Set(["reset_link_invalid", "ticket_invalid"]);

export const byId = (id) => document.getElementById(id);

/** An answer of the service that is a problem (RFC 9457), or none at all. */
class Refusal extends Error {
  constructor(problem = {}) {
    super(problem.code);
    this.problem = problem;
  }
}

/** The secret after `#name=`, or null. Address bar and history forget it at once; a change of language takes it along. */
export function takeSecret(name) {
  const secret = new URLSearchParams(location.hash.slice(1)).get(name);
  history.replaceState(null, "", location.pathname + location.search);
  // Another mail's link, opened in this tab while the page is there, changes nothing but the fragment.
  addEventListener("hashchange", () => location.hash.startsWith(`#${name}=`) && location.reload());
  for (const link of document.querySelectorAll("a[hreflang]")) {
    link.addEventListener("click", () => secret && (link.hash = new URLSearchParams({ [name]: secret })));
  }
  return secret;
}

/** Posts JSON and gives the answer (null where it is empty). A Refusal is thrown for everything else. */
export async function send(path, body, headers = {}) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang, ...headers },
    body: JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
  }).catch(() => { throw new Refusal(); });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Refusal(answer ?? {});
  return answer;
}

/** Shows one part of the page. A person who has pressed a button is led to its heading. */
export function show(name) {
  clearProblem();
  for (const part of document.querySelectorAll("[data-part]")) part.hidden = part.dataset.part !== name;
  document.querySelector(`[data-part=${name}] h2`)?.focus();
}

/** Tells that the link opens nothing, in the words of the service if it was asked. */
export function showBroken(detail) {
  if (detail) byId("broken-detail").textContent = detail;
  show("broken");
}

/** Calls `act` with what was typed, and never twice at a time; shows what `act` refuses. */
export function whenSubmitted(form, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    setBusy(form, true);
    clearProblem();
    try {
      await act(Object.fromEntries(new FormData(form)));
    } catch (fault) {
      showProblem(fault.problem ?? {});
      if (!(fault instanceof Refusal)) throw fault;
    } finally {
      setBusy(form, false);
    }
  });
}

/** Replaces each `{name}` in the text of `element`; in a page from right to left each value keeps its own direction. */
export function fill(element, values) {
  const [isolate, end] = document.dir === "rtl" ? ["\u2068", "\u2069"] : ["", ""];
  element.dataset.text ??= element.textContent;
  element.textContent = element.dataset.text.replace(/\{(\w+)\}/g, (_, name) => isolate + values[name] + end);
}

function setBusy(form, busy) {
  form.setAttribute("aria-busy", busy);
  form.querySelector("[type=submit]").setAttribute("aria-disabled", busy);
  byId("status").textContent = busy ? texts.wait : "";
}

function showProblem({ code, detail, errors = [] }) {
  if (GONE.has(code)) return showBroken(detail);
  byId("problem-detail").textContent = errors.length ? "" : (detail ?? texts.unreachable);
  byId("problem-fields").replaceChildren(...errors.map(({ pointer, detail }) => summaryLine(byId(pointer.slice(1)), detail)));
  for (const { pointer, detail } of errors) markField(byId(pointer.slice(1)), detail);
  byId("problem").hidden = false;
  byId("problem").focus();
}

function summaryLine(field, detail) {
  const line = document.createElement("li");
  const link = line.appendChild(document.createElement(field ? "a" : "span"));
  link.textContent = field ? `${field.labels[0].textContent}: ${detail}` : detail;
  if (field) {
    link.href = `#${field.id}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      field.focus();
    });
  }
  return line;
}

function markField(field, detail) {
  if (!field) return;
  const faults = byId(`${field.id}-fault`);
  faults.appendChild(document.createElement("p")).textContent = detail;
  faults.hidden = false;
  field.setAttribute("aria-invalid", true);
}

function clearProblem() {
  byId("problem").hidden = true;
  for (const faults of document.querySelectorAll(".fault")) {
    faults.replaceChildren();
    faults.hidden = true;
  }
  for (const field of document.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}
