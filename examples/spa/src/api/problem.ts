/** Refusals of the service: RFC 9457 problems, whose `detail` is safe to show to a parent, in her language. */

import { t } from "../words";
import type { components } from "./generated";

export type Problem = components["schemas"]["Problem"];

export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }

  is(...codes: string[]): boolean {
    return codes.includes(this.problem.code);
  }
}

type Outcome<Answer> = { data?: Answer; error?: unknown; response: Response };

/** Waits for an answer of the client and gives its data; everything else is thrown as a Refusal, a lost connection too. */
export async function answered<Answer>(asked: Promise<Outcome<Answer>>): Promise<Answer> {
  const outcome = await asked.catch((fault: unknown) => {
    throw fault instanceof TypeError ? new Refusal(ownProblem("unreachable", t("problem.unreachable"))) : fault;
  });
  if (outcome.response.ok) return outcome.data as Answer;
  throw new Refusal(isProblem(outcome.error) ? outcome.error : ownProblem("strange_answer", t("problem.strange")));
}

export function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}

/** Something between this page and the service: no network, or a proxy that answers in its place. */
function ownProblem(code: string, detail: string): Problem {
  return { type: "about:blank", title: t("problem.title"), status: 503, code, detail, request_id: "" };
}
