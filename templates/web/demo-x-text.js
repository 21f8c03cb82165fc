// What X makes of a text: how much of 280 it weighs, and which of its words are links.

import { make } from "./demo-parts.js";

export const LIMIT = 280;
const LINK_WEIGHT = 23;
const SHOWN = 26;  // characters of an address

const ADDRESS = /https?:\/\/[^\s<>"]+|\b(?:[a-z\d-]+\.)+(?:com|org|net|shop|fr|be|eu|io|co|uk|de)\b(?:\/[^\s<>"]*)?/giu;
const PARTS = /(https?:\/\/[^\s<>"]+|(?<![\w@])@\w{1,15}|#[\p{L}\p{N}_]+)/u;
const TRAILING = /[.,;:!?)»”'"]+$/u;
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;
const LIGHT = [[0, 0x10ff], [0x2000, 0x200d], [0x2010, 0x201f], [0x2032, 0x2037]];  // twitter-text's configuration, v3
const signs = new Intl.Segmenter();

const light = (point) => LIGHT.some(([from, to]) => point >= from && point <= to);

function sign(text) {
  if (EMOJI.test(text) && !(text.length === 1 && light(text.codePointAt(0)))) return 2;
  let weight = 0;
  for (const one of text) weight += light(one.codePointAt(0)) ? 1 : 2;
  return weight;
}

export function weight(text) {
  let links = 0;
  const rest = text.normalize("NFC").replace(ADDRESS, () => { links += 1; return ""; });
  let total = links * LINK_WEIGHT;
  for (const { segment } of signs.segment(rest)) total += sign(segment);
  return total;
}

function shortened(address) {
  const shown = address.replace(/^https?:\/\//i, "");
  return shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown;
}

/** The text as nodes: addresses are links, @names and #words only look different. */
export function linked(text) {
  return text.split(PARTS).flatMap((part) => {
    if (/^[@#]/.test(part)) return [make("span", "name", part)];
    if (!/^https?:/i.test(part)) return part ? [document.createTextNode(part)] : [];
    const [after = ""] = part.match(TRAILING) ?? [];
    const address = part.slice(0, part.length - after.length);
    const link = make("a", "", shortened(address));
    link.href = address;
    link.title = address;
    link.target = "_blank";
    link.rel = "noopener";
    link.dataset.testid = "x-link";
    return [link, document.createTextNode(after)];
  });
}
