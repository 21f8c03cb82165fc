// What both phones are made of: elements, hours, initials, and the line that says what did not work.

const TOAST = 3200;

export const $ = (id) => document.getElementById(id);
export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export function button(className, text, clicked) {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", clicked);
  return element;
}

/** Seconds since 1970 or an ISO date as hours and minutes; without one, now. */
export function clock(date) {
  const moment = typeof date === "number" ? new Date(date * 1000) : new Date(date ?? Date.now());
  return moment.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function initials(name) {
  return name.split(/\s+/).map((word) => word[0] ?? "").slice(0, 2).join("").toUpperCase();
}

/** Sentences to try, as buttons: `chosen` is given the one that is clicked. */
export function chips(place, sentences, chosen, testid) {
  place.replaceChildren(...sentences.map((sentence) => {
    const chip = button("chip", sentence, () => chosen(sentence));
    chip.dataset.testid = testid;
    return chip;
  }));
}

let toasting;

export function toast(text) {
  const line = $("toast");
  line.textContent = text;
  line.classList.add("up");
  clearTimeout(toasting);
  toasting = setTimeout(untoast, TOAST);
}

export function untoast() {
  $("toast").classList.remove("up");
}

/** To the end of a conversation: slowly, where the person likes movement and there is some way to go. */
export function toEnd(place, short) {
  const calm = short || matchMedia("(prefers-reduced-motion: reduce)").matches;
  place.scrollTo({ top: place.scrollHeight, behavior: calm ? "instant" : "smooth" });
}

/** Whether a click on this link is ours to answer, and not one that asks for a new tab. */
export function plainClick(event, link) {
  return link && /^https?:/i.test(link.href) && !event.ctrlKey && !event.metaKey && !event.shiftKey;
}
