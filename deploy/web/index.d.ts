/* What `sdk.js` and `hpke.js` offer to a page and to its service worker. The platform's answers: docs/device-api.md. */

/** Who logs in. `proof` is a JWT that the site's backend signs for this installation. */
export interface Login {
  phone?: string;
  externalUserId?: string;
  proof?: string;
  primary?: boolean;
}

/** What is kept of this browser's installation. */
export interface Device {
  installationId: string;
  proof: string;
  apiKey: string;
  /** The platform's address; empty: the page's own. */
  baseUrl: string;
  credential: string;
  /** The `recipientMark` of whoever is logged in, empty when nobody is. */
  mark: string;
}

/** The part of a push that is meant for the SDK: `rpns` beside `notification`. */
export interface Push {
  v: number;
  id: string;
  delivery: string;
  link?: number;
  bulk?: boolean;
  mark?: string;
  title?: string;
  text?: string;
  content?: { category: string; url: string };
  actions?: Action[];
  customPayload?: string;
  sealed?: string;
  more?: boolean;
  withdraw?: boolean;
}

export interface Action {
  title: string;
  action: string;
  options?: string;
}

/** The whole of a message: what did not fit into its push. */
export interface Content {
  messageId: string;
  link: number;
  title: string | null;
  text: string | null;
  content: { category: string; url: string } | null;
  actions: Action[];
  customPayload: string | null;
  secure: { names: string[]; values: Record<string, string> | null } | null;
  /** UTC milliseconds. */
  expiresAt: number;
}

/** The installation as the platform knows it; the fields stand in the platform's OpenAPI document. */
export interface Installation {
  installationId: string;
  applicationId: string;
  recipientMark: string;
  proved: boolean;
  [field: string]: unknown;
}

export type Kind = "delivered" | "read" | "dismissed" | "clicked";

export interface Rpns {
  /** `baseUrl`: the platform's address where it is not the page's own (https); the application has to allow the page's
   *  origin. May be repeated at every start. Rejects with an error that has `status` when the platform refuses. */
  install(apiKey: string, options?: { baseUrl?: string; appVersion?: string }): Promise<Installation>;
  /** Ask the browser's push service for a subscription, and give it to the platform. */
  subscribe(registration: ServiceWorkerRegistration): Promise<Installation>;
  login(who: Login): Promise<Installation>;
  logout(): Promise<Installation>;
  /** Tell whether notifications are permitted in this browser. */
  allowed(pushOsEnabled: boolean): Promise<Installation>;
  content(push: Push): Promise<Content>;
  /** SECURE values that were sealed to this browser's key; null when there are none that it can open. */
  secureOf(push: Push): Promise<Record<string, string> | null>;
  /** True the first time that a delivery is asked for. */
  isNew(delivery: string): Promise<boolean>;
  /** A receipt: kept until the platform has it. `action`: of a button that was clicked. */
  report(kind: Kind, push: Push, action?: string): Promise<void>;
  /** Send receipts that are kept. */
  flush(): Promise<void>;
  device(): Promise<Device | undefined>;
}

export interface Hpke {
  /** A P-256 pair whose private half the browser never hands out. */
  keys(): Promise<CryptoKeyPair>;
  publicKeyOf(pair: CryptoKeyPair): Promise<string>;
  /** The values by name. Rejects when they were sealed for another key or delivery. */
  opened(pair: CryptoKeyPair, sealed: string, delivery: string): Promise<Record<string, string>>;
}

export const rpns: Rpns;
export const hpke: Hpke;
