/** The language of the staff's pages: chosen by a person, kept by this browser for the next time. */

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { en } from "./staff-texts.en.mjs";
import { ru } from "./staff-texts.ru.mjs";

/** @typedef {import("./texts.mjs").Language} Language */
/** @typedef {typeof ru} StaffTexts */

const KEPT = "staff-language";
/** @type {Record<Language, StaffTexts>} */
const TEXTS = { ru, en };

/** @returns {Language} */
export const staffLanguage = () => (localStorage.getItem(KEPT) === "en" ? "en" : "ru");

/** The words of the chosen language, for what is no component. */
export const staffTexts = () => TEXTS[staffLanguage()];

const Chosen = createContext({
  language: /** @type {Language} */ ("ru"),
  t: ru,
  choose: (/** @type {Language} */ _) => {},
});

/** @returns {{language: Language, t: StaffTexts}} */
export const useWords = () => useContext(Chosen);

/**
 * A whole page: its title and its words in the chosen language.
 * @param {{page: keyof StaffTexts["titles"], children?: any}} props
 */
export function InStaffLanguage({ page, children }) {
  const [language, setLanguage] = useState(staffLanguage());
  const t = TEXTS[language];
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = t.titles[page];
  }, [language]);
  const choose = (/** @type {Language} */ wanted) => {
    localStorage.setItem(KEPT, wanted);
    setLanguage(wanted);
  };
  return html`<${Chosen.Provider} value=${{ language, t, choose }}>${children}<//>`;
}

export function Languages() {
  const { t } = useWords();
  return html`<div class="languages" role="group" aria-label=${t.language}>
    <${LanguageButton} code="ru" word="Рус" name="Русский" /><${LanguageButton} code="en" word="Eng" name="English" />
  </div>`;
}

/** @param {{code: Language, word: string, name: string}} props */
function LanguageButton({ code, word, name }) {
  const { language, choose } = useContext(Chosen);
  return html`<button type="button" class="quiet" lang=${code} aria-label=${`${word}, ${name}`}
    aria-pressed=${language === code} data-testid=${`lang-${code}`} onClick=${() => choose(code)}>${word}</button>`;
}
