// The direct messages between this shopper and the shop.

import { $, clock, make, toEnd } from "./demo-parts.js";
import { linked } from "./demo-x-text.js";

const CHOICE = /^(\d{1,2})[.)]\s/gm;

export class Thread {
  constructor() {
    this.place = $("x-messages");
    this.shown = new Map();
    this.place.addEventListener("load", () => this.stick && this.toEnd(), true);
  }

  meet() {
    for (const { element } of this.shown.values()) element.remove();
    this.shown.clear();
    this.begun = false;
    this.messages = [];
    $("x-dm-welcome").hidden = false;
    $("x-closed").hidden = true;
  }

  speak(words, shop) {
    this.words = words;
    this.shop = shop;
    this.show({ messages: this.messages ?? [], closed: !$("x-closed").hidden });
  }

  /** -> the shop's messages that were not there at the last look, none at the first */
  show({ messages, closed }) {
    const near = this.place.scrollHeight - this.place.scrollTop - this.place.clientHeight < 120;
    const fresh = [];
    for (const message of messages) {
      const signature = JSON.stringify([message, document.documentElement.lang]);
      const known = this.shown.get(message.id);
      if (known?.signature === signature) continue;
      const element = known?.element ?? make("div");
      this.draw(element, message);
      if (!known) {
        this.place.append(element);
        if (message.from_shop) fresh.push(message);
        else this.stick = true;
      }
      this.shown.set(message.id, { element, signature });
    }
    this.messages = messages;
    $("x-dm-welcome").hidden = messages.length > 0;
    $("x-closed").hidden = !closed;
    if (near || this.stick) this.toEnd();
    return fresh;
  }

  begin() {
    this.begun = true;
  }

  draw(element, message) {
    const ours = !message.from_shop;
    element.className = `message ${ours ? "mine" : "theirs"}`;
    element.dataset.testid = `x-message-${ours ? "shopper" : "shop"}`;
    const bubble = make("div", "bubble");
    bubble.append(make("span", "hidden", `${ours ? this.words.you : this.shop}: `));
    if (message.picture) {
      const picture = make("img");
      picture.src = message.picture;
      picture.alt = this.words.photo;
      bubble.classList.add("pictured");
      bubble.append(picture);
    }
    const text = make("div", "text");
    text.append(...linked(message.text));
    bubble.append(text);
    element.replaceChildren(bubble, make("span", "at", clock(message.at)));
  }

  /** The numbers that the shop's last words offer, as one would type them. */
  choices() {
    const last = this.messages.at(-1);
    return last?.from_shop ? [...last.text.matchAll(CHOICE)].map((found) => found[1]) : [];
  }

  toEnd() {
    toEnd(this.place, this.shown.size < 3);
    clearTimeout(this.sticking);
    this.sticking = setTimeout(() => { this.stick = false; }, 1500);
  }
}
