/** What the front end itself says. What the service says comes in the same language, as every request names it. */

import en from "./words/en.json";

export type Word = keyof typeof en;
type Words = Partial<Record<Word, string>>;

/** English from right to left, to see how the pages stand in Arabic or Urdu: open any page with `?language=ar-XB`. */
const MIRRORED = "ar-XB";
const NAMES: Record<string, string> = {
  en: "English",
  es: "Español",
  ar: "العربية",
  fr: "Français",
  hmn: "Hmoob",
  ht: "Kreyòl ayisyen",
  ko: "한국어",
  pt: "Português",
  ru: "Русский",
  so: "Soomaali",
  tl: "Tagalog",
  vi: "Tiếng Việt",
  "zh-Hans": "简体中文",
  "zh-Hant": "繁體中文",
  [MIRRORED]: "Right to left",
};
/** Whose dates a language is written with, where they are not those of its tag. The districts are in the USA. */
const FORMATS: Record<string, string> = { en: "en-US", es: "es-US", ht: "fr", hmn: "en-US", tl: "fil", [MIRRORED]: "en-US" };
/** What browsers call a language that has another tag here. */
const SYNONYMS: Record<string, string> = { fil: "tl", mww: "hmn", hnj: "hmn", cmn: "zh", yue: "zh-Hant" };
const STORED = "campus.language";

/** Everybody has English; the words of another language come when somebody reads it. */
const files = import.meta.glob<Words>(["./words/*.json", "!./words/en.json"], { import: "default" });

let spoken = "en";
let words: Words = en;

export const language = (): string => spoken;
export const direction = (): "ltr" | "rtl" => (["ar", MIRRORED].includes(spoken) ? "rtl" : "ltr");

/** The languages at the bottom of each page, each as those call it who speak it. */
export function offered(): { tag: string; name: string }[] {
  const tags = Object.keys(NAMES).filter((tag) => tag !== MIRRORED || spoken === MIRRORED);
  return tags.map((tag) => ({ tag, name: NAMES[tag] ?? tag }));
}

/** Before the first page: the language of the address, of the last visit, or of the browser. */
export async function speakFirst(): Promise<void> {
  const asked = new URLSearchParams(location.search).get("language");
  const wishes = [asked, localStorage.getItem(STORED), ...navigator.languages].map((tag) => known(tag ?? ""));
  await learn(wishes.find((tag) => tag !== undefined) ?? "en");
}

/** Does nothing for a language that is not offered. One whose words do not come is spoken in English. */
export async function speak(tag: string): Promise<void> {
  if (!(tag in NAMES)) return;
  await learn(tag);
  localStorage.setItem(STORED, tag);
}

/** The word in the reader's language, else in English. Each `{name}` is replaced, and keeps its own direction of writing. */
export function t(word: Word, values: Record<string, string | number> = {}): string {
  const text = words[word] ?? en[word];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => isolated(String(values[name] ?? "")));
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
  return FORMATS[spoken] ?? spoken;
}

async function learn(tag: string): Promise<void> {
  words = tag === MIRRORED ? mirrored() : ((await files[`./words/${tag}.json`]?.().catch(() => null)) ?? en);
  spoken = tag;
}

/** The language here that a reader of this tag reads: `es-MX` reads es, `zh-TW` zh-Hant. */
function known(tag: string): string | undefined {
  if (tag in NAMES) return tag;
  const [first = "", ...rest] = tag.split("-");
  const other = [SYNONYMS[first] ?? first, ...rest].join("-");
  if (other.startsWith("zh")) return /hant|tw|hk|mo/i.test(other) ? "zh-Hant" : "zh-Hans";
  return Object.keys(NAMES).find((name) => name === other.split("-", 1)[0]);
}

function isolated(value: string): string {
  return direction() === "rtl" ? `\u2068${value}\u2069` : value;
}

function mirrored(): Words {
  const entries = Object.entries(en).map(([word, text]) => [word, `[${text}]`]);
  return Object.fromEntries(entries) as Words;
}
