/** The form of a new mailing: a draft is made of it, and its list is sent if a file was chosen. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, send, type FieldError } from "../../../api";
import { placeOf } from "../../../documents";
import { Choice, TextField, type FieldProps } from "../../../parts/field";
import { drop, keep, keptOf } from "../../../parts/kept-form";
import { Failure, Shown, useLoaded } from "../../../parts/states";
import { go, href } from "../../../router";
import { isPortal } from "../../../session";
import { uuid } from "../../../uuid";
import { t } from "../../../words";
import { EMPTY, definitionOf, type Draft } from "./draft";
import { Fallbacks } from "./fallback-fields";
import type { Fields } from "./fields";
import { faultsOfLifetimes } from "./lifetime-faults";
import { sampleOf } from "../list/columns";
import { Message } from "./message-fields";
import { More, faultOfMore } from "./more-field";
import { partners, sendersOf, type Partner } from "../model";
import { Named, brokenBraces, textsOf } from "./named";
import { namesIn } from "../message/placeholders";
import { Preview, Said } from "../message/preview";
import { placed } from "./places";
import { Segment } from "./segment-fields";
import { When } from "./when-fields";
import { FileField, faultOf, type Chosen } from "../list/upload";
import { begin } from "../list/uploads";

export function NewMailing() {
  const [loaded, again] = useLoaded("partners", partners);
  return (
    <>
      <p class="crumb"><a href={href("mailings")}>← {t("mailings.title")}</a></p>
      <h1>{t("mailings.new")}</h1>
      <Shown loaded={loaded} again={again}>{(found) => <Form partners={found.filter((partner) => partner.enabled)} />}</Shown>
    </>
  );
}

/** What is being typed, while other pages are looked at, the language is switched, or the session has ended. */
const KEPT = "mailing";

/** Opens the form filled in like this. */
export function goNew(draft: Draft): void {
  keep(KEPT, draft);
  go("mailings", "new");
}

function Form({ partners }: { partners: readonly Partner[] }) {
  const [draft, setDraft] = useState<Draft>(keptOf<Draft>(KEPT) ?? { ...EMPTY, partner: partners[0]?.partnerId ?? "" });
  const [chosen, choose] = useState<Chosen | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const id = useRef(uuid());
  const form = useRef<HTMLFormElement>(null);
  const isSent = useRef(false); // a second press may come before the button is drawn as off
  const [mended, mend] = useState<ReadonlySet<string>>(new Set());
  const told: readonly FieldError[] = error instanceof ApiError ? error.fields : [];
  const { faults: refused, others } = placed(told);
  const standing = Object.entries(refused).filter(([field]) => !mended.has(field.split("-", 1)[0] ?? field));
  const wrong = { ...faultsOfLifetimes(draft), ...brokenBraces(draft), ...faultOfMore(draft) };
  const texts = textsOf(draft);
  const unfit = draft.to === "list" ? faultOf(chosen, namesIn(texts)) : undefined;
  const faults = { ...Object.fromEntries(standing), ...wrong };
  useEffect(() => {
    keep(KEPT, draft);
  }, [draft]);
  const set = (changes: Partial<Draft>) => {
    setDraft((last) => ({ ...last, ...changes }));
    mend((last) => new Set([...last, ...Object.keys(changes)]));
    id.current = uuid(); // another content is another mailing; the same one twice is not
  };
  const submitted = async (event: Event) => {
    event.preventDefault();
    if (isSent.current) return;
    if (wrong.more !== undefined) { // it would go without what cannot be read
      form.current?.querySelector<HTMLElement>("#more")?.focus();
      return;
    }
    if (unfit !== undefined) { // a draft's text stays as it is, so its file would never fit
      form.current?.querySelector<HTMLElement>("#list-file")?.focus();
      return;
    }
    isSent.current = true;
    setAsking(true);
    setError(null);
    mend(new Set());
    try {
      const owner = isPortal ? null : draft.partner;
      const made = await send("post", placeOf("post", "/v1/mailings", { partner: owner }), definitionOf(draft, id.current));
      if (chosen !== null && draft.to === "list") void begin(made.mailingId, chosen.file, chosen.charset, false);
      drop(KEPT);
      go("mailings", made.mailingId);
    } catch (failed) {
      setError(failed);
      setAsking(false);
      isSent.current = false;
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
    }
  };
  const fields: Fields = { draft, set, faults };
  const head = chosen?.head ?? null;
  const preset = partners.find((partner) => partner.partnerId === draft.partner)?.defaultSender ?? null;
  const app = draft.sender || preset || draft.partner;
  const valueOf = (name: string) => (head === null ? undefined : sampleOf(head, name) || undefined);
  return (
    <form ref={form} class="columns" onSubmit={submitted} noValidate>
      <div>
        <Whose {...fields} partners={partners} />
        <Message {...fields} />
        <Fallbacks {...fields} preset={preset} />
        <Named texts={texts} head={draft.to === "list" ? head : null} />
        <section class="card">
          <h2>{t("mailings.recipients")}</h2>
          <Choice id="to" label={t("mailings.to")} fault={faults.to} value={draft.to} changed={(to) => set({ to })} of={[["list", t("mailings.to.list")], ["segment", t("mailings.to.segment")]]} />
          {draft.to === "list" ? <FileField chosen={chosen} changed={choose} names={[]} label={t("mailings.fileMayFollow")} fault={unfit} /> : <Segment {...fields} />}
        </section>
        <When {...fields} offsetMin={partners.find((partner) => partner.partnerId === draft.partner)?.utcOffsetMin ?? 180} />
        <More {...fields} />
        <section class="card">
          {standing.length > 0 && <p class="failure" role="alert">{t("mailings.seeFields")}</p>}
          <Submit isAsking={isAsking} />
        </section>
      </div>
      <aside>
        <section class="card sticky">
          <h2>{t("mailings.preview")}</h2>
          {draft.channel === "PUSH" ? (
            <Preview
              app={app}
              title={draft.title}
              text={draft.text}
              hasPicture={draft.address !== "" && draft.category === "IMAGE"}
              buttons={draft.buttons}
              valueOf={valueOf}
            />
          ) : (
            <Said channel={draft.channel} sender={app} text={draft.text} valueOf={valueOf} />
          )}
          {draft.fallbacks.map((fallback, place) => <Said key={place} channel={fallback.channel} sender={fallback.sender || preset || draft.partner} text={fallback.text} valueOf={valueOf} />)}
          {error !== null && (others.length > 0 || told.length === 0) && <Failure error={error} />}
          {unfit !== undefined && <p class="failure" role="alert">{unfit}</p>}
          {standing.length > 0 && <p class="failure" role="alert">{t("mailings.seeFields")}</p>}
          <Submit isAsking={isAsking} />
        </section>
      </aside>
    </form>
  );
}

/** Beside the preview, and where the form ends. */
function Submit({ isAsking }: { isAsking: boolean }) {
  return (
    <>
      <button type="submit" class="main" disabled={isAsking}>{t("mailings.create")}</button>
      <p class="quiet">{t("mailings.createMeans")}</p>
    </>
  );
}

function Whose({ draft, set, faults, partners }: Fields & { partners: readonly Partner[] }) {
  const [loaded, again] = useLoaded(draft.partner, (signal) => sendersOf(draft.partner, signal));
  const senders = loaded.is === "there" ? loaded.value.filter((sender) => sender.enabled && sender.applicationId !== null) : [];
  const preset = partners.find((partner) => partner.partnerId === draft.partner)?.defaultSender;
  const first = [["", preset ? `${t("mailings.defaultSender")}: ${preset}` : t("mailings.chooseSender")]] as const;
  const about = (id: keyof Draft & string, label: string): FieldProps => ({ id, label, fault: faults[id] });
  return (
    <section class="card">
      <h2>{t(isPortal ? "mailings.own" : "mailings.whose")}</h2>
      <TextField {...about("name", t("mailings.name"))} hint={t("mailings.nameHint")} value={draft.name} changed={(name) => set({ name })} more={{ maxLength: 200, autocomplete: "off" }} />
      <div class="pair">
        {!isPortal && <Choice {...about("partner", t("mailings.partner"))} value={draft.partner} changed={(partner) => set({ partner, sender: "" })} of={partners.map(({ partnerId }) => [partnerId, partnerId])} />}
        <Choice
          {...about("sender", t("mailings.sender"))}
          value={draft.sender}
          changed={(sender) => set({ sender })}
          of={[...first, ...senders.map(({ serviceNumber, applicationId }) => [serviceNumber, `${serviceNumber} (${applicationId})`] as const)]}
        />
      </div>
      {loaded.is === "failed" && <Failure error={loaded.error} retry={again} />}
    </section>
  );
}
