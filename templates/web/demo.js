// The demo page: one shopper, two languages, and the shop's books beside them.

import { books, stripe } from "./demo-calls.js";
import { Desk, standing } from "./demo-desk.js";
import { Phone } from "./demo-phone.js";
import { WORDS, wordPage } from "./demo-words.js";

const LOOK_EVERY = 700;
const NAMES = ["Camille", "Louis", "Inès", "Marius", "Jeanne", "Sacha", "Alma", "Noé", "Lina", "Oscar"];
const KEPT = "comptoir.demo";

const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
const keep = () => sessionStorage.setItem(KEPT, JSON.stringify({ language, shopper }));

let language = kept.language ?? (navigator.language.startsWith("fr") ? "fr" : "en");
let shopper = kept.shopper ?? newShopper();
let seen = "";
let rows = null;
let looking = false;
let again = false;

const phone = new Phone(facts.shop, () => look());
const desk = new Desk(facts);

function newShopper() {
  return { chat: 1001 + Math.floor(Math.random() * 9e8), name: NAMES[Math.floor(Math.random() * NAMES.length)] };
}

const words = () => WORDS[language];

function speak() {
  document.documentElement.lang = language;
  wordPage(words());
  for (const button of document.querySelectorAll("[data-language]")) {
    button.ariaPressed = String(button.dataset.language === language);
  }
  phone.speak(words(), language, facts.hints[language] ?? Object.values(facts.hints)[0] ?? []);
  $("outcome").textContent = "";
  drawTries();
  if (rows) draw();
  keep();
}

// -- the merchant's side ---------------------------------------------------------------------------------------

function draw() {
  desk.show(rows, words(), shopper.chat);
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
  abandon: { on: ["created"], act: async () => phone.sheet.close() },
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
  const ours = rows.orders.filter((order) => order.chat === String(shopper.chat));
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
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    language = button.dataset.language;
    speak();
  });
}
$("fresh").addEventListener("click", () => {
  shopper = newShopper();
  keep();
  face("chat");
  phone.follow(shopper);
  if (rows) draw();
  if (matchMedia("(pointer: fine)").matches) $("text").focus();
});

speak();
phone.follow(shopper);
look();
