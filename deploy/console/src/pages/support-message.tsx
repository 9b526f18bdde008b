/** One message: what became of it, its trace, device by device, and the devices that it was for. */

import { useState } from "preact/hooks";
import { get } from "../api";
import { place, type Schemas } from "../documents";
import { MessageBadge, stateWords } from "../parts/badge";
import { channelName } from "../parts/channel-name";
import { Facts, type Fact } from "../parts/facts";
import { useLive, type Stream } from "../parts/live";
import { LiveLine } from "../parts/live-shown";
import { ShowMasked } from "../parts/masked";
import { Failure, Loading, Shown, useLoaded } from "../parts/states";
import { Time } from "../parts/time";
import { useThing } from "../parts/title";
import { isPortal } from "../session";
import { t } from "../words";
import { Advice } from "./support-advice";
import { DevicesOfMessage } from "./support-devices";
import { short } from "./support-names";
import { Trace } from "./support-trace";

type Message = Schemas["MessageView"];
type Personal = Pick<Message, "phone" | "externalUserId" | "title" | "text">;

const LOOK_S = 2;
const FRESH_MS = 600_000;

/** Masked, and followed, a message of the last minutes also without a stream; nothing is masked of a partner's own. What
    is shown unmasked is asked for once, beside it: each such look is a record of its own. */
export function MessageTrace({ id }: { id: string }) {
  const at = place("/v1/messages/{any_id}", { any_id: id }, { masked: isPortal ? null : true });
  const stream: Stream<Message> = {
    path: place("/v1/messages/{any_id}/live", { any_id: id }, { masked: isPortal ? null : true }),
    value: ({ message }) => (message as Message | undefined) ?? null,
  };
  const follows = ({ state, createdAt }: Message) => (state === "READ" || Date.now() - createdAt > FRESH_MS ? null : LOOK_S);
  const live = useLive(at, (signal) => get(at, signal), follows, stream);
  const { value: message, error, again } = live;
  useThing(`${t("support.message")} ${short(message?.messageId ?? id)}${message === null ? "" : `: ${stateWords(message.state)}`}`);
  return (
    <>
      {error !== null ? <Failure error={error} retry={again} /> : message === null && <Loading />}
      {message !== null && (
        <>
          <Told message={message} />
          <Trace message={message} />
          <LiveLine live={live} everyS={follows(message)} />
          <DevicesOfMessage message={message} />
        </>
      )}
    </>
  );
}

function Told({ message }: { message: Message }) {
  const facts: [string, string | null][] = [
    [t("support.partnersId"), message.id],
    [t("support.message"), message.messageId],
    ["mtNum", message.mtNum],
    [t("support.partner"), message.partnerId],
    [t("support.sender"), message.sender],
  ];
  return (
    <section class="card aligned">
      <div aria-live="polite">
        <h2><MessageBadge state={message.state} /> {message.explanation}</h2>
        {message.reason !== null && <Advice reason={message.reason} />}
      </div>
      <dl>
        {facts.map(([name, value]) => value !== null && <><dt>{name}</dt><dd>{value}</dd></>)}
        <dt>{t("support.channel")}</dt><dd>{channelName(message.channel)}</dd>
        <dt>{t("support.created")}</dt><dd><Time at={message.createdAt} /></dd>
      </dl>
      {isPortal ? <Facts facts={personal(message)} /> : <Masked message={message} />}
    </section>
  );
}

/** Everything about a person in it together: the platform shows all of it or nothing, and records it so. */
function Masked({ message }: { message: Message }) {
  const [isShown, show] = useState(false);
  return (
    <div role="group" aria-label={t("support.personal")}>
      {isShown ? <Unmasked id={message.messageId} hide={() => show(false)} /> : <><Facts facts={personal(message)} /><ShowMasked label={t("support.showPersonal")} show={() => show(true)} /></>}
    </div>
  );
}

function Unmasked({ id, hide }: { id: string; hide: () => void }) {
  const at = place("/v1/messages/{any_id}", { any_id: id });
  const [loaded, again] = useLoaded(at, (signal) => get(at, signal));
  return (
    <Shown loaded={loaded} again={again}>
      {(message) => (
        <>
          <Facts facts={personal(message)} />
          <button type="button" onClick={hide}>{t("support.hide")}</button>
        </>
      )}
    </Shown>
  );
}

function personal({ phone, externalUserId, title, text }: Personal): Fact[] {
  const facts: [string, string | null][] = [
    [t("support.recipient"), phone && `+${phone}`],
    [t("support.user"), externalUserId],
    [t("support.titleOfIt"), title],
    [t("support.text"), text],
  ];
  return facts.filter(([, value]) => Boolean(value));
}
