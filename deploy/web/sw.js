/* The service worker: shows a push once, and tells the platform what became of it.
 *
 *   push ─▶ a withdrawal?     what stands under its delivery id is closed
 *        ─▶ somebody else's?  nothing        (the mark is not the one that login answered)
 *        ─▶ seen before?      nothing        (the same delivery id)
 *        ─▶ shown, the delivery id as tag ─▶ delivered ─▶ clicked (a button), read (the rest), dismissed (closed)
 *                             (with the SECURE values that were sealed to this browser)
 *        ─▶ more?             fetched, and shown again under the same tag; so is what was sealed and does not open
 */
"use strict";

importScripts("hpke.js", "sdk.js");

const MASK = "•••";
const pages = new BroadcastChannel("rpns");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(take(event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(clicked(event.notification, event.action)));
self.addEventListener("notificationclose", (event) => event.waitUntil(closed(event.notification)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(rpns.subscribe(self.registration)));

async function take(data) {
  const { rpns: push, notification = {} } = data.json();
  if (push.withdraw) return withdraw(push);
  const device = await rpns.device();
  if (push.mark && push.mark !== (device ? device.mark : "")) return tell("foreign", push, "");
  if (!(await rpns.isNew(push.delivery))) return tell("repeated", push, "");
  const opened = await withValues(push);
  await show(push, { actions: [], ...push, ...notification, ...(opened || ownText(push)) });
  await rpns.report("delivered", push);
  if (push.more || (push.sealed && !opened)) await replace(push);
}

/** Title and body with what was sealed to this browser; null when there is nothing that it can open. */
async function withValues(push) {
  const values = push.text === undefined ? null : await rpns.secureOf(push);
  if (!values) return null;
  return { body: filled(push.text, values), ...(push.title ? { title: filled(push.title, values) } : {}) };
}

/** Title and text of the push itself come before its notification's, but where they have places for values. */
function ownText(push) {
  if (push.text === undefined || push.sealed || push.more) return {};
  return { body: push.text, ...(push.title ? { title: push.title } : {}) };
}

/** Each `%name%` by its value; a text that was put in is not looked at again. */
function filled(text, values, names = Object.keys(values)) {
  return (text || "").replace(/%([A-Za-z0-9]+)%/g, (place, name) =>
    names.includes(name) ? (values && values[name]) ?? MASK : place);
}

/** The chain has moved on: the notification goes, and is not shown later either. */
async function withdraw(push) {
  await rpns.isNew(push.delivery);
  const stale = await self.registration.getNotifications({ tag: push.delivery });
  stale.forEach((notification) => notification.close());
  tell("withdrawn", push, "");
}

async function show(push, shown, what = "shown") {
  const { title = "", body = "", image, actions } = shown;
  await self.registration.showNotification(title, {
    body,
    ...(image ? { image } : {}),
    tag: push.delivery,
    actions: actions.slice(0, Notification.maxActions).map((one, place) => ({ action: String(place), title: one.title })),
    data: { push, actions },
  });
  tell(what, push, title, body);
}

/** What did not fit, and SECURE values; what was shown stays when they cannot be had. What was closed meanwhile, by its
 *  owner or by a withdrawal, does not come back. */
async function replace(push) {
  let whole;
  try {
    whole = await rpns.content(push);
  } catch (error) {
    return tell("not fetched", push, String(error));
  }
  if (!(await self.registration.getNotifications({ tag: push.delivery })).length) return tell("closed meanwhile", push, "");
  const { names, values } = whole.secure || { names: [], values: null };
  const image = whole.content && whole.content.category === "IMAGE" ? whole.content.url : undefined;
  const [title, body] = [whole.title, whole.text].map((text) => filled(text, values, names));
  await show(push, { title, body, image, actions: whole.actions }, "whole");
}

async function clicked(notification, place) {
  const { push, actions } = notification.data;
  notification.close();
  const button = actions[Number(place)];
  const isButton = place !== "" && button !== undefined;
  await rpns.report(isButton ? "clicked" : "read", push, isButton ? button.action : undefined);
  tell(isButton ? "clicked" : "read", push, isButton ? button.title : "");
  await open(isButton && /^https:\/\//.test(button.options || "") ? button.options : self.registration.scope);
}

async function closed(notification) {
  await rpns.report("dismissed", notification.data.push);
  tell("dismissed", notification.data.push, "");
}

async function open(url) {
  const windows = await self.clients.matchAll({ type: "window" });
  const known = windows.find((one) => one.url.startsWith(url));
  try {
    await (known ? known.focus() : self.clients.openWindow(url));
  } catch (error) {
    tell("not opened", {}, String(error)); // browsers open windows for a person's click only
  }
}

function tell(what, push, title, body = "") {
  pages.postMessage({ what, title, body, delivery: push.delivery, at: Date.now() });
}
