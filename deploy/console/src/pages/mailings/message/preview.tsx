/** A push as phones and browsers show it, roughly: an iPhone, an Android and a window. Plain CSS; nothing is fetched. */

import type { ComponentChildren } from "preact";
import { t } from "../../../words";
import { partsOf } from "./placeholders";
import { channelName } from "../../../parts/channel-name";
import type { Button, Channel } from "../model";

export interface Shown {
  app: string;
  title: string;
  text: string;
  hasPicture: boolean;
  buttons: readonly Button[];
  /** The value of a placeholder for one recipient; undefined: its name is shown. */
  valueOf: (name: string) => string | undefined;
}

export function Preview(props: Shown) {
  return (
    <div class="previews">
      <Frame kind="iphone" name="iPhone"><Notification {...props} /></Frame>
      <Frame kind="android" name="Android"><Notification {...props} /></Frame>
      <Frame kind="web" name={t("mailings.preview.web")}><Notification {...props} /></Frame>
    </div>
  );
}

/** A message of another channel, which is a text. */
export function Said({ channel, sender, text, valueOf }: { channel: Channel; sender: string; text: string; valueOf: Shown["valueOf"] }) {
  return (
    <figure class="said">
      <figcaption class="quiet">{channelName(channel)} · {sender}</figcaption>
      <p><Filled text={text || "…"} valueOf={valueOf} /></p>
    </figure>
  );
}

function Frame({ kind, name, children }: { kind: string; name: string; children: ComponentChildren }) {
  return (
    <figure class={`device ${kind}`}>
      <div class="screen">
        <div class="clock" aria-hidden="true">9:41</div>
        {children}
      </div>
      <figcaption class="quiet">{name}</figcaption>
    </figure>
  );
}

function Notification({ app, title, text, hasPicture, buttons, valueOf }: Shown) {
  return (
    <div class="push">
      <div class="push-app"><span class="icon" aria-hidden="true">{(app[0] ?? "?").toUpperCase()}</span>{app} <span>· {t("mailings.preview.now")}</span></div>
      <div class="push-body">
        <div>
          {title && <strong><Filled text={title} valueOf={valueOf} /></strong>}
          <p><Filled text={text || "…"} valueOf={valueOf} /></p>
        </div>
        {hasPicture && <span class="picture" role="img" aria-label={t("mailings.preview.picture")} />}
      </div>
      {buttons.some((button) => button.title) && (
        <div class="push-buttons">{buttons.filter((button) => button.title).map((button, place) => <span key={place}><Filled text={button.title} valueOf={valueOf} /></span>)}</div>
      )}
    </div>
  );
}

function Filled({ text, valueOf }: { text: string; valueOf: Shown["valueOf"] }) {
  return (
    <>
      {partsOf(text).map((part, place) => {
        if (part.name === undefined) return part.text;
        const value = valueOf(part.name);
        return value === undefined ? <span key={place} class="value">{part.name}</span> : value;
      })}
    </>
  );
}
