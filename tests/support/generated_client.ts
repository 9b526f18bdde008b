/** A partner's and an app's program on types that are generated from our OpenAPI documents; strict TypeScript, fetch of Node.
 *
 * Arguments: the gateway's address, login, password, sender, phone, API key. Prints what it was told, as JSON.
 */

import { randomUUID } from "node:crypto";
import createClient, { type Middleware } from "openapi-fetch";
import type { components as IngestComponents, paths as IngestPaths } from "./ingest.js";
import type { components, paths as RegistryPaths } from "./registry.js";
import type { components as StatusComponents, paths as StatusPaths } from "./status.js";

type IngestBody = IngestComponents["schemas"]["SendRequest"];
type MessageView = StatusComponents["schemas"]["MessageView"];
const WAIT_MS = 30_000;

const [baseUrl = "", login = "", password = "", sender = "", phone = "", apiKey = ""] = process.argv.slice(2);
const ingest = createClient<IngestPaths>({ baseUrl });
const status = createClient<StatusPaths>({ baseUrl });
const basic: Middleware = {
  onRequest({ request }) {
    request.headers.set("Authorization", `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`);
    return request;
  },
};
status.use(basic);
const device = createClient<RegistryPaths>({ baseUrl, headers: { "X-Api-Key": apiKey } });

async function main(): Promise<Record<string, unknown>> {
  const data = { serviceNumber: sender, text: "of generated types", ttl: 1 };
  const body = { login, password, destAddr: phone, registeredDelivery: 1 } as const;
  const sent = await ingest.POST("/v6/send", { body: { ...body, message: { type: "PUSH", data } } });
  if (sent.data === undefined) throw new Error(`not sent: ${sent.error.error.description}`);
  const refused = await ingest.POST("/v6/send", { body: { ...body, message: { type: "PIGEON", data } } });
  const nobody = await status.GET("/v1/messages/{any_id}", { params: { path: { any_id: "nobody-has-this" } } });
  const installed = await device.POST("/sdk/api/v1/installations", { body: ownInstallation() });
  return {
    state: (await known(sent.data.mtNum)).state,
    refused: refused.error?.error.code,
    status: nobody.error?.status,
    platform: installed.data?.installation.platform,
    limits: sent.response.headers.get("RateLimit"),
  };
}

function ownInstallation(): components["schemas"]["InstallBody"] {
  const about = { installationId: randomUUID(), proof: "0".repeat(64), deviceId: "generated" };
  return { ...about, platform: "android", appVersion: "1.0" };
}

/** What the types do not let through. */
export const WRONG: IngestBody[] = [
  // @ts-expect-error: reports are asked for by a number, 0 to 2
  { login, password, message: { type: "PUSH" }, registeredDelivery: 7 },
  // @ts-expect-error: there is nobody whose message it is
  { password, message: { type: "PUSH" } },
];

/** The message, as soon as status knows it. */
async function known(mtNum: string): Promise<MessageView> {
  const ends = Date.now() + WAIT_MS;
  for (;;) {
    const found = await status.GET("/v1/messages/{any_id}", { params: { path: { any_id: mtNum } } });
    if (found.data !== undefined) return found.data;
    if (Date.now() >= ends) throw new Error(`not known: ${JSON.stringify(found.error)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

console.log(JSON.stringify(await main()));
