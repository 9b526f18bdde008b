/** Counts over time as stacked bars, with their figures on hover and in words for who does not see them. */

import { told } from "./figures";
import { format } from "./time";

export type Kind = "good" | "bad" | "quiet";

export interface Bar {
  /** When it begins, UTC ms. */
  at: number;
  /** From below. */
  parts: [kind: Kind, count: number][];
  /** What a hover tells. */
  title: string;
}

const HEIGHT = 100;
const WIDTH = 10;

export function Bars({ label, bars, stepMs }: { label: string; bars: Bar[]; stepMs: number }) {
  const most = Math.max(1, ...bars.map(sum));
  const first = bars[0];
  const last = bars.at(-1);
  if (!first || !last) return null;
  return (
    <figure class="bars">
      <div class="quiet">{told("bars.most", { count: most })}</div>
      <svg role="img" aria-label={label} viewBox={`0 0 ${bars.length * WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
        {bars.map((bar, place) => (
          <g key={bar.at}>
            <rect class="hover" x={place * WIDTH} y={0} width={WIDTH} height={HEIGHT}><title>{bar.title}</title></rect>
            {stacked(bar, most).map(({ kind, y, height }) => (
              <rect key={kind} class={kind} x={place * WIDTH + 1} y={y} width={WIDTH - 2} height={height} />
            ))}
          </g>
        ))}
      </svg>
      <figcaption class="quiet"><span>{moment(first.at, stepMs)}</span><span>{moment(last.at, stepMs)}</span></figcaption>
    </figure>
  );
}

function sum(bar: Bar): number {
  return bar.parts.reduce((total, [, count]) => total + count, 0);
}

function stacked(bar: Bar, most: number) {
  let top = HEIGHT;
  return bar.parts.map(([kind, count]) => {
    const height = (HEIGHT * count) / most;
    top -= height;
    return { kind, y: top, height };
  });
}

/** As exact as the step is. */
export function moment(at: number, stepMs: number): string {
  const isDay = stepMs >= 86_400_000;
  return format(at, isDay ? { dateStyle: "short", timeZone: "UTC" } : { dateStyle: "short", timeStyle: "short" });
}
