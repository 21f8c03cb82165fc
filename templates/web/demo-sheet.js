// The page that a link in a phone opens, and what is told above it.

import { $, make } from "./demo-parts.js";

/** A page opened within the phone, as a messenger's own browser shows it. */
export class Sheet {
  /** `panes` lie beneath it and rest meanwhile; `home` gives what has the focus where the opener is gone. */
  constructor(panes, home) {
    this.panes = panes;
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
    for (const pane of this.panes) pane.inert = true;
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
    for (const pane of this.panes) pane.inert = false;
    this.frame.src = "about:blank";
    (this.opener?.isConnected ? this.opener : this.home()).focus({ preventScroll: true });
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

  announce(from, text) {
    if (!this.isOpen) return;
    const [, box] = $("banner").children;
    box.children[0].textContent = from;
    box.children[1].textContent = text.slice(0, 120);
    $("banner").hidden = false;
  }
}
