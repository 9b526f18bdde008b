/** How many were planned and what has become of them over time, as lines. */

import { number } from "../../parts/figures";
import { Time } from "../../parts/time";
import { t } from "../../words";

export interface Sample {
  at: number;
  planned: number;
  sent: number;
  delivered: number;
  read: number;
  failed: number;
  cancelled: number;
}

export const LINES = ["planned", "sent", "delivered", "read", "failed", "cancelled"] as const;
const WIDTH = 600;
const HEIGHT = 140;

export function Plot({ samples, most }: { samples: readonly Sample[]; most: number }) {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at === first.at) return null;
  const across = (sample: Sample) => (WIDTH * (sample.at - first.at)) / (last.at - first.at);
  const up = (count: number) => HEIGHT - (HEIGHT * count) / Math.max(1, most);
  const words = LINES.map((name) => `${t(`mailings.plot.${name}`)} ${number(last[name])}`).join(", ");
  return (
    <figure class="plot">
      <svg viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`} preserveAspectRatio="none" role="img" aria-label={words}>
        {[0, 0.25, 0.5, 0.75, 1].map((part) => <line key={part} class="grid" x1="0" x2={WIDTH} y1={HEIGHT * part} y2={HEIGHT * part} />)}
        {LINES.map((name) => (
          <polyline key={name} class={name} points={samples.map((sample) => `${across(sample).toFixed(1)},${up(sample[name]).toFixed(1)}`).join(" ")} />
        ))}
      </svg>
      <figcaption class="quiet">
        <span><Time at={first.at} /> – <Time at={last.at} /></span>
        {LINES.map((name) => <span key={name} class={`key ${name}`}>{t(`mailings.plot.${name}`)}</span>)}
      </figcaption>
    </figure>
  );
}
