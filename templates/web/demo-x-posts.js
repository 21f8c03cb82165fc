// The posts of the shop and of this shopper, each reply under the post that it answers.

import { $, button, clock, initials, make, toEnd } from "./demo-parts.js";
import { linked } from "./demo-x-text.js";

const AUTOMATED = '<svg viewBox="0 0 16 16" aria-hidden="true"><rect x="2.5" y="5.5" width="11" height="8" rx="2.5"/><path d="M8 5.5V2.5M6 9v1.2M10 9v1.2"/></svg>';
const SIGNS = {
  reply: '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M8 4 3 9l5 5M3.5 9H12a5 5 0 0 1 5 5v2"/></svg>',
  quote: '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="m13.5 3 3.5 3.5L7.5 16H4v-3.5zM11 5.5 14.5 9"/></svg>',
  delete: '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3.5 5.5h13M8 5.5V3.5h4v2M5.5 5.5 6.300 17h7.400l.8-11.5"/></svg>',
  message: '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M2.5 4.500h15v11h-15zm0 .5 7.5 6 7.5-6"/></svg>',
};

/** The label that an account carries behind which a program writes. */
export function automated(words) {
  const label = make("span", "automated", words.x_automated);
  label.insertAdjacentHTML("afterbegin", AUTOMATED);
  return label;
}

export class Posts {
  /** `does` is what the buttons do: reply, quote, delete and message, each with the post. */
  constructor(does) {
    this.does = does;
    this.place = $("x-posts");
    this.feed = $("x-feed");
    this.shown = new Map();
  }

  meet(shopper) {
    this.posts = null;
    this.me = String(shopper.user);
    this.mine = new Set();
    this.begun = false;
    for (const { element } of this.shown.values()) element.remove();
    this.shown.clear();
  }

  speak(words) {
    this.words = words;
    if (this.posts) this.show(this.posts);
  }

  show(posts) {
    this.posts = posts;
    this.byId = new Map(posts.map((post) => [post.id, post]));
    for (const post of posts) if (post.author.id === this.me) this.mine.add(post.id);
    const rows = this.ordered(posts.filter((post) => this.concerns(post)));
    const there = new Set(rows.map(({ post }) => post.id));
    for (const [id, { element }] of this.shown) {
      if (there.has(id)) continue;
      if (element.contains(document.activeElement)) this.feed.focus({ preventScroll: true });
      element.remove();
      this.shown.delete(id);
    }
    let news = null;
    rows.forEach((row, place) => {
      const signature = JSON.stringify([row, document.documentElement.lang]);
      const known = this.shown.get(row.post.id);
      const element = known?.element ?? make("article");
      if (known?.signature !== signature) this.draw(element, row);
      if (!known) news = element;
      this.shown.set(row.post.id, { element, signature });
      if (this.place.children[place] !== element) this.place.insertBefore(element, this.place.children[place] ?? null);
    });
    if (news && this.begun) this.reveal(news);
    this.begun = true;
  }

  /** The timeline is everybody's; a shopper sees the shop's own posts, theirs, and what answered them. */
  concerns(post) {
    if (post.author.id === this.me) return true;
    return post.author.ours && (!post.reply_to || this.mine.has(post.reply_to) || this.byId.get(post.reply_to)?.author.ours);
  }

  /** Newest conversation first, within it in the order of talk. -> {post, depth} */
  ordered(posts) {
    const ids = new Set(posts.map((post) => post.id));
    const answers = new Map();
    for (const post of posts) {
      const to = ids.has(post.reply_to) ? post.reply_to : null;
      answers.set(to, [...(answers.get(to) ?? []), post]);
    }
    const under = (post, depth) => [{ post, depth }, ...(answers.get(post.id) ?? []).flatMap((it) => under(it, depth + 1))];
    return (answers.get(null) ?? []).toReversed().flatMap((post) => under(post, 0));
  }

  draw(element, { post, depth }) {
    const { ours, name, handle } = post.author;
    element.className = `post ${depth ? "reply" : "root"}`;
    element.dataset.testid = `x-post-${ours ? "shop" : "shopper"}`;
    element.dataset.id = post.id;
    const head = make("header");
    head.append(make("b", "", name));
    if (post.author.automated) head.append(automated(this.words));
    const meta = make("span", "by", `@${handle} · `);
    meta.append(make("time", "", clock(post.at)));
    head.append(meta);
    const body = make("div", "body");
    body.append(head);
    if (post.reply_to) body.append(this.answered(post, depth));
    const text = make("p", "words");
    text.append(...linked(post.text));
    body.append(text, ...this.picture(post), ...this.quoted(post), this.actions(post));
    const avatar = make("span", ours ? "avatar" : "avatar me", initials(name));
    avatar.ariaHidden = "true";
    element.replaceChildren(avatar, body);
  }

  answered(post, depth) {
    const to = this.byId.get(post.reply_to)?.author.handle;
    return make("p", depth ? "hidden" : "by", to ? this.words.x_in_reply(`@${to}`) : this.words.x_in_reply_gone);
  }

  picture(post) {
    if (!post.picture) return [];
    const picture = make("img");
    picture.src = post.picture;
    picture.alt = this.words.photo;
    return [picture];
  }

  quoted(post) {
    if (!post.quote) return [];
    const box = make("blockquote");
    const original = this.byId.get(post.quote);
    if (original) box.append(make("b", "", original.author.name), make("span", "", original.text));
    else box.append(make("span", "", this.words.x_gone));
    return [box];
  }

  actions(post) {
    const row = make("footer");
    const add = (verb, className, testid) => {
      const it = button(className, this.words[`x_${verb}`], () => this.does[verb](post));
      it.insertAdjacentHTML("afterbegin", SIGNS[verb]);
      it.dataset.testid = testid;
      row.append(it);
    };
    if (post.author.ours && post.reply_to) add("message", "act lead", "x-open-dm");
    if (post.author.ours) add("reply", "act", "x-reply");
    if (post.author.ours && !post.reply_to) add("quote", "act", "x-quote");
    if (post.author.id === this.me) add("delete", "act", "x-delete");
    return row;
  }

  reveal(element) {
    if (this.place.lastElementChild === element) return toEnd(this.feed, false);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return element.scrollIntoView({ block: "nearest", behavior: calm ? "instant" : "smooth" });
  }
}
