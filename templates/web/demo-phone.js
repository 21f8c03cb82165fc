// The shopper's phone: the conversation, its buttons, and the page that a pay button opens.

import { telegram } from "./demo-calls.js";

const WAIT_SECONDS = 20;
const TYPING_SECONDS = 1;  // "typing" lapses without a change to wait for
const PAUSE = 1000;
const TOAST = 3200;

const $ = (id) => document.getElementById(id);
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function clock(date) {
  const moment = typeof date === "number" ? new Date(date * 1000) : new Date(date ?? Date.now());
  return moment.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

const OPENS = '<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M3 9 9 3M4 3h5v5"/></svg>';
const TICKS = '<svg class="ticks" viewBox="0 0 18 11" aria-hidden="true"><path d="m1 6 3.5 3.5L11 2M7.5 8.5l1 1L16 2"/></svg>';

export class Phone {
  /** `changed` is called after everything the shopper does. */
  constructor(shop, changed) {
    this.shop = shop;
    this.changed = changed;
    this.said = $("said");
    this.shown = new Map();
    this.sheet = new Sheet(this.said);
    for (const avatar of document.querySelectorAll(".avatar")) avatar.textContent = initials(shop);
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.say($("text").value);
      $("text").value = "";
    });
    this.said.addEventListener("click", (event) => this.clicked(event));
    this.said.addEventListener("load", () => this.stick && this.toEnd(), true);
    const tick = () => { $("clock").textContent = clock(); };
    tick();
    setInterval(tick, 10_000);
  }

  speak(words, language, hints) {
    this.words = words;
    this.language = language;
    $("chips").replaceChildren(...hints.map((hint) => {
      const chip = make("button", "chip", hint);
      chip.type = "button";
      chip.dataset.testid = "hint";
      chip.addEventListener("click", () => this.say(hint));
      return chip;
    }));
  }

  /** Begin with another shopper: their chat is followed until the next one comes. */
  async follow(shopper) {
    this.watching?.abort();
    const watching = (this.watching = new AbortController());
    this.shopper = shopper;
    this.revision = 0;
    this.wait = 0;
    this.noticed = null;
    for (const { element } of this.shown.values()) element.remove();
    this.shown.clear();
    this.sheet.close();
    $("welcome").hidden = false;
    this.typing(false);
    while (!watching.signal.aborted) {
      try {
        const chat = await telegram.look(shopper, this.revision, this.wait, watching.signal);
        if (watching.signal.aborted) return;
        this.revision = chat.revision;
        this.wait = chat.typing ? TYPING_SECONDS : WAIT_SECONDS;
        this.show(chat);
      } catch {
        if (!watching.signal.aborted) await pause(PAUSE);
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
      this.toast(this.words.failed);
    }
  }

  clicked(event) {
    const target = event.target;
    const link = target.closest("a[href]");
    if (link && /^https?:/i.test(link.href) && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
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
    if (fresh && !first) this.sheet.announce(this.shop, fresh, this.words);
    if (fresh) this.changed();
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
      } else this.toast(notice.text);
    }
  }

  toast(text) {
    const toast = $("toast");
    toast.textContent = text;
    toast.classList.add("up");
    clearTimeout(this.toasting);
    this.toasting = setTimeout(() => toast.classList.remove("up"), TOAST);
  }

  toEnd() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || this.shown.size < 3;
    this.said.scrollTo({ top: this.said.scrollHeight, behavior: calm ? "instant" : "smooth" });
    clearTimeout(this.sticking);
    this.sticking = setTimeout(() => { this.stick = false; }, 1500);
  }
}

function initials(name) {
  return name.split(/\s+/).map((word) => word[0] ?? "").slice(0, 2).join("").toUpperCase();
}

/** A page opened within the phone, as a messenger's own browser shows it. */
class Sheet {
  constructor(home) {
    this.home = home;
    this.dialog = $("sheet");
    this.frame = $("frame");
    $("close").addEventListener("click", () => this.close());
    $("banner").addEventListener("click", () => this.close());
    $("reload").addEventListener("click", () => this.go(this.address));
    this.dialog.addEventListener("keydown", (event) => this.escape(event));
    this.frame.addEventListener("load", () => this.loaded());
  }

  get isOpen() {
    return this.dialog.open;
  }

  open(address, opener) {
    this.opener = opener;
    if (!this.isOpen) this.dialog.show();
    $("chat").inert = true;
    $("banner").hidden = true;
    this.go(address);
    $("close").focus();
  }

  go(address) {
    this.dialog.classList.add("busy");
    this.tell(address);
    this.frame.src = address;
  }

  close() {
    if (!this.isOpen) return;
    this.dialog.close();
    $("chat").inert = false;
    this.frame.src = "about:blank";
    (this.opener?.isConnected ? this.opener : this.home).focus({ preventScroll: true });
  }

  escape(event) {
    if (event.key === "Escape") this.close();
  }

  loaded() {
    this.dialog.classList.remove("busy");
    if (!this.isOpen) return;
    try {  // a page of another origin keeps its address to itself
      this.tell(this.frame.contentWindow.location.href);
      this.frame.contentDocument.addEventListener("keydown", (event) => this.escape(event));
    } catch {
      this.tell(this.address);
    }
  }

  tell(address) {
    if (address === "about:blank") return;
    this.address = address;
    const { host, pathname } = new URL(address, location.href);
    const bold = make("b", "", host);
    $("sheet-address").replaceChildren(bold, pathname);
  }

  announce(shop, message, words) {
    if (!this.isOpen) return;
    const [, box] = $("banner").children;
    box.children[0].textContent = shop;
    const said = make("div");
    said.innerHTML = message.html ?? "";
    box.children[1].textContent = said.textContent.trim().slice(0, 120) || words.new_message;
    $("banner").hidden = false;
  }
}
