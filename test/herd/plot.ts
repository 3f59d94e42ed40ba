/** Requests per second over time, a panel for each strategy, as an SVG for both colour schemes. */
import { figuresOf, most } from './figures.js';
import type { Scenario } from './scenario.js';
import type { Result } from './simulate.js';
import { grouped, share } from './words.js';

const WIDTH = 720;
const LEFT = 62;
const RIGHT = 704;
const HEAD = 74;
const PANEL = 96;
const PITCH = 130;
/** So much of the outage is shown, in seconds: it goes on as it began. */
const BEFORE_S = 120;
/** More than so many steps can't be told apart. */
const STEPS = 320;

/** Both axes of every panel, so that panels can be compared. */
interface Axes {
  /** Seconds from the start. */
  from: number;
  to: number;
  back: number;
  /** Seconds in a step. */
  step: number;
  /** Requests per second at the top. */
  top: number;
  x(second: number): number;
  /** Below a panel's top edge. */
  y(requests: number): number;
}

export function plot(results: readonly Result[], scenario: Scenario): string {
  const axes = axesOf(results, scenario);
  const height = HEAD + PITCH * results.length + 18;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="what">
<title id="what">Requests per second around the return of the backend, by strategy</title>
${STYLE}
<rect class="paper" width="${WIDTH}" height="${height}"/>
${legend(scenario)}
${results.map((result, index) => panel(result, index, axes, scenario)).join('\n')}
<g transform="translate(0 ${HEAD + PITCH * (results.length - 1) + 20})">${minutes(axes)}</g>
</svg>
`;
}

function axesOf(results: readonly Result[], { downMs }: Scenario): Axes {
  const back = Math.ceil(downMs / 1000);
  const from = Math.max(0, back - BEFORE_S);
  const to = Math.ceil((Math.max(...results.map(({ requests }) => requests.length), back + 1) + 1) / 10) * 10;
  const top = niceAbove(most(results.flatMap(({ requests }) => requests.slice(from))));
  return {
    from,
    to,
    back,
    step: Math.ceil((to - from) / STEPS),
    top,
    x: (second) => round(LEFT + ((RIGHT - LEFT) * (second - from)) / (to - from)),
    y: (requests) => round(PANEL * (1 - requests / top)),
  };
}

/** 1, 1.5, 2, 3, 5 or 8 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 1.5, 2, 3, 5, 8, 10].find((factor) => factor * power >= value)! * power;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function legend({ capacity }: Scenario): string {
  return `<text class="name" x="16" y="28">Requests per second, before and after the return</text>
<rect class="requests" x="16" y="43" width="10" height="10" rx="2"/><text x="32" y="52">requests</text>
<rect class="served" x="100" y="43" width="10" height="10" rx="2"/><text x="116" y="52">served, ${grouped(capacity)}/s at most</text>
<rect class="down" x="278" y="43" width="10" height="10" rx="2"/><text x="294" y="52">backend down</text>`;
}

function panel(result: Result, index: number, axes: Axes, scenario: Scenario): string {
  const { peakAfter, dead, entries } = figuresOf(result, scenario);
  const { x, from, back } = axes;
  return `<g transform="translate(0 ${HEAD + PITCH * index})">
<text class="name" x="${LEFT}" y="10">${result.name}</text>
<text class="end" x="${RIGHT}" y="10">peak after the return ${grouped(peakAfter)}/s · dead letters ${share(dead, entries)}</text>
<g transform="translate(0 20)">
<rect class="down" x="${x(from)}" width="${round(x(back) - x(from))}" height="${PANEL}"/>
${levels(axes)}
<path class="requests" d="${area(result.requests, axes)}"/>
<path class="served" d="${area(result.served, axes)}"/>
</g>
</g>`;
}

function levels({ top, y }: Axes): string {
  return [0, top / 2, top]
    .map((level) => `<path class="${level === 0 ? 'base' : 'line'}" d="M${LEFT} ${y(level)}H${RIGHT}"/><text class="end" x="${LEFT - 8}" y="${y(level) + 4}">${short(level)}</text>`)
    .join('\n');
}

const short = (level: number): string => (level >= 10_000 ? `${level / 1000}k` : String(level));

/** The time, counted from the return: once, below the last panel. */
function minutes({ from, to, back, x }: Axes): string {
  const every = Math.ceil((to - from) / 600) * 60;
  const marks: string[] = [];
  for (let second = back - Math.floor((back - from) / every) * every; second <= to; second += every) {
    const minute = (second - back) / 60;
    const words = minute === 0 ? 'back' : `${minute > 0 ? '+' : '−'}${Math.abs(minute)} min`;
    marks.push(`<path class="base" d="M${x(second)} ${PANEL}v4"/><text class="${second === from ? '' : x(second) > RIGHT - 20 ? 'end' : 'mid'}" x="${x(second)}" y="${PANEL + 17}">${words}</text>`);
  }
  return marks.join('\n');
}

/** The outline of an area. A step of several seconds shows the busiest of them, so that no peak is hidden. */
function area(series: readonly number[], { from, to, step, x, y }: Axes): string {
  let path = `M${x(from)} ${PANEL}`;
  let level = PANEL;
  for (let second = from; second < to; second += step) {
    const next = y(most(series.slice(second, second + step)));
    if (next !== level) path += `H${x(second)}V${next}`;
    level = next;
  }
  return `${path}H${x(to)}V${PANEL}Z`;
}

const STYLE = `<style>
text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#59636e}
.name{font-weight:600;font-size:13px;fill:#1f2328}
.end{text-anchor:end;font-variant-numeric:tabular-nums}
.mid{text-anchor:middle}
.paper{fill:#fff}
.down{fill:#e4e8ec}
.requests{fill:#e8935a}
.served{fill:#1d5fd1}
.line,.base{fill:none;stroke:#d1d9e0}
.base{stroke:#818b98}
@media (prefers-color-scheme:dark){
text{fill:#9198a1}
.name{fill:#f0f6fc}
.paper{fill:#0d1117}
.down{fill:#212933}
.requests{fill:#c8703a}
.served{fill:#6cb0ff}
.line{stroke:#2a313a}
.base{stroke:#656c76}
}
</style>`;
