// The merchant's side: the shop's books, drawn anew only where they changed.

const CHANNELS = { telegram: "Telegram", x: "X" };
const MOST = { orders: 8, outbox: 9, history: 10, alerts: 6 };

const $ = (id) => document.getElementById(id);

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child != null));
  return element;
}

function cell(tag, className, ...children) {
  const element = make(tag, className, ...children);
  if (tag === "th") element.scope = "row";
  return element;
}

/** Rows known by a key: one that is as it was is not touched, one that changed is drawn anew and lights up. */
class Rows {
  constructor(parent, tag) {
    this.parent = parent;
    this.tag = tag;
    this.known = new Map();
    this.begun = false;
  }

  /** `look` is what a row tells; `setting` changes how it is told, which is no news. */
  draw(items, key, look, fill, setting) {
    const wanted = new Set(items.map(key).map(String));
    for (const [name, { element }] of this.known) {
      if (!wanted.has(name)) {
        element.remove();
        this.known.delete(name);
      }
    }
    items.forEach((item, place) => {
      const name = String(key(item));
      const signature = JSON.stringify(look(item));
      let row = this.known.get(name);
      if (!row) this.known.set(name, (row = { element: this.fresh() }));
      if (row.signature !== signature || row.setting !== setting) {
        row.element.replaceChildren();
        fill(row.element, item);
        if (this.begun && row.signature !== signature) row.element.classList.add("flash");
        Object.assign(row, { signature, setting });
      }
      if (this.parent.children[place] !== row.element) this.parent.insertBefore(row.element, this.parent.children[place]);
    });
    this.begun = true;
    const none = document.querySelector(`[data-none="${this.parent.id}"]`);
    if (none) none.hidden = items.length > 0;
    const table = this.parent.closest("table");
    if (table) table.hidden = items.length === 0;
  }

  fresh() {
    const element = document.createElement(this.tag);
    element.addEventListener("animationend", (event) => {
      if (event.animationName === "flash") element.classList.remove("flash");
    });
    return element;
  }
}

/** The order's status in one word, seen together with its payments. */
export function standing(order, payments) {
  const ours = payments.filter((payment) => payment.ref === order.ref).map((payment) => payment.status);
  for (const status of ["disputed", "refund_due"]) if (ours.includes(status)) return status;
  if (order.refunded_minor > 0 && order.refunded_minor >= order.paid_minor) return "refunded";
  if (order.status === "created" && order.needs_review) return "review";
  if (order.status === "created" && ours.includes("processing")) return "processing";
  return order.status;
}

export class Desk {
  constructor({ currency, exponent, x }) {
    this.several = Boolean(x);
    this.currency = currency;
    this.exponent = exponent;
    this.orders = new Rows($("orders"), "tr");
    this.stock = new Rows($("stock"), "tr");
    this.outbox = new Rows($("outbox"), "tr");
    this.history = new Rows($("history"), "li");
    this.alerts = new Rows($("alerts"), "li");
  }

  money(minor, currency = this.currency) {
    const form = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency });
    return form.format(minor / 10 ** this.exponent);
  }

  clock(text) {
    const moment = new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
    return moment.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  }

  /** `chats` are the shopper's, one a channel. */
  show(books, words, chats) {
    this.words = words;
    this.chats = chats;
    const lang = document.documentElement.lang;
    const lines = Map.groupBy ? Map.groupBy(books.lines, (line) => line.ref) : grouped(books.lines);
    this.names = new Map(books.lines.map((line) => [line.sku, line.name]));
    this.figures(books);
    this.orders.draw(
      books.orders.slice(0, MOST.orders), (order) => order.ref,
      (order) => [order, standing(order, books.payments)],
      (row, order) => this.order(row, order, lines.get(order.ref) ?? [], standing(order, books.payments)),
      `${lang} ${chats}`,
    );
    this.stock.draw(books.stock, (item) => item.sku, (item) => item, (row, item) => this.item(row, item), lang);
    this.outbox.draw(
      books.outbox.slice(0, MOST.outbox), (task) => task.id,
      (task) => [task.state, task.attempts, task.ambiguous], (row, task) => this.task(row, task), lang,
    );
    const history = books.history.map((entry, place) => ({ ...entry, place })).reverse().slice(0, MOST.history);
    this.history.draw(history, (entry) => entry.place, () => null, (row, entry) => this.entry(row, entry), lang);
    this.alerts.draw(
      books.alerts.slice(0, MOST.alerts), (alert) => alert.id, () => null, (row, alert) => this.alert(row, alert), lang,
    );
    this.costs(books);
    $("alerts-card").hidden = books.alerts.length === 0;
  }

  figures({ orders, stock }) {
    const sum = (list, of) => list.reduce((total, each) => total + of(each), 0);
    const figures = {
      taken: this.money(sum(orders, (order) => order.paid_minor - order.refunded_minor)),
      paid: sum(orders, (order) => (["paid", "fulfilled"].includes(order.status) ? 1 : 0)),
      waiting: sum(orders, (order) => (order.status === "created" ? 1 : 0)),
      held: sum(stock, (item) => item.held),
    };
    for (const [name, value] of Object.entries(figures)) {
      const element = document.querySelector(`[data-figure="${name}"]`);
      if (element.textContent !== String(value)) element.textContent = value;
    }
  }

  /** What the platform charged for the sales, where the books tell. */
  costs({ costs = [], orders }) {
    const line = $("costs");
    line.hidden = costs.length === 0;
    const dollars = (usd) => new Intl.NumberFormat(document.documentElement.lang, {
      style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", maximumFractionDigits: 3,
    }).format(usd);
    const paid = orders.filter((order) => order.channel === "x" && order.paid_minor > 0);
    const sales = paid.length;
    const counted = sales === 1 ? costs.filter((cost) => cost.ref === paid[0].ref) : costs;
    const sum = dollars(counted.reduce((total, cost) => total + Number(cost.usd), 0));
    const text = [this.words.cost_sofar, this.words.cost_sale][sales]?.(sum) ?? this.words.cost_sales(sum, sales);
    if (line.textContent !== text) line.textContent = text;
    line.title = costs.map((cost) => `${cost.what} ${dollars(Number(cost.usd))}`).join(" · ");
  }

  order(row, order, lines, status) {
    row.dataset.testid = `order-${order.ref}`;
    row.dataset.status = order.status;
    const mine = this.chats.includes(order.chat) ? make("span", "mine", this.words.mine) : null;
    const via = this.several ? make("span", "via", CHANNELS[order.channel] ?? order.channel) : null;
    const items = make("ul", "lines", ...lines.map((line) => make("li", "", `${line.quantity} × ${line.name}`)));
    const pill = this.pill(`order.${status}`, status);
    pill.dataset.testid = "order-status";
    const reason = order.cancel_reason ? make("span", "reason", this.words[`reason.${order.cancel_reason}`] ?? order.cancel_reason) : null;
    const back = order.refunded_minor ? make("span", "reason", `${this.words.refunded} ${this.money(order.refunded_minor, order.currency)}`) : null;
    const paid = cell("td", "number", order.paid_minor ? this.money(order.paid_minor, order.currency) : "–", back);
    paid.dataset.label = this.words.paid;
    row.append(
      cell("th", "ref", order.ref, make("span", "when", this.clock(order.created_at)), mine, via),
      cell("td", "", items),
      cell("td", "number", this.money(order.total_minor, order.currency)),
      paid,
      cell("td", "", pill, reason),
    );
  }

  item(row, item) {
    const counted = item.total != null;
    const free = counted ? item.total - item.held - item.sold : null;
    row.dataset.testid = `stock-${item.sku}`;
    const dash = make("span", "", "–");
    dash.ariaHidden = "true";
    const uncounted = [dash, make("span", "hidden", this.words.uncounted)];
    const bar = make("span", "level");
    if (counted && item.total > 0) {
      for (const [kind, amount] of [["sold", item.sold], ["held", item.held]]) {
        const part = make("i", kind);
        part.style.width = `${(100 * amount) / item.total}%`;
        bar.append(part);
      }
    }
    bar.ariaHidden = "true";
    row.append(
      cell("th", "ref", item.sku, bar),
      cell("td", counted && free <= 0 ? "number gone" : "number free", counted ? String(free) : "∞"),
      cell("td", `number held${item.held ? "" : " zero"}`, String(item.held)),
      cell("td", `number sold${item.sold ? "" : " zero"}`, String(item.sold)),
      cell("td", "number quiet", ...(counted ? [String(item.total)] : uncounted)),
    );
  }

  task(row, task) {
    row.append(
      cell("th", "kind", this.words[`kind.${task.kind}`] ?? task.kind.replaceAll("_", " ")),
      cell("td", "ref quiet", task.ref ?? "–"),
      cell("td", `number${task.attempts ? "" : " zero"}`, String(task.attempts)),
      cell("td", "", this.pill(`outbox.${task.state}`, task.state)),
    );
  }

  entry(row, entry) {
    const to = this.pill(`order.${entry.to_status}`, entry.to_status);
    row.append(
      make("time", "when", this.clock(entry.at)), make("b", "ref", entry.ref),
      make("span", "change", to, make("span", "reason", this.words[`reason.${entry.cause}`] ?? entry.cause)),
    );
  }

  alert(row, alert) {
    row.append(
      make("time", "when", this.clock(alert.at)), make("b", "", alert.kind.replaceAll("_", " ")),
      make("span", "", `${alert.ref ? `${alert.ref} · ` : ""}${alert.text}`),
    );
  }

  pill(word, kind) {
    return make("span", `pill ${kind}`, this.words[word] ?? kind);
  }
}

function grouped(lines) {
  const groups = new Map();
  for (const line of lines) groups.set(line.ref, [...(groups.get(line.ref) ?? []), line]);
  return groups;
}
