/** How messages and devices are named where there is little room. */

/** The end of a message's id: ids of one minute begin alike. */
export function short(messageId: string): string {
  return `…${messageId.slice(-SHORT)}`;
}

/** The beginning of an installation's id. */
export function shortDevice(installationId: string): string {
  return installationId.slice(0, SHORT);
}

/** "Android 14", as people write it. */
export function systemName(platform: string | null, version: string): string {
  return [SYSTEMS[platform ?? ""] ?? platform, version].filter(Boolean).join(" ");
}

/** The system that a push provider reaches, and the provider; nothing of a channel, which has no device. */
export function providerName(provider: string): string {
  return provider === "channel" ? "" : (PROVIDERS[provider] ?? provider);
}

const SHORT = 8;
const PROVIDERS: Record<string, string> = { apns: "iOS (APNs)", fcm: "Android (FCM)", hms: "Huawei (HMS)", rustore: "Android (RuStore)", web: "Web Push" };
const SYSTEMS: Record<string, string> = { ios: "iOS", android: "Android", huawei: "HarmonyOS", rustore: "Android (RuStore)", web: "Web" };
