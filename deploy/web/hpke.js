/* SECURE values sealed to this browser's own key: HPKE (RFC 9180), base mode, single shot, with WebCrypto.
 *
 *   hpke.keys()                         a P-256 pair whose private half never leaves the browser's own store
 *   hpke.publicKeyOf(pair)              as the device API takes it
 *   hpke.opened(pair, sealed, delivery) the values by name; throws when they were sealed for another key or delivery
 *
 * Suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Source: docs/device-api.md §3.
 */
"use strict";

self.hpke = (() => {
  const CURVE = { name: "ECDH", namedCurve: "P-256" };
  const POINT = 65; // bytes of an uncompressed point
  const INFO = "rpns/secure/1/";
  const NONE = new Uint8Array();
  const KEM = joined(ascii("KEM"), Uint8Array.of(0, 0x10));
  const SUITE = joined(ascii("HPKE"), Uint8Array.of(0, 0x10, 0, 0x01, 0, 0x02));

  const keys = () => crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const publicKeyOf = async (pair) => base64url(await pointOf(pair.publicKey));

  async function opened(pair, sealed, delivery) {
    const raw = bytesOf(sealed);
    const [enc, ciphertext] = [raw.slice(0, POINT), raw.slice(POINT)];
    const theirs = await crypto.subtle.importKey("raw", enc, CURVE, false, []);
    const agreed = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, pair.privateKey, 256);
    const context = joined(enc, await pointOf(pair.publicKey));
    const secret = await expand(await extract(NONE, "eae_prk", new Uint8Array(agreed), KEM), "shared_secret", context, 32, KEM);
    const about = [extract(NONE, "psk_id_hash", NONE, SUITE), extract(NONE, "info_hash", ascii(INFO + delivery), SUITE)];
    const schedule = joined(Uint8Array.of(0), ...(await Promise.all(about)));
    const prk = await extract(secret, "secret", NONE, SUITE);
    const bytes = await expand(prk, "key", schedule, 32, SUITE);
    const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["decrypt"]);
    const iv = await expand(prk, "base_nonce", schedule, 12, SUITE);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, ciphertext);
    return JSON.parse(new TextDecoder().decode(plain));
  }

  /** RFC 9180 §4, LabeledExtract; without a salt HMAC's key is zeros. */
  function extract(salt, label, material, suite) {
    return hmac(salt.length ? salt : new Uint8Array(32), joined(ascii("HPKE-v1"), suite, ascii(label), material));
  }

  /** RFC 9180 §4, LabeledExpand; one block of HKDF is all that is ever asked for. */
  async function expand(prk, label, info, length, suite) {
    const labeled = joined(Uint8Array.of(length >> 8, length & 255), ascii("HPKE-v1"), suite, ascii(label), info);
    return (await hmac(prk, joined(labeled, Uint8Array.of(1)))).slice(0, length);
  }

  async function hmac(key, data) {
    const made = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", made, data));
  }

  const pointOf = async (key) => new Uint8Array(await crypto.subtle.exportKey("raw", key));

  // ---- small things

  function ascii(text) {
    return new TextEncoder().encode(text);
  }

  function joined(...parts) {
    const made = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
    parts.reduce((place, part) => (made.set(part, place), place + part.length), 0);
    return made;
  }

  function base64url(bytes) {
    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }

  function bytesOf(text) {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  }

  return { keys, publicKeyOf, opened };
})();
