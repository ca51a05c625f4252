/**
 * A form that asks the service once at a time and shows what it refuses: the `detail` of the problem in a summary that takes the
 * focus, the faults of single fields at these fields, a CAPTCHA where one is asked for, and the way on that the problem names.
 */

import { Refusal, type Problem } from "../api/problem";
import { dayAndTime, t } from "../words";
import { announce, silence } from "./announce";
import { captchaBox, type Purpose } from "./captcha";
import { h, type Child } from "./dom";
import type { Field } from "./fields";
import { waysOn } from "./ways-on";

interface FormPlan {
  fields: Field[];
  submit: string;
  /** For a button beside others that is not the first thing to do. */
  isQuiet?: boolean;
  /** Of the login screen; for the ways on, such as "forgot password". */
  district?: string;
  /** Where a CAPTCHA may be asked for. */
  captcha?: Purpose;
  /** Between the fields and the button. */
  more?: Child[];
  name?: string;
  send(captcha: string | undefined): Promise<void>;
}

export function form(plan: FormPlan): HTMLFormElement {
  const captcha = plan.captcha && captchaBox(plan.captcha);
  const problem = problemBox();
  const button = h("button", { type: "submit", class: plan.isQuiet ? "secondary" : "primary" }, plan.submit);
  const fields = plan.fields.map((field) => field.element);
  const element = h(
    "form",
    { novalidate: true, submit, ...(plan.name && { "aria-label": plan.name }) },
    problem.element,
    ...fields,
  );
  if (captcha) element.append(captcha.element);
  element.append(...((plan.more ?? []).filter(Boolean) as Node[]), button);

  async function submit(event: Event) {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    clear();
    if (showMissing()) return;
    setBusy(true);
    try {
      await plan.send(await captcha?.solution());
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      show(fault.problem);
      await captcha?.next(fault.problem);
    } finally {
      setBusy(false);
    }
  }

  function clear() {
    problem.hide();
    for (const field of plan.fields) field.showFault(null);
  }

  function showMissing(): boolean {
    const faults = plan.fields.filter(isInSight).flatMap((field) => {
      const detail = field.missing();
      return detail === null ? [] : [{ field, detail }];
    });
    if (faults.length) show({ detail: t("form.missing") }, faults);
    return faults.length > 0;
  }

  function show(refused: Pick<Problem, "detail"> & Partial<Problem>, faults = faultsOf(refused, plan.fields)) {
    for (const { field, detail } of faults) field?.showFault(detail);
    const from = refused.available_at && h("p", {}, t("problem.availableAt", { from: dayAndTime(refused.available_at) }));
    problem.show(refused.detail, faults, [from, ...waysOn(refused, plan.district)]);
  }

  function setBusy(isBusy: boolean) {
    button.setAttribute("aria-disabled", String(isBusy));
    if (isBusy) announce(t("form.working"));
    else silence(t("form.working"));
  }

  return element;
}

/** `/password` is the field `password`; a fault of no field in sight is said in the summary only. */
function faultsOf(problem: Partial<Problem>, fields: Field[]): { field: Field | undefined; detail: string }[] {
  return (problem.errors ?? []).map(({ pointer, detail }) => {
    const path = pointer.slice(1);
    return { field: fields.find(({ name }) => name === path || path.startsWith(`${name}/`)), detail };
  });
}

function isInSight(field: Field): boolean {
  return field.element.closest("[hidden]") === null;
}

/** The summary above a form. Its lines lead to the fields. */
export function problemBox() {
  const words = h("div", { role: "alert" });
  const element = h("div", { class: "problem", tabindex: -1, hidden: true }, words);
  return {
    element,
    hide() {
      element.hidden = true;
      words.replaceChildren();
    },
    show(detail: string, faults: { field: Field | undefined; detail: string }[] = [], ways: Child[] = []) {
      const isAll = faults.length === 1 && faults[0]?.detail === detail;
      const lines = faults.map((fault) => (fault.field ? lineTo(fault.field, fault.detail) : fault.detail));
      words.replaceChildren(
        h("p", {}, isAll ? lines.pop() : detail),
        ...(lines.length ? [h("ul", {}, ...lines.map((line) => h("li", {}, line)))] : []),
        ...(ways.filter(Boolean) as Node[]),
      );
      element.hidden = false;
      element.focus();
    },
  };
}

function lineTo(field: Field, text: string): HTMLElement {
  return h("a", { href: `#${field.control.id}`, click }, text);
  function click(event: Event) {
    event.preventDefault();
    field.control.focus();
  }
}
