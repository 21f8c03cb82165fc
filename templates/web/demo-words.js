// Every word of the demo page, in the languages that it can be read in.

import de from "./demo-words-de.js";
import en from "./demo-words-en.js";
import es from "./demo-words-es.js";
import fr from "./demo-words-fr.js";
import it from "./demo-words-it.js";
import pt from "./demo-words-pt.js";

export const WORDS = { fr, en, es, de, it, pt };

/** Put the words of a language into everything that names one. */
export function wordPage(words) {
  const into = (name, set) => {
    for (const element of document.querySelectorAll(`[data-${name}]`)) set(element, words[element.dataset[name]]);
  };
  into("word", (element, text) => { element.textContent = text; });
  into("label", (element, text) => element.setAttribute("aria-label", text));
  into("title", (element, text) => element.setAttribute("title", text));
  into("placeholder", (element, text) => element.setAttribute("placeholder", text));
}
