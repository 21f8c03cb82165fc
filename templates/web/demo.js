// The demo page: one shopper, six languages, a phone for each channel, and the shop's books beside them.

import { books, stripe } from "./demo-calls.js";
import { Desk, standing } from "./demo-desk.js";
import { $, clock, initials } from "./demo-parts.js";
import { Phone } from "./demo-phone.js";
import { Sheet } from "./demo-sheet.js";
import { WORDS, wordPage } from "./demo-words.js";
import { XPhone } from "./demo-x.js";

const LOOK_EVERY = 700;
const NAMES = ["Camille", "Louis", "Inès", "Marius", "Jeanne", "Sacha", "Alma", "Noé", "Lina", "Oscar"];
const KEPT = "comptoir.demo";

const facts = JSON.parse($("facts").textContent);
const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
const keep = () => sessionStorage.setItem(KEPT, JSON.stringify({ language, shopper }));

let language = [kept.language, navigator.language.slice(0, 2)].find((code) => code in WORDS) ?? "en";
let shopper = kept.shopper?.user ? kept.shopper : newShopper();
let channel = "telegram";
let seen = "";
let rows = null;
let looking = false;
let again = false;

const PANES = { telegram: $("chat"), x: $("x-phone") };
const sheet = new Sheet(Object.values(PANES), () => home());
const phone = new Phone(facts.shop, sheet, () => look());
const phones = { telegram: phone };
if (facts.x) phones.x = new XPhone(facts.shop, facts.x.account, sheet, () => look());
const desk = new Desk(facts);

/** One person: `chat` is theirs at Telegram, `user` at X. */
function newShopper() {
  const name = NAMES[Math.floor(Math.random() * NAMES.length)];
  const user = 1e12 + Math.floor(Math.random() * 8e15);
  const handle = `${name.normalize("NFD").replace(/[^A-Za-z]/g, "").toLowerCase()}_${String(user).slice(-5)}`;
  return { chat: 1001 + Math.floor(Math.random() * 9e8), user, name, handle };
}

const words = () => WORDS[language];
const chats = () => [String(shopper.chat), String(shopper.user)];

function speak() {
  document.documentElement.lang = language;
  wordPage(words());
  $("language").value = language;
  const spoken = (hints) => hints[language] ?? Object.values(hints)[0] ?? [];
  phone.speak(words(), language, spoken(facts.hints));
  phones.x?.speak(words(), spoken(facts.x.hints), spoken(facts.hints));
  $("outcome").textContent = "";
  drawTries();
  if (rows) draw();
  keep();
}

// -- the merchant's side ---------------------------------------------------------------------------------------

function draw() {
  desk.show(rows, words(), chats());
  judgeTries();
}

/** Look at the books now; one look at a time, and one more where something happened meanwhile. */
async function look() {
  again = true;
  if (looking) return;
  looking = true;
  while (again) {
    again = false;
    try {
      const text = await books();
      if (text !== seen) {
        if (seen && document.body.dataset.face === "chat") $("news").hidden = false;
        seen = text;
        rows = JSON.parse(text);
        draw();
      }
      tell($("live"), words().live);
      $("live").classList.remove("lost");
    } catch {
      tell($("live"), words().offline);
      $("live").classList.add("lost");
    }
  }
  looking = false;
}

function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

setInterval(() => { if (!document.hidden) look(); }, LOOK_EVERY);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

// -- what may go wrong, to try ---------------------------------------------------------------------------------

const newest = (list) => list.find((session) => session.status === "open") ?? list[0];

/** `on` says for which standing of an order the trial makes sense. */
const TRIES = {
  decline: { on: ["created"], act: async (ref) => stripe.pay(newest(await stripe.sessions(ref)).id, "decline") },
  abandon: { on: ["created"], act: async () => sheet.close() },
  expire: { on: ["created"], act: async (ref) => stripe.expire(newest(await stripe.sessions(ref)).id) },
  debit: { on: ["created"], act: async (ref) => stripe.pay(newest(await stripe.sessions(ref)).id, "unpaid") },
  settle: { on: ["processing"], act: async (ref) => stripe.settle(newest(await stripe.sessions(ref)).id, "succeed") },
  bounce: { on: ["processing"], act: async (ref) => stripe.settle(newest(await stripe.sessions(ref)).id, "decline") },
  refund: {
    on: ["paid", "fulfilled"],
    act: async (ref) => stripe.refund((await stripe.sessions(ref)).find((session) => session.payment_intent).payment_intent),
  },
};

/** This shopper's newest order that something can still be tried with. */
function subject() {
  if (!rows) return null;
  const ours = rows.orders.filter((order) => chats().includes(order.chat));
  const stands = (order) => standing(order, rows.payments);
  const open = ours.find((order) => ["created", "processing"].includes(stands(order)));
  return open ?? ours.find((order) => ["paid", "fulfilled"].includes(stands(order))) ?? null;
}

function drawTries() {
  $("tries").replaceChildren(...Object.entries(TRIES).map(([name, trial]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.try = name;
    button.dataset.testid = `try-${name}`;
    button.textContent = words()[`try_${name}`];
    button.addEventListener("click", () => attempt(button, name, trial));
    return button;
  }));
  judgeTries();
}

function judgeTries() {
  const order = subject();
  const stands = order && standing(order, rows.payments);
  const known = order && rows.payments.some((payment) => payment.ref === order.ref && payment.external_id);
  for (const button of $("tries").children) {
    button.ariaDisabled = String(!(known && TRIES[button.dataset.try].on.includes(stands)));
  }
  tell($("try-about"), order ? words().try_about(order.ref) : words().try_none);
}

async function attempt(button, name, trial) {
  if (button.ariaDisabled === "true") return;
  const { ref } = subject();
  try {
    await trial.act(ref);
    $("outcome").textContent = words()[`did_${name}`](ref);
  } catch {
    $("outcome").textContent = words().failed;
  }
  look();
}

// -- the bar ---------------------------------------------------------------------------------------------------

function face(name) {
  document.body.dataset.face = name;
  $("face-chat").ariaPressed = String(name === "chat");
  $("face-desk").ariaPressed = String(name === "desk");
  $("news").hidden = true;
}

$("face-chat").addEventListener("click", () => face("chat"));
$("face-desk").addEventListener("click", () => face("desk"));
$("language").addEventListener("change", (event) => {
  language = event.target.value;
  speak();
});
$("fresh").addEventListener("click", () => {
  shopper = newShopper();
  keep();
  face("chat");
  meet();
  if (rows) draw();
  if (matchMedia("(pointer: fine)").matches) $(FIRST[channel]).focus();
});
$("skip").addEventListener("click", (event) => {
  event.preventDefault();
  home().focus();
});

// -- the channels ----------------------------------------------------------------------------------------------

const FIRST = { telegram: "text", x: "x-text" };
const TABS = [...$("channels").children];

/** Where a conversation is read, in the phone that is shown. */
function home() {
  if (channel === "telegram") return $("said");
  return $("x-public").hidden ? $("x-messages") : $("x-feed");
}

function meet() {
  sheet.close();
  for (const each of Object.values(phones)) each.meet(shopper);
  phones[channel].follow();
}

/** The channel that the address names; any other address leaves the phone as it is. */
function named() {
  const name = location.hash.slice(1);
  return name in phones ? name : channel;
}

function show(name) {
  sheet.close();
  phones[channel].rest();
  channel = name;
  $("screen").dataset.channel = name;
  for (const [each, pane] of Object.entries(PANES)) pane.hidden = each !== name;
  for (const tab of TABS) {
    const chosen = tab.dataset.channel === name;
    tab.ariaSelected = String(chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
  phones[name].follow();
}

function choose(name) {
  if (name === channel) return;
  history.replaceState(null, "", name === "telegram" ? location.pathname + location.search : `#${name}`);
  show(name);
}

for (const tab of TABS) {
  tab.addEventListener("click", () => choose(tab.dataset.channel));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const other = TABS.at((TABS.indexOf(tab) + step) % TABS.length);
    other.focus();
    choose(other.dataset.channel);
  });
}
addEventListener("hashchange", () => { if (named() !== channel) show(named()); });

// -- the beginning ---------------------------------------------------------------------------------------------

for (const avatar of document.querySelectorAll("[data-shop]")) avatar.textContent = initials(facts.shop);
const tick = () => { $("clock").textContent = clock(); };
tick();
setInterval(tick, 10_000);

channel = named();
for (const each of Object.values(phones)) each.meet(shopper);
speak();
show(channel);
look();
