// The generated client, with what every app adds to it: tokens that renew themselves, and a problem that can be thrown.
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./generated.js";

export type Problem = components["schemas"]["Problem"];
export type Session = components["schemas"]["SessionAnswer"];

/** They bring their own proof. */
const WITHOUT_TOKEN = new Set(["/login", "/login/refresh"]);

/** A refusal: decide by `problem.code`. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
  }
}

/** What was answered, or a `Refused`. */
export async function answered<Data>(asked: Promise<{ data?: Data; error?: Problem }>): Promise<Data> {
  const { data, error } = await asked;
  if (error !== undefined) throw new Refused(error);
  return data as Data;
}

/** The refusal that must come. */
export async function refused(asked: Promise<{ error?: Problem }>): Promise<Problem> {
  const { error } = await asked;
  if (error === undefined) throw new Error("it should have been refused");
  return error;
}

/** One person's app: it keeps the tokens of the session and renews them once, however many requests meet their end. */
export class App {
  readonly api: Client<paths>;
  session: Session | undefined;
  refreshes = 0;
  private renewing: Promise<string> | undefined;

  constructor(readonly baseUrl: string) {
    this.api = createClient<paths>({ baseUrl, headers: { "X-Client": "campus-parent-web/5.3.1" } });
    this.api.use(this.authorization());
  }

  keep(session: Session): Session {
    this.session = { ...this.session, ...session };
    return this.session;
  }

  /** The new access token. Requests that come meanwhile wait for the same one. */
  renew(): Promise<string> {
    this.renewing ??= this.refresh().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async refresh(): Promise<string> {
    this.refreshes += 1;
    const refresh_token = this.session?.refresh_token ?? "";
    return this.keep(await answered(this.api.POST("/login/refresh", { body: { refresh_token } }))).access_token;
  }

  private authorization(): Middleware {
    const unsent = new WeakMap<Request, Request>();
    return {
      onRequest: ({ request, schemaPath }) => {
        if (this.session === undefined || WITHOUT_TOKEN.has(schemaPath)) return request;
        request.headers.set("Authorization", `Bearer ${this.session.access_token}`);
        unsent.set(request, request.clone());
        return request;
      },
      onResponse: async ({ request, response }) => {
        const again = unsent.get(request);
        if (response.status !== 401 || again === undefined) return response;
        const { code } = (await response.clone().json()) as Problem;
        if (code !== "invalid_token") return response;
        // Whoever hears of it when others have renewed it already takes the new one.
        const current = this.session?.access_token;
        const isOld = request.headers.get("Authorization") !== `Bearer ${current}`;
        again.headers.set("Authorization", `Bearer ${isOld ? current : await this.renew()}`);
        return fetch(again);
      },
    };
  }
}
