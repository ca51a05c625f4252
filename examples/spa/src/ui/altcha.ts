/** The widget itself; loaded only when it is needed. Its worker and its style are files, as a strict Content-Security-Policy wants. */

import "altcha/external";
import "altcha/altcha.css";
import "altcha/i18n/ar";
import "altcha/i18n/es-419";
import "altcha/i18n/fr-fr";
import "altcha/i18n/ko";
import "altcha/i18n/pt-br";
import "altcha/i18n/ru";
import "altcha/i18n/vi";
import "altcha/i18n/zh-cn";
import "altcha/i18n/zh-tw";
import Pbkdf2Worker from "altcha/workers/pbkdf2?worker";

export interface AltchaWidgetElement extends HTMLElement {
  configure(settings: Record<string, unknown>): Promise<void>;
}

/** What the widget calls the languages that it has; in the others it speaks English. */
const LANGUAGES: Record<string, string> = {
  ar: "ar",
  es: "es-419",
  fr: "fr-fr",
  ko: "ko",
  pt: "pt-br",
  ru: "ru",
  vi: "vi",
  "zh-Hans": "zh-cn",
  "zh-Hant": "zh-tw",
};

declare const $altcha: { algorithms: Map<string, () => Worker> };
$altcha.algorithms.set("PBKDF2/SHA-256", () => new Pbkdf2Worker());

export function newWidget(challenge: Record<string, unknown>, language: string): AltchaWidgetElement {
  const widget = document.createElement("altcha-widget") as AltchaWidgetElement;
  widget.setAttribute("language", LANGUAGES[language] ?? "en");
  // How somebody moves the mouse is nobody's business here: the work is the proof.
  widget.setAttribute(
    "configuration",
    JSON.stringify({ challenge, auto: "onload", humanInteractionSignature: false, hideFooter: true, hideLogo: true }),
  );
  return widget;
}
