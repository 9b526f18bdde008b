/* The service worker as an adapter of `python -m deploy.conformance`, in Node: a line of JSON in, a line of JSON out.
 *
 * hpke.js, sdk.js and sw.js run as they are; the browser around them is played: its storage, its notifications, and the
 * platform behind `fetch`. Each case has a worker of its own.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import vm from "node:vm";

const INSTALLATION = "00000000-0000-4000-8000-00000000000a";
const CURVE = { name: "ECDH", namedCurve: "P-256" };
const source = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

/** One object store; a transaction is done within one turn, so none gets between its reading and its writing. */
function storage(state) {
  const database = {
    close() {},
    transaction() {
      const transaction = {
        objectStore: () => ({
          get(key) {
            const request = {};
            queueMicrotask(() => {
              request.result = state.get(key);
              request.onsuccess();
              queueMicrotask(() => transaction.oncomplete());
            });
            return request;
          },
          put: (value, key) => state.set(key, value),
        }),
      };
      return transaction;
    },
  };
  return {
    open() {
      const request = { result: database };
      queueMicrotask(() => request.onsuccess());
      return request;
    },
  };
}

/** The browser: `screen` by tag, and `heard` of the platform. */
class Browser {
  constructor(mark, pair) {
    this.screen = new Map();
    this.receipts = [];
    this.receiptsStatus = 200;
    this.fetches = new Map(); // message id ─▶ what answers it
    this.fetching = new Map(); // message id ─▶ the worker's work that waits for it
    this.handlers = {};
    this.state = new Map([["device", { installationId: INSTALLATION, credential: "c", apiKey: "k", baseUrl: "", mark }]]);
    if (pair) this.state.set("keys", pair);
    const self = {
      crypto, TextEncoder, TextDecoder, URL, Uint8Array, atob, btoa, console,
      indexedDB: storage(this.state),
      fetch: (url, about) => this.fetch(url, about),
      BroadcastChannel: class { postMessage() {} },
      Notification: { maxActions: 2 },
      registration: this.registration(),
      clients: { claim: async () => {}, matchAll: async () => [], openWindow: async () => {} },
      skipWaiting: async () => {},
      addEventListener: (name, handler) => { this.handlers[name] = handler; },
    };
    self.self = self;
    this.context = vm.createContext(self);
    self.importScripts = (...names) => names.forEach((name) => this.load(name));
  }

  load(name) {
    vm.runInContext(source(name), this.context, { filename: name });
  }

  registration() {
    const { screen } = this;
    return {
      scope: "https://bank.example/",
      async showNotification(title, { body, tag, data }) {
        screen.set(tag, { title, body, tag, data, close: () => screen.delete(tag) });
      },
      getNotifications: async ({ tag }) => [...screen.values()].filter((one) => one.tag === tag),
    };
  }

  async fetch(url, { method, body }) {
    if (method === "POST" && url.endsWith("/receipts")) {
      const sent = JSON.parse(body).receipts;
      if (this.receiptsStatus === 200) this.receipts.push(...sent);
      const results = sent.map((_, place) => ({ place, accepted: true }));
      return answered(this.receiptsStatus, { results });
    }
    const [, messageId] = /\/messages\/([^/]+)\/content/.exec(url);
    return new Promise((resolve) => {
      this.fetches.set(messageId, resolve);
      this.onFetch(messageId);
    });
  }

  /** An event, until the worker is done with it or waits for a fetch, which a later step answers. */
  async dispatch(name, about) {
    const asked = new Promise((resolve) => { this.onFetch = resolve; });
    let work = Promise.resolve();
    this.handlers[name]({ ...about, waitUntil: (promise) => { work = promise; } });
    const messageId = await Promise.race([work, asked]);
    if (messageId) this.fetching.set(messageId, work);
  }
}

function answered(status, body) {
  const text = JSON.stringify(body);
  return { ok: status < 400, status, text: async () => text, json: async () => JSON.parse(text) };
}

const steps = {
  push: (browser, push) => browser.dispatch("push", { data: { json: () => structuredClone(push) } }),

  async answer(browser, { messageId, status, body }) {
    browser.fetches.get(messageId)(answered(status, body));
    await browser.fetching.get(messageId);
  },

  async touch(browser, { delivery, kind, action }) {
    const notification = browser.screen.get(delivery);
    if (kind === "dismissed") {
      browser.screen.delete(delivery);
      return browser.dispatch("notificationclose", { notification });
    }
    const place = notification.data.actions.findIndex((one) => one.action === action);
    return browser.dispatch("notificationclick", { notification, action: place < 0 ? "" : String(place) });
  },

  mark: (browser, mark) => browser.state.set("device", { ...browser.state.get("device"), mark }),
  receipts: (browser, status) => { browser.receiptsStatus = status; },
};

async function pairOf({ kty, crv, x, y, d }) {
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey("jwk", { kty, crv, x, y, d }, CURVE, false, ["deriveBits"]),
    crypto.subtle.importKey("jwk", { kty, crv, x, y }, CURVE, true, []),
  ]);
  return { privateKey, publicKey };
}

async function opened({ privateKey, delivery, sealed }) {
  const browser = new Browser("", await pairOf(privateKey));
  ["hpke.js", "sdk.js"].forEach((name) => browser.load(name));
  return { values: await browser.context.rpns.secureOf({ sealed, delivery }) };
}

async function played({ mark, privateKey, steps: given }) {
  const browser = new Browser(mark, privateKey && await pairOf(privateKey));
  browser.load("sw.js");
  for (const step of given) {
    const [[kind, value]] = Object.entries(step);
    await steps[kind](browser, value);
  }
  const screen = [...browser.screen.values()].map(({ tag, title, body }) => ({ delivery: tag, title, body }));
  return { screen, receipts: browser.receipts, kept: (browser.state.get("outbox") || []).length };
}

function read({ provider, payload }) {
  if (provider !== "web") return { skipped: "a browser gets Web Push only" };
  return { delivery: payload.rpns.delivery, ...payload.notification };
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const answer = asked.open ? await opened(asked.open) : asked.read ? read(asked.read) : await played(asked);
  process.stdout.write(JSON.stringify(answer) + "\n");
}
