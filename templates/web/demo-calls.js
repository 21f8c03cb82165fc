// What the page asks of the sandbox, all on its own origin.

async function call(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

const post = (path, body = {}) =>
  call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

const at = encodeURIComponent;

export const telegram = {
  say: (shopper, text, language) =>
    post("/sandbox/telegram/say", { chat: shopper.chat, name: shopper.name, text, language, type: "private" }),
  press: (shopper, message_id, data) => post("/sandbox/telegram/press", { chat: shopper.chat, message_id, data }),
  /** Answers when something is newer than `after`, or after `wait` seconds. */
  look: (shopper, after, wait, signal) =>
    call(`/sandbox/telegram/chats/${at(shopper.chat)}?after=${after}&wait=${wait}`, { signal }),
};

const person = ({ user, name, handle }) => ({ user, name, handle });

export const x = {
  /** Makes the shopper known, so that there is a thread to look at before they have written. */
  arrive: (shopper) => post("/sandbox/x/user", person(shopper)),
  /** A post; `to` may name the post that it answers (`reply_to`) or quotes (`quote`). */
  post: (shopper, text, to = {}) => post("/sandbox/x/post", { ...person(shopper), text, ...to }),
  delete: (id) => post("/sandbox/x/delete", { id }),
  write: (shopper, text) => post("/sandbox/x/dm", { ...person(shopper), text }),
  timeline: (after, wait, signal) => call(`/sandbox/x/timeline?after=${after}&wait=${wait}`, { signal }),
  thread: (shopper, after, wait, signal) =>
    call(`/sandbox/x/threads/${at(shopper.user)}?after=${after}&wait=${wait}`, { signal }),
};

const session = (id, verb, body) => post(`/sandbox/stripe/sessions/${at(id)}/${verb}`, body);

export const stripe = {
  /** The payment pages of an order, newest first. */
  sessions: async (ref) =>
    (await call(`/sandbox/stripe/sessions?client_reference_id=${at(ref)}`)).toSorted((a, b) => b.created - a.created),
  pay: (id, outcome) => session(id, "pay", { outcome }),
  expire: (id) => session(id, "expire"),
  settle: (id, outcome) => session(id, "settle", { outcome }),
  refund: (intent) => post(`/sandbox/stripe/payments/${at(intent)}/refund`),
};

/** The shop's books as text, so that an unchanged answer is known without reading it. */
export async function books() {
  const answer = await fetch("/demo/books");
  if (!answer.ok) throw new Error(`/demo/books: ${answer.status}`);
  return answer.text();
}
