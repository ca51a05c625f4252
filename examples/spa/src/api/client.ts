/** The generated client, twice: `open` for everybody, `mine` with the access token of whoever is signed in. */

import createClient, { type Middleware } from "openapi-fetch";
import { language } from "../words";
import { ADDRESS, CLIENT } from "./address";
import type { components, paths } from "./generated";
import { fetchSignedIn } from "./session";

export type Schemas = components["schemas"];

const inTheReadersLanguage: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", language());
    request.headers.set("X-Client", CLIENT);
  },
};

export const open = createClient<paths>({ baseUrl: ADDRESS });
export const mine = createClient<paths>({ baseUrl: ADDRESS, fetch: fetchSignedIn });
open.use(inTheReadersLanguage);
mine.use(inTheReadersLanguage);
