// The shopper's Telegram: the conversation and its buttons.

import { telegram } from "./demo-calls.js";
import { $, chips, clock, make, pause, plainClick, toast, toEnd } from "./demo-parts.js";

const WAIT_SECONDS = 20;
const TYPING_SECONDS = 1;  // "typing" lapses without a change to wait for
const PAUSE = 1000;

const OPENS = '<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M3 9 9 3M4 3h5v5"/></svg>';
const TICKS = '<svg class="ticks" viewBox="0 0 18 11" aria-hidden="true"><path d="m1 6 3.5 3.5L11 2M7.5 8.5l1 1L16 2"/></svg>';

export class Phone {
  /** `sheet` shows the pages that links open, `changed` is called after everything the shopper does. */
  constructor(shop, sheet, changed) {
    this.shop = shop;
    this.sheet = sheet;
    this.changed = changed;
    this.said = $("said");
    this.shown = new Map();
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.say($("text").value);
      $("text").value = "";
    });
    this.said.addEventListener("click", (event) => this.clicked(event));
    this.said.addEventListener("load", () => this.stick && this.toEnd(), true);
  }

  speak(words, language, hints) {
    this.words = words;
    this.language = language;
    chips($("chips"), hints, (hint) => this.say(hint), "hint");
  }

  /** Begin with another shopper. */
  meet(shopper) {
    this.rest();
    this.shopper = shopper;
    this.revision = 0;
    this.wait = 0;
    this.noticed = null;
    for (const { element } of this.shown.values()) element.remove();
    this.shown.clear();
    $("welcome").hidden = false;
    this.typing(false);
  }

  rest() {
    this.watching?.abort();
  }

  /** Follow the chat until `rest`, which a phone that nobody sees does: a browser opens few connections at once. */
  async follow() {
    this.rest();
    const { shopper } = this;
    const { signal } = (this.watching = new AbortController());
    while (!signal.aborted) {
      try {
        const chat = await telegram.look(shopper, this.revision, this.wait, signal);
        if (signal.aborted) return;
        this.revision = chat.revision;
        this.wait = chat.typing ? TYPING_SECONDS : WAIT_SECONDS;
        this.show(chat);
      } catch {
        if (!signal.aborted) await pause(PAUSE);
      }
    }
  }

  async say(text) {
    if (!text.trim()) return;
    this.stick = true;
    await this.try(() => telegram.say(this.shopper, text.trim(), this.language));
  }

  async press(button, id, data) {
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    setTimeout(() => { button.ariaBusy = null; }, 2500);
    await this.try(() => telegram.press(this.shopper, id, data));
  }

  async try(act) {
    try {
      await act();
      this.changed();
    } catch {
      toast(this.words.failed);
    }
  }

  clicked(event) {
    const target = event.target;
    const link = target.closest("a[href]");
    if (plainClick(event, link)) {
      event.preventDefault();
      this.sheet.open(link.href, link);
    }
    target.closest(".spoiler")?.classList.add("told");
    const command = target.closest(".command");
    if (command) this.say(command.textContent);
  }

  show(chat) {
    const near = this.said.scrollHeight - this.said.scrollTop - this.said.clientHeight < 120;
    const first = this.noticed === null;
    let fresh = null;
    const there = new Set(chat.messages.map((message) => message.message_id));
    for (const [id, { element }] of this.shown) {
      if (there.has(id)) continue;
      element.remove();
      this.shown.delete(id);
    }
    for (const message of chat.messages) {
      const known = this.shown.get(message.message_id);
      const signature = JSON.stringify(message);
      if (known?.signature === signature) continue;
      const element = known?.element ?? make("div", "message");
      this.draw(element, message);
      if (!known) {
        this.said.insertBefore(element, $("typing"));
        if (message.from === "shop") fresh = message;
        if (message.from === "shopper") this.stick = true;
      }
      this.shown.set(message.message_id, { element, signature });
    }
    $("welcome").hidden = this.shown.size > 0;
    this.typing(chat.typing);
    if (near || this.stick) this.toEnd();
    this.notices(chat.notices ?? [], first);
    if (fresh && !first) this.announce(fresh);
    if (fresh) this.changed();
  }

  announce(message) {
    const said = make("div");
    said.innerHTML = message.html ?? "";
    this.sheet.announce(this.shop, said.textContent.trim() || this.words.new_message);
  }

  draw(element, message) {
    const ours = message.from === "shopper";
    element.className = `message ${ours ? "mine" : "theirs"}`;
    element.dataset.testid = `message-${message.from}`;
    element.dataset.id = message.message_id;
    const bubble = make("div", "bubble");
    bubble.append(make("span", "hidden", `${ours ? this.words.you : this.shop}: `));
    if (message.photo) {
      bubble.classList.add("pictured");
      const photo = make("img");
      photo.src = message.photo;
      photo.alt = this.words.photo;
      bubble.append(photo);
    }
    const words = make("div", "text");
    if (message.html != null) words.innerHTML = message.html;
    else words.textContent = message.text ?? "";
    const meta = make("span", "meta", `${message.edited ? `${this.words.edited} ` : ""}${clock(message.date)}`);
    if (ours) meta.insertAdjacentHTML("beforeend", TICKS);
    const room = meta.cloneNode(true);  // keeps a place at the end of the last line
    room.className = "meta room";
    room.ariaHidden = "true";
    words.append(room, meta);
    bubble.append(words);
    element.replaceChildren(bubble, ...this.keys(message));
  }

  keys(message) {
    if (!message.buttons?.length) return [];
    const keys = make("div", "keys");
    for (const row of message.buttons) {
      const line = make("div");
      for (const key of row) line.append(key.url ? this.linkKey(key) : this.actionKey(key, message.message_id));
      keys.append(line);
    }
    return [keys];
  }

  linkKey(key) {
    const link = make("a", "key url", key.text);
    link.href = key.url;
    link.target = "_blank";
    link.rel = "noopener";
    link.dataset.testid = "url-button";
    link.insertAdjacentHTML("beforeend", OPENS);
    return link;
  }

  actionKey(key, id) {
    const button = make("button", "key", key.text);
    button.type = "button";
    button.dataset.testid = "callback-button";
    button.addEventListener("click", () => this.press(button, id, key.data));
    return button;
  }

  typing(on) {
    $("typing").hidden = !on;
    $("presence").textContent = on ? this.words?.typing ?? "…" : $("presence").dataset.handle;
    $("presence").classList.toggle("busy", Boolean(on));
  }

  /** Each answer to a pressed button is told once; those that were there before the page came are old news. */
  notices(list, first) {
    this.noticed ??= new Set();
    for (const notice of list) {
      if (this.noticed.has(notice.callback_id)) continue;
      this.noticed.add(notice.callback_id);
      for (const busy of this.said.querySelectorAll('[aria-busy="true"]')) busy.ariaBusy = null;
      if (first || !notice.text) continue;
      if (notice.alert) {
        $("alert").querySelector("p").textContent = notice.text;
        $("alert").showModal();
      } else toast(notice.text);
    }
  }

  toEnd() {
    toEnd(this.said, this.shown.size < 3);
    clearTimeout(this.sticking);
    this.sticking = setTimeout(() => { this.stick = false; }, 1500);
  }
}
