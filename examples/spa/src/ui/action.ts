/** A button that does something at once. It acts once at a time, and says above itself what the service refuses. */

import { Refusal } from "../api/problem";
import { h } from "./dom";
import { problemBox } from "./form";

interface ActionPlan {
  text: string;
  /** For those who listen, where several buttons have the same text. */
  label?: string;
  act(): Promise<void>;
}

export function action(plan: ActionPlan): HTMLElement {
  const problem = problemBox();
  const button = h("button", { type: "button", class: "plain", "aria-label": plan.label, click: press }, plan.text);
  let isBusy = false;

  async function press() {
    if (isBusy) return;
    isBusy = true;
    problem.hide();
    try {
      await plan.act();
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      problem.show(fault.problem.detail);
    } finally {
      isBusy = false;
    }
  }

  return h("div", { class: "action" }, problem.element, button);
}
