// The folder into which a service in development writes its mails.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** The secret behind `#token=` of the newest link to this page that was mailed to somebody; waits for the worker to send it. */
export async function mailedToken(folder: string, address: string, page: string): Promise<string> {
  for (const _ of Array(300).keys()) {
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names.filter((each) => each.endsWith(".eml")).sort().reverse()) {
      const text = (await readFile(join(folder, name), "utf8")).replace(/=\r?\n/g, "").replaceAll("=3D", "=");
      if (!text.includes(`To: ${address}`)) continue;
      const token = new RegExp(`${page}#token=([\\w.~-]+)`).exec(text)?.[1];
      if (token !== undefined) return token;
    }
    await wait(100);
  }
  throw new Error(`no mail leads to ${page}`);
}
