/** The figures that matter to an app, as an SVG for both colour schemes: a panel for each, a bar for each variant. */
import type { Ledger, Place } from './ledger.js';
import { number } from './words.js';
import { TITLES, type VariantName } from './variants.js';

const WIDTH = 720;
const LEFT = 236;
const RIGHT = 610;
const HEAD = 52;
const ROW = 22;
const TITLE = 26;
const GAP = 18;

interface Row extends Place {
  label: string;
}

interface Panel {
  title: string;
  rows: Row[];
}

const rowsOf = (measure: string, variants: readonly VariantName[]): Row[] =>
  variants.map((variant) => ({ measure, variant, label: TITLES[variant] }));

const REPLAYED: Row[] = [
  { measure: 'replay-6-lanes-50ms', variant: 'holdfast', label: 'Holdfast, six lanes' },
  { measure: 'replay-1-lane-50ms', variant: 'holdfast', label: 'Holdfast, one lane' },
  ...rowsOf('replay-1-lane-50ms', ['workbox', 'serwist']),
];

const PANELS: readonly Panel[] = [
  { title: 'A POST that is delivered, in ms', rows: rowsOf('pass', ['none', 'bare', 'holdfast', 'ahead', 'workbox', 'serwist']) },
  { title: 'A POST that fails and is stored, in ms', rows: rowsOf('capture-500', ['bare', 'holdfast', 'ahead', 'workbox', 'serwist']) },
  { title: '160 of them at once, in ms', rows: rowsOf('burst-160', ['bare', 'holdfast', 'ahead', 'workbox', 'serwist']) },
  { title: 'Delivery of what waits, entries per second; more is better', rows: rowsOf('replay-1-lane-0ms', ['bare', 'holdfast', 'workbox', 'serwist']) },
  { title: 'The same with 50 ms of server latency; more is better', rows: REPLAYED },
  { title: 'From a stopped worker to its first replayed request, in ms', rows: rowsOf('cold-start-sync', ['holdfast', 'workbox', 'serwist']) },
];

/** Panels without figures are left out. */
export function chart(ledger: Ledger): string {
  const panels = PANELS.map(({ title, rows }) => ({ title, rows: rows.filter((row) => ledger.find(row)) })).filter(({ rows }) => rows.length > 0);
  let top = HEAD;
  const drawn = panels.map((panel) => {
    const at = top;
    top += TITLE + panel.rows.length * ROW + GAP;
    return `<g transform="translate(0 ${at})">\n${draw(panel, ledger)}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-labelledby="what">
<title id="what">Holdfast beside its peers, measured in one Chromium</title>
${STYLE}
<rect class="paper" width="${WIDTH}" height="${top}"/>
<text class="name" x="16" y="28">Medians, in one run of one Chromium; the thin lines hold 95 % of what resampling gives</text>
${drawn.join('\n')}
</svg>
`;
}

function draw({ title, rows }: Panel, ledger: Ledger): string {
  const figures = rows.map((row) => ({ row, ...ledger.value(row)! }));
  const most = Math.max(...figures.map(({ high }) => high));
  const x = (value: number) => Math.round((LEFT + ((RIGHT - LEFT) * value) / most) * 10) / 10;
  const bars = figures.map(({ row, value, low, high }, index) => {
    const y = TITLE + index * ROW;
    const kind = row.variant === 'holdfast' || row.variant === 'ahead' ? 'ours' : 'other';
    return `<text class="end" x="${LEFT - 10}" y="${y + 12}">${row.label}</text>
<rect class="${kind}" x="${LEFT}" y="${y + 1}" width="${Math.max(1, Math.round((x(value) - LEFT) * 10) / 10)}" height="14" rx="2"/>
<path class="spread" d="M${x(low)} ${y + 8}H${x(high)}M${x(low)} ${y + 5}v6M${x(high)} ${y + 5}v6"/>
<text class="value" x="${x(high) + 8}" y="${y + 12}">${number(value)}</text>`;
  });
  return `<text class="name" x="16" y="12">${title}</text>\n<path class="base" d="M${LEFT} ${TITLE - 3}v${rows.length * ROW}"/>\n${bars.join('\n')}`;
}

const STYLE = `<style>
text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#59636e}
.name{font-weight:600;font-size:13px;fill:#1f2328}
.value{fill:#1f2328;font-variant-numeric:tabular-nums}
.end{text-anchor:end}
.paper{fill:#fff}
.ours{fill:#1d5fd1}
.other{fill:#b4bdc7}
.spread{fill:none;stroke:#1f2328}
.base{fill:none;stroke:#818b98}
@media (prefers-color-scheme:dark){
text{fill:#9198a1}
.name,.value{fill:#f0f6fc}
.paper{fill:#0d1117}
.ours{fill:#6cb0ff}
.other{fill:#4b5561}
.spread{stroke:#f0f6fc}
.base{stroke:#656c76}
}
</style>`;
