/* The SDK for browsers: what a page and its service worker share. Source: docs/device-api.md, docs/features/web-push.md.
 *
 *   rpns.install(apiKey, {baseUrl, appVersion})   an installation of this browser; its credential is kept in IndexedDB.
 *                             `baseUrl`: the platform's address, where it is not the page's own; the application has to
 *                             allow the page's origin (docs/device-api.md §1)
 *   rpns.subscribe(worker)    ask the push service for a subscription, and give it to the platform
 *   rpns.login({phone, externalUserId, proof}), rpns.logout()     proof: of the site's backend, for this installation
 *   rpns.secureOf(push)       SECURE values that were sealed to this browser's key (hpke.js)
 *   rpns.report(kind, push, action)   a receipt: kept until the platform has it
 */
"use strict";

self.rpns = (() => {
  const API = "/sdk/api/v1";
  const REMEMBERED = 500;
  const BATCH = 500;

  // ---- storage: one object store, key to value; `change` reads and writes in one transaction

  function opened() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open("rpns", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("state");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  async function change(key, decide) {
    const database = await opened();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction("state", "readwrite");
        const store = transaction.objectStore("state");
        let answer;
        const reading = store.get(key);
        reading.onsuccess = () => {
          const [next, told] = decide(reading.result);
          answer = told;
          if (next !== undefined) store.put(next, key);
        };
        transaction.oncomplete = () => resolve(answer);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  }

  const kept = (key) => change(key, (value) => [undefined, value]);
  const keep = (key, value) => change(key, () => [value, value]);

  // ---- the device API

  class Refused extends Error {
    constructor(status, text) {
      super(`${status}: ${text}`);
      this.status = status;
    }
  }

  async function call(baseUrl, method, path, headers, body) {
    const response = await fetch(baseUrl + API + path, {
      method,
      credentials: "omit",
      headers: { ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Refused(response.status, await response.text());
    return response.json();
  }

  async function own(method, what, body) {
    const device = await kept("device");
    if (!device) throw new Error("not installed");
    const headers = { Authorization: `Bearer ${device.credential}` };
    return call(device.baseUrl || "", method, `/installations/${device.installationId}${what}`, headers, body);
  }

  async function learn(view) {
    await change("device", (device) => [{ ...device, mark: view.recipientMark || "" }, null]);
    return view;
  }

  async function install(apiKey, { baseUrl = "", appVersion = "1.0.0" } = {}) {
    const address = baseUrl && addressOf(baseUrl);
    const drawn = await change("drawn", (known) => {
      const made = known || { installationId: crypto.randomUUID(), proof: random(32) };
      return [made, made];
    });
    const fresh = await hpke.keys();
    const pair = await change("keys", (known) => [known || fresh, known || fresh]);
    const answer = await call(address, "POST", "/installations", { "X-Api-Key": apiKey }, {
      ...drawn,
      publicKey: await hpke.publicKeyOf(pair),
      deviceId: drawn.installationId,
      platform: "web",
      appVersion,
      osVersion: navigator.userAgent.slice(0, 64),
      locale: navigator.language,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
    await keep("device", { ...drawn, apiKey, baseUrl: address, credential: answer.credential, mark: "" });
    return learn(answer.installation);
  }

  async function subscribe(registration) {
    const { apiKey, baseUrl = "" } = await kept("device");
    const { applicationServerKey } = await call(baseUrl, "GET", "/web-push", { "X-Api-Key": apiKey });
    const known = await registration.pushManager.getSubscription();
    if (known && base64url(known.options.applicationServerKey) !== applicationServerKey) await known.unsubscribe();
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
    return learn(await own("PUT", "/token", {
      provider: "web",
      subscription: { ...subscription.toJSON(), applicationServerKey },
    }));
  }

  const login = async (who) => learn(await own("POST", "/personalize", who));
  const logout = async () => learn(await own("POST", "/depersonalize"));
  const allowed = async (pushOsEnabled) => learn(await own("PUT", "/settings", { pushOsEnabled }));
  const content = (push) => own("GET", `/messages/${push.id}/content?link=${push.link || 0}`);

  /** The SECURE values in a push, null when there are none that this browser can open: then they are fetched. */
  async function secureOf(push) {
    const pair = await kept("keys");
    if (!push.sealed || !pair) return null;
    try {
      return await hpke.opened(pair, push.sealed, push.delivery);
    } catch {
      return null;
    }
  }

  // ---- what has been shown, and receipts

  /** True the first time that a delivery is asked for: a push that is sent again has the same id. */
  function isNew(delivery) {
    return change("seen", (seen = []) =>
      seen.includes(delivery) ? [undefined, false] : [[...seen, delivery].slice(-REMEMBERED), true]);
  }

  async function report(kind, push, action) {
    const receipt = {
      messageId: push.id,
      deliveryId: push.delivery,
      link: push.link || 0,
      bulk: Boolean(push.bulk),
      kind,
      happenedAt: Date.now(),
      ...(action ? { action } : {}),
    };
    await change("outbox", (outbox = []) => [[...outbox, { key: crypto.randomUUID(), receipt }], null]);
    return flush();
  }

  /** Send what is kept. It stays while the platform is away, and goes with the next push or the next start. */
  async function flush() {
    const batch = ((await kept("outbox")) || []).slice(0, BATCH);
    if (!batch.length) return;
    try {
      await own("POST", "/receipts", { sentAt: Date.now(), receipts: batch.map((one) => one.receipt) });
    } catch (error) {
      const isFinal = error instanceof Refused && error.status < 500 && ![401, 403, 408, 429].includes(error.status);
      if (!isFinal) return;
    }
    const done = new Set(batch.map((one) => one.key));
    await change("outbox", (outbox = []) => [outbox.filter((one) => !done.has(one.key)), null]);
  }

  // ---- small things

  /** An address without a slash at its end. Throws for what is none: the key and the credential would go there. */
  function addressOf(baseUrl) {
    const { protocol, hostname, username, search, hash, href } = new URL(baseUrl);
    const isNear = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
    if (protocol !== "https:" && !(protocol === "http:" && isNear)) throw new Error("baseUrl: must be https");
    if (username || search || hash) throw new Error("baseUrl: must be https://host[:port][/path]");
    return href.replace(/\/+$/, "");
  }

  function base64url(buffer) {
    const text = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }

  function random(bytes) {
    return base64url(crypto.getRandomValues(new Uint8Array(bytes)).buffer);
  }

  const device = () => kept("device");
  return { install, subscribe, login, logout, allowed, content, secureOf, isNew, report, flush, device };
})();
