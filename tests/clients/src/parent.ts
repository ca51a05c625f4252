// A parent with an app that was built on the generated client: from a paper key to children in two districts.
import assert from "node:assert/strict";
import { env } from "node:process";
import { solve } from "./captcha.js";
import { answered, App, Refused, refused } from "./client.js";
import { mailedToken } from "./mailbox.js";

const { API = "", KEY = "", MAILS = "", DEMO_PASSWORD = "" } = env;
const PASSWORD = "three green kites 7";
const ADDRESS = "maria.ts@example.org";
const IN_JACKSON = { district: "jackson-ga", portal: "parent", username: "typescript7" } as const;
const device = { installation_id: "ts-1", name: "Maria's laptop" };

async function activates(): Promise<void> {
  const app = new App(API);
  const { items } = await answered(app.api.GET("/districts", { params: { query: { q: "jackson", state: "GA" } } }));
  assert.deepEqual(items.map(({ id, portals }) => [id, portals.includes("parent")]), [["jackson-ga", true]]);
  const screen = await answered(app.api.GET("/districts/{district_id}", { params: { path: { district_id: "jackson-ga" } } }));
  assert.equal(screen.features.activation, true);

  const key = { district: "jackson-ga", activation_key: KEY.toLowerCase() };
  const offer = await answered(app.api.POST("/activate/verify", { body: key }));
  assert.equal(offer.portal, "parent");
  const wish = { ...key, username: IN_JACKSON.username, password_confirm: PASSWORD, recovery_email: ADDRESS, device };
  const short = await refused(app.api.POST("/activate", { body: { ...wish, password: "short", password_confirm: "short" } }));
  assert.deepEqual(short.errors?.map(({ pointer, code }) => [pointer, code]), [["/password", "password_too_short"]]);
  const header = { "Idempotency-Key": "ts-activation-1" };
  const body = { ...wish, password: PASSWORD };
  const session = app.keep(await answered(app.api.POST("/activate", { body, params: { header } })));
  assert.equal(session.status, "signed_in");
  assert.ok(session.next_steps.includes("confirm_recovery_email"));

  const token = await mailedToken(MAILS, ADDRESS, "/confirm-email");
  await answered(app.api.POST("/recovery-email/confirm", { body: { token } }));
  const me = await answered(app.api.GET("/me"));
  assert.deepEqual([me.username, me.recovery_email?.confirmed], [IN_JACKSON.username, true]);
  const children = await answered(app.api.GET("/me/students", { params: { query: { explain: true } } }));
  assert.ok(children.items.length > 0);
  assert.equal(typeof children.hidden?.portal_off, "number");
}

async function signsInWithCaptcha(): Promise<App> {
  const app = new App(API);
  for (const guess of ["one", "two", "three"]) {
    const { code } = await refused(app.api.POST("/login", { body: { ...IN_JACKSON, password: `wrong ${guess}` } }));
    assert.equal(code, "invalid_credentials");
  }
  const right = { ...IN_JACKSON, password: PASSWORD, device };
  const asked = await refused(app.api.POST("/login", { body: right }));
  assert.deepEqual([asked.code, asked.status, asked.next_step], ["captcha_required", 403, "solve_captcha"]);
  assert.ok(asked.captcha);
  const captcha = await solve(asked.captcha);
  app.keep(await answered(app.api.POST("/login", { body: { ...right, captcha } })));

  const other = { ...right, username: "nobody7", captcha };
  const used = await refused(app.api.POST("/login", { body: other }));
  assert.ok(["captcha_invalid", "invalid_credentials"].includes(used.code), used.code);
  return app;
}

async function refreshes(app: App): Promise<void> {
  const first = app.session;
  assert.ok(first?.refresh_token);
  const twins = [1, 2].map(() => answered(app.api.POST("/login/refresh", { body: { refresh_token: first.refresh_token ?? "" } })));
  const [one, two] = await Promise.all(twins);
  assert.equal(one?.refresh_token, two?.refresh_token, "a lost answer can be asked for again");
  assert.notEqual(one?.refresh_token, first.refresh_token);
  assert.ok(one);
  app.keep(one);

  app.session = { ...app.keep(one), access_token: `${one.access_token.slice(0, -4)}AAAA` };
  const asked = [app.api.GET("/me"), app.api.GET("/me/students"), app.api.GET("/me/sessions")] as const;
  const [me] = await Promise.all(asked.map((each) => answered<unknown>(each)));
  assert.ok(me);
  assert.equal(app.refreshes, 1, "three requests that meet an old token renew it once");

  assert.equal((await refused(new App(API).api.GET("/me"))).code, "not_authenticated");
}

async function losesATokenToAThief(): Promise<void> {
  const app = await signedIn("cape-fear-nc", "elena1");
  const stolen = { refresh_token: app.session?.refresh_token ?? "" };
  await app.renew();
  await app.renew();
  assert.equal((await refused(new App(API).api.POST("/login/refresh", { body: stolen }))).code, "invalid_token");
  await assert.rejects(app.renew(), (fault) => fault instanceof Refused && fault.problem.code === "invalid_token");
}

async function linksTwoDistricts(): Promise<void> {
  const sofias = await signedIn("cape-fear-nc", "elena1");
  const mateos = await signedIn("brandywine-de", "elena2");
  const { code } = await answered(sofias.api.POST("/districts/link/codes"));
  const { accounts } = await answered(mateos.api.POST("/districts/link", { body: { code } }));
  assert.deepEqual(accounts.map(({ district }) => district.id), ["cape-fear-nc"]);

  const query = { include_linked: true };
  const children = await answered(sofias.api.GET("/me/students", { params: { query } }));
  assert.deepEqual(new Set(children.items.map(({ district }) => district.id)), new Set(["cape-fear-nc", "brandywine-de"]));
  const [linked] = (await answered(sofias.api.GET("/districts/link"))).accounts;
  assert.ok(linked);
  const path = { account_id: linked.id };
  const body = { installation_id: device.installation_id };
  const switched = await answered(sofias.api.POST("/districts/link/{account_id}/switch", { params: { path }, body }));
  assert.equal(switched.account.district.id, "brandywine-de");
  const there = new App(API);
  there.keep(switched);
  assert.equal((await answered(there.api.GET("/me"))).district.id, "brandywine-de");
  const again = await refused(there.api.POST("/districts/link/codes"));
  assert.equal(again.code, "sign_in_again", "a switched session links nothing");
}

async function signedIn(district: string, username: string): Promise<App> {
  const app = new App(API);
  const body = { district, portal: "parent", username, password: DEMO_PASSWORD } as const;
  app.keep(await answered(app.api.POST("/login", { body })));
  return app;
}

async function signsOut(app: App): Promise<void> {
  await answered(app.api.POST("/login/logout"));
  const token = app.session?.access_token ?? "";
  const { error } = await new App(API).api.GET("/me", { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(error?.code, "invalid_token");
}

await activates();
const app = await signsInWithCaptcha();
await refreshes(app);
await losesATokenToAThief();
await linksTwoDistricts();
await signsOut(app);
console.log("activated, signed in with a CAPTCHA, refreshed, linked and switched, signed out");
