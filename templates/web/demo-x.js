// The shopper's X: posts and replies that everybody sees, and the messages in which the sale is made.

import { x } from "./demo-calls.js";
import { $, chips, initials, make, pause, plainClick, toast, untoast } from "./demo-parts.js";
import { automated, Posts } from "./demo-x-posts.js";
import { LIMIT, weight } from "./demo-x-text.js";
import { Thread } from "./demo-x-thread.js";

const WAIT_SECONDS = 20;
const PAUSE = 1000;
const LONGEST_WISH = 60;
const WARN = 20;  // so few characters left are told

/** A post without the shop's name, where it is short enough to be said again in private. */
function wish(text, account) {
  const said = text.replaceAll(new RegExp(`@${account}\\b`, "gi"), "").trim();
  return said.length <= LONGEST_WISH && !said.includes("://") ? said : "";
}

export class XPhone {
  /** `account` is the shop's, without @; `sheet` and `changed` are as the other phone's. */
  constructor(shop, account, sheet, changed) {
    Object.assign(this, { shop, account, sheet, changed });
    this.thread = new Thread();
    this.posts = new Posts({
      reply: (post) => this.answer("reply_to", post),
      quote: (post) => this.answer("quote", post),
      delete: (post) => this.try(() => x.delete(post.id)),
      message: (post) => this.message(post),
    });
    this.text = $("x-text");
    $("x-compose").addEventListener("submit", (event) => this.submit(event));
    this.text.addEventListener("input", () => this.count());
    this.text.addEventListener("keydown", (event) => this.key(event));
    $("x-unanswer").addEventListener("click", () => this.answer());
    $("x-dm-compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.write($("x-dm-text").value);
      $("x-dm-text").value = "";
    });
    $("x-view-posts").addEventListener("click", () => this.view("posts"));
    $("x-view-dm").addEventListener("click", () => this.view("dm"));
    $("x-phone").addEventListener("click", (event) => this.clicked(event));
  }

  speak(words, hints, dmHints) {
    Object.assign(this, { words, hints, dmHints });
    this.posts.speak(words);
    this.thread.speak(words, this.shop);
    this.title();
    this.suggest();
    this.badge();
    this.count();
    this.answering();
  }

  /** Begin with another shopper. */
  meet(shopper) {
    this.rest();
    this.shopper = shopper;
    this.known = false;
    this.revisions = { posts: 0, dm: 0 };
    this.unread = 0;
    this.wish = null;
    this.posts.meet(shopper);
    this.thread.meet();
    $("x-me").textContent = initials(shopper.name);
    $("x-who").textContent = `@${shopper.handle}`;
    this.answer();
    this.view("posts");
    this.badge();
  }

  rest() {
    this.watching?.abort();
  }

  /** Follow the posts and the messages until `rest`. */
  async follow() {
    this.rest();
    const { shopper } = this;
    const { signal } = (this.watching = new AbortController());
    while (!this.known) {
      try {
        await x.arrive(shopper);
        if (signal.aborted) return;
        this.known = true;
      } catch {
        await pause(PAUSE);
        if (signal.aborted) return;
      }
    }
    this.watch("posts", (after, wait) => x.timeline(after, wait, signal), (timeline) => this.posted(timeline), signal);
    this.watch("dm", (after, wait) => x.thread(shopper, after, wait, signal), (thread) => this.told(thread), signal);
  }

  async watch(what, look, show, signal) {
    let wait = 0;
    while (!signal.aborted) {
      try {
        const seen = await look(this.revisions[what], wait);
        if (signal.aborted) return;
        this.revisions[what] = seen.revision;
        wait = WAIT_SECONDS;
        show(seen);
      } catch {
        if (!signal.aborted) await pause(PAUSE);
      }
    }
  }

  posted({ posts }) {
    this.posts.show(posts);
    $("x-welcome").hidden = posts.some((post) => post.author.id === String(this.shopper.user));
    const shop = posts.findLast((post) => post.author.ours)?.author;
    if (shop && shop.automated !== this.automated) {
      this.automated = shop.automated;
      this.title();
    }
    this.changed();
  }

  told(thread) {
    const fresh = this.thread.show(thread);
    const news = this.thread.begun ? fresh : [];
    this.thread.begin();
    if (news.length) {
      this.sheet.announce(this.shop, news.at(-1).text);
      if (this.open !== "dm") {
        this.unread += news.length;
        toast(this.words.x_new_dm(this.shop));
      }
      this.changed();
    }
    this.badge();
    this.suggest();
  }

  // -- what the shopper does ------------------------------------------------------------------------------------

  submit(event) {
    event?.preventDefault();
    const text = this.text.value.trim();
    if (!text || weight(text) > LIMIT) return;
    this.post(text);
  }

  key(event) {
    if (event.key === "Escape" && this.to) this.answer();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  async post(text) {
    const to = this.to ? { [this.to.how]: this.to.post.id } : {};
    await this.try(async () => {
      await x.post(this.shopper, text, to);
      this.wish = wish(text, this.account);
      this.answer();
    });
  }

  async write(text) {
    if (!text.trim()) return;
    this.thread.stick = true;
    await this.try(() => x.write(this.shopper, text.trim()));
  }

  async try(act) {
    try {
      await act();
      this.changed();
    } catch {
      toast(this.words.failed);
    }
  }

  /** Answer a post (`how` is reply_to or quote), or write one of one's own again. */
  answer(how, post) {
    this.to = post ? { how, post } : null;
    this.text.value = post ? "" : `@${this.account} `;
    this.answering();
    this.suggest();
    this.count();
    if (!post) return;
    this.text.focus();
  }

  message() {
    this.view("dm");
    $("x-dm-text").focus();
  }

  clicked(event) {
    const link = event.target.closest("a[href]");
    if (!plainClick(event, link)) return;
    if (new URL(link.href).pathname.startsWith("/messages/compose")) {
      event.preventDefault();
      $("x-dm-text").value = new URL(link.href).searchParams.get("text") ?? "";
      this.message();
    } else if (link.origin === location.origin) {
      event.preventDefault();
      this.sheet.open(link.href, link);
    }
  }

  // -- what is shown ----------------------------------------------------------------------------------------------

  view(name) {
    this.open = name;
    $("x-public").hidden = name !== "posts";
    $("x-private").hidden = name !== "dm";
    $("x-view-posts").ariaPressed = String(name === "posts");
    $("x-view-dm").ariaPressed = String(name === "dm");
    if (name === "dm") {
      this.unread = 0;
      untoast();
      this.thread.toEnd();
    }
    this.badge();
    this.suggest();
  }

  /** Who is spoken with, and that a program writes for them. */
  title() {
    if (!this.words) return;
    $("x-with").replaceChildren(...(this.automated ? [automated(this.words)] : []), `@${this.account}`);
  }

  badge() {
    const badge = $("x-badge");
    badge.hidden = !this.unread;
    badge.textContent = this.unread || "";
    if (this.unread && this.words) badge.append(make("span", "hidden", ` ${this.words.x_unread(this.unread)}`));
  }

  answering() {
    $("x-answering").hidden = !this.to;
    if (!this.to || !this.words) return;
    const { how, post } = this.to;
    const [title, excerpt] = $("x-answering").querySelectorAll("b, span");
    title.textContent = how === "quote" ? this.words.x_quoting(`@${post.author.handle}`) : this.words.x_in_reply(`@${post.author.handle}`);
    excerpt.textContent = post.text;
  }

  suggest() {
    if (!this.words || !this.shopper) return;
    const own = this.to ? this.words.x_answers.split(" | ") : this.hints;
    chips($("x-chips"), own, (hint) => this.post(this.to ? hint : `@${this.account} ${hint}`), "x-hint");
    const offered = this.thread.choices();
    const first = this.thread.messages.length || !this.wish ? [] : [this.wish];
    const dm = [...new Set([...offered, ...first, ...this.dmHints])];
    chips($("x-dm-chips"), dm, (hint) => this.write(hint), "x-dm-hint");
  }

  count() {
    if (!this.words) return;
    const left = LIMIT - weight(this.text.value.trim());
    $("x-count").textContent = left;
    $("x-count").classList.toggle("over", left < 0);
    $("x-count-said").textContent = left > WARN ? "" : left < 0 ? this.words.x_over(-left) : this.words.x_left(left);
    $("x-send").ariaDisabled = String(left < 0 || left === LIMIT);
  }
}
