/** What the front end itself says. What the service says comes in the same language, as every request names it. */

import en from "./words/en.json";
import es from "./words/es.json";

export type Word = keyof typeof en;
type Words = Record<Word, string>;

/** English from right to left, to see how the pages stand in Arabic or Urdu: open any page with `?language=ar-XB`. */
const MIRRORED = "ar-XB";
const LANGUAGES: Record<string, Words> = { en, es, [MIRRORED]: mirrored(en) };
const NAMES: Record<string, string> = { en: "English", es: "Español", [MIRRORED]: "Right to left" };
const STORED = "campus.language";

let spoken = firstLanguage();

export const language = (): string => spoken;
export const direction = (): "ltr" | "rtl" => (spoken === MIRRORED ? "rtl" : "ltr");

/** The languages at the bottom of each page, each as those call it who speak it. */
export function offered(): { tag: string; name: string }[] {
  const tags = Object.keys(LANGUAGES).filter((tag) => tag !== MIRRORED || spoken === MIRRORED);
  return tags.map((tag) => ({ tag, name: NAMES[tag] ?? tag }));
}

export function speak(tag: string): void {
  if (!(tag in LANGUAGES)) return;
  spoken = tag;
  localStorage.setItem(STORED, tag);
}

/** The word in the reader's language. Each `{name}` is replaced, and keeps its own direction of writing. */
export function t(word: Word, values: Record<string, string | number> = {}): string {
  const words = LANGUAGES[spoken] ?? en;
  return words[word].replace(/\{(\w+)\}/g, (_, name: string) => isolated(String(values[name] ?? "")));
}

/** As `t`, for words that come from the service as a code; undefined for a code that is newer than this front end. */
export function tCode(group: string, code: string): string | undefined {
  const word = `${group}.${code}`;
  return word in en ? t(word as Word) : undefined;
}

export function day(moment: string): string {
  // A date without time is a date everywhere; read as midnight UTC it would be the day before in America.
  const isDateOnly = moment.length === 10;
  return new Intl.DateTimeFormat(format(), { dateStyle: "long", ...(isDateOnly && { timeZone: "UTC" }) }).format(
    new Date(moment),
  );
}

export function dayAndTime(moment: string): string {
  return new Intl.DateTimeFormat(format(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

function format(): string {
  return spoken === "es" ? "es-US" : "en-US";
}

function firstLanguage(): string {
  const asked = new URLSearchParams(location.search).get("language");
  const wishes = [asked, localStorage.getItem(STORED), ...navigator.languages.map((tag) => tag.split("-", 1)[0] ?? "")];
  return wishes.find((tag) => tag && tag in LANGUAGES) ?? "en";
}

function isolated(value: string): string {
  return direction() === "rtl" ? `\u2068${value}\u2069` : value;
}

function mirrored(words: Words): Words {
  const entries = Object.entries(words).map(([word, text]) => [word, `[${text}]`]);
  return Object.fromEntries(entries) as Words;
}
