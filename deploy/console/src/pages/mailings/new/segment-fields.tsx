/** Recipients by what their devices are: whatever is given must hold. */

import { Field, TextField, described } from "../../../parts/field";
import { MomentField } from "../../../parts/moment-field";
import { t } from "../../../words";
import { systemName } from "../../support-names";
import type { SegmentFields } from "./draft";
import type { Fields } from "./fields";

const PLATFORMS = ["ios", "android", "huawei", "rustore", "web"] as const;

export function Segment({ draft, set, faults }: Fields) {
  const { segment } = draft;
  const change = (changes: Partial<SegmentFields>) => set({ segment: { ...segment, ...changes } });
  const about = (name: keyof SegmentFields, label: string, hint?: string) => ({ id: `segment-${name}`, label, ...(hint ? { hint } : {}), fault: faults[`segment-${name}`] });
  const turned = (platform: string, isOn: boolean) => change({ platforms: PLATFORMS.filter((known) => (known === platform ? isOn : segment.platforms.includes(known))) });
  const platforms = about("platforms", t("mailings.platforms"), t("mailings.platformsHint"));
  const typed = (name: Exclude<keyof SegmentFields, "platforms">, label: string, hint?: string) => (
    <TextField {...about(name, label, hint)} value={segment[name]} changed={(text) => change({ [name]: text })} more={{ autocomplete: "off" }} />
  );
  return (
    <>
      <p class="quiet">{t("mailings.segmentHint")}</p>
      <Field {...platforms}>
        <div class="ticks" role="group" aria-label={platforms.label} {...described(platforms)} tabIndex={-1}>
          {PLATFORMS.map((name) => (
            <label class="tick" key={name}>
              <input type="checkbox" checked={segment.platforms.includes(name)} onChange={(event) => turned(name, event.currentTarget.checked)} /> {systemName(name, "")}
            </label>
          ))}
        </div>
      </Field>
      {typed("subscriptions", t("mailings.subscriptions"), t("mailings.subscriptionsHint"))}
      {typed("timeZones", t("mailings.timeZones"), t("mailings.timeZonesHint"))}
      <div class="pair">
        <MomentField {...about("lastUsedAfter", t("mailings.lastUsedAfter"))} hint={undefined} value={segment.lastUsedAfter} changed={(lastUsedAfter) => change({ lastUsedAfter })} />
        <MomentField {...about("lastUsedBefore", t("mailings.lastUsedBefore"))} hint={undefined} value={segment.lastUsedBefore} changed={(lastUsedBefore) => change({ lastUsedBefore })} />
        {typed("versionFrom", t("mailings.versionFrom"))}
        {typed("versionBelow", t("mailings.versionBelow"))}
      </div>
    </>
  );
}
