/* The sample page: a few steps on the left of `sdk.js`, and a list of what the service worker tells. */
"use strict";

const $ = (id) => document.getElementById(id);

async function step(button, act) {
  button.disabled = true;
  try {
    say(await act(), false);
  } catch (error) {
    say(String(error.message || error), true);
  } finally {
    button.disabled = false;
    await look();
  }
}

function say(text, isWrong) {
  $("said").textContent = text;
  $("said").classList.toggle("wrong", isWrong);
}

async function look() {
  const device = await rpns.device();
  $("permission").textContent = Notification.permission;
  $("installation").textContent = device ? device.installationId : "none yet";
  $("owner").textContent = device && device.mark ? "logged in" : "nobody is logged in";
  $("login").disabled = $("logout").disabled = !device;
}

async function start() {
  if (!("serviceWorker" in navigator && "PushManager" in window)) throw new Error("this browser has no Web Push");
  const permission = await Notification.requestPermission();
  const registration = await navigator.serviceWorker.register("sw.js");
  await navigator.serviceWorker.ready;
  await rpns.install($("key").value.trim(), { baseUrl: $("platform").value.trim() });
  await rpns.allowed(permission === "granted");
  if (permission !== "granted") throw new Error("notifications are not allowed here");
  await rpns.subscribe(registration);
  await rpns.flush();
  return "Subscribed. Pushes to whoever logs in here are shown by this browser.";
}

async function login() {
  const [phone, externalUserId] = [$("phone").value.trim(), $("user").value.trim()];
  if (!phone && !externalUserId) throw new Error("a phone or a user id is needed");
  const who = { ...(phone ? { phone } : {}), ...(externalUserId ? { externalUserId } : {}) };
  await rpns.login({ ...who, ...(await proofOf(who)) });
  return "Logged in.";
}

/** What the site's backend signs for this installation. It knows by its own session who is signed in; this sample's
 *  believes what the page says (the sandbox plays it, `make up`). Without a backend the login is not proved. */
async function proofOf(who) {
  const { installationId } = await rpns.device();
  const digits = (who.phone || "").replace(/[^0-9]/g, "");
  const body = JSON.stringify({ ...who, ...(digits ? { phone: digits } : {}), installationId });
  const answer = await fetch("proof", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (answer.status === 404) return {};
  if (!answer.ok) throw new Error(`the site's backend: ${answer.status}`);
  return answer.json();
}

async function logout() {
  await rpns.logout();
  return "Logged out.";
}

function listed({ what, title, body, at }) {
  const row = document.createElement("li");
  const texts = { time: new Date(at).toLocaleTimeString([], { hour12: false }), strong: what, span: [title, body].filter(Boolean).join(" — ") };
  for (const [tag, text] of Object.entries(texts)) {
    const part = document.createElement(tag);
    part.textContent = text;
    row.append(part);
  }
  $("log").prepend(row);
  $("empty").hidden = true;
}

$("start").addEventListener("click", () => step($("start"), start));
$("login").addEventListener("click", () => step($("login"), login));
$("logout").addEventListener("click", () => step($("logout"), logout));
new BroadcastChannel("rpns").addEventListener("message", (event) => listed(event.data));
look();
