/**
 * One phrase at a time through the browser's synthesiser; it always comes to an end, also where the browser forgets to
 * say so.
 */

import { tellHeard } from "./heard.mjs";

const VOICES = { ru: "ru-RU", en: "en-US" };
/** speech-dispatcher loses a phrase that is given in the same breath as a cancellation. */
const AFTER_CANCEL_MS = 60;
/** Slower than any voice: longer than this for a letter, and the phrase counts as said. */
const LETTER_MS = 250;
const SILENT_MS = 4_000;

export function createVoice() {
  /** @type {SpeechSynthesisUtterance|null} kept here: one that nobody holds is collected with its `onend` */
  let current = null;
  let starting = 0;
  let overdue = 0;

  function stop() {
    clearTimeout(starting);
    clearTimeout(overdue);
    if (current) speechSynthesis.cancel();
    current = null;
  }

  return {
    stop,
    isSpeaking: () => current !== null,
    /**
     * @param {string} words
     * @param {import("./texts.mjs").Language} language
     * @param {() => void} then not called when another phrase or `stop` comes first
     */
    say(words, language, then) {
      const interrupts = current !== null;
      stop();
      const utterance = Object.assign(new SpeechSynthesisUtterance(words), { lang: VOICES[language] });
      // Only a voice of this machine: one from afar would hear what the customer types.
      const voice = speechSynthesis.getVoices().find((known) => known.localService && known.lang.startsWith(language));
      if (voice) utterance.voice = voice;
      const over = (/** @type {boolean} */ said) => {
        if (current !== utterance) return;
        clearTimeout(overdue);
        current = null;
        tellHeard();
        if (said) then();
      };
      utterance.onend = () => over(true);
      utterance.onerror = () => over(false);
      current = utterance;
      starting = setTimeout(
        () => {
          tellHeard();
          speechSynthesis.speak(utterance);
        },
        interrupts ? AFTER_CANCEL_MS : 0,
      );
      overdue = setTimeout(() => over(true), SILENT_MS + words.length * LETTER_MS);
    },
  };
}
