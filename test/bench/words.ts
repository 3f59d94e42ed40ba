/** What a run has found, in lines. */
import { judgeAll, type Bar, type Judgement } from './bars.js';
import type { Ledger, Series, Unit } from './ledger.js';
import { differs, quantile, type Estimate } from './statistics.js';
import { TITLES, VARIANTS, type VariantName } from './variants.js';

/** Against whom a measurement is told, where that's somebody else than the bare worker. */
const AGAINST_WORKBOX = /^(cold-start|bodies-replay|disk)-/;

export const baselineOf = (measure: string): VariantName => (AGAINST_WORKBOX.test(measure) ? 'workbox' : 'bare');

export function number(value: number): string {
  const size = Math.abs(value);
  return value.toLocaleString('en', { maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : 2 }).replaceAll(',', ' ');
}

export const withUnit = (value: number, unit: Unit): string => {
  if (unit !== 'bytes') return `${number(value)} ${unit}`;
  return Math.abs(value) >= 100_000 ? `${number(value / 1e6)} MB` : `${number(value / 1e3)} kB`;
};

const factor = (value: number): string => value.toFixed(2);
const spread = ({ low, high }: Estimate): string => `${factor(low)}–${factor(high)}`;

/** A table for each measurement: the variants with their median, 95th percentile, and the ratio to the baseline. */
export function tables(ledger: Ledger): string {
  const measures = [...new Set(ledger.all().map(({ measure }) => measure))];
  return measures.map((measure) => table(measure, ledger.all().filter((series) => series.measure === measure), ledger)).join('\n\n');
}

function table(measure: string, all: readonly Series[], ledger: Ledger): string {
  const order = VARIANTS.flatMap((name) => all.find(({ variant }) => variant === name) ?? []);
  const rows = order.map((series) => {
    const { variant, unit, rounds } = series;
    const values = rounds.flat();
    const p95 = values.length >= 20 ? `p95 ${withUnit(quantile(values, 0.95), unit)}` : '';
    return [TITLES[variant as VariantName], withUnit(ledger.value(series)!.value, unit), p95, against(series, ledger)];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(([title, ...cells]) => `  ${[title!.padEnd(widths[0]!), cells[0]!.padStart(widths[1]!), cells[1]!.padEnd(widths[2]!), cells[2]].join('  ').trimEnd()}`);
  return [`${measure}, ${all[0]!.rounds.length} ${all[0]!.rounds.length === 1 ? 'round' : 'rounds'}`, ...lines].join('\n');
}

function against({ measure, variant, unit }: Series, ledger: Ledger): string {
  if (unit === 'requests' || unit === 'transactions') return '';
  const baseline = baselineOf(measure);
  if (variant === baseline) return '1';
  const estimate = ledger.compare({ measure, variant }, { measure, variant: baseline });
  if (!estimate || !Number.isFinite(estimate.value)) return '';
  if (!differs(estimate)) return `no difference to ${TITLES[baseline]} that can be told from noise (${spread(estimate)})`;
  return `${factor(estimate.value)} × ${TITLES[baseline]} (${spread(estimate)})`;
}

/** The bars, the missed ones first. */
export function barLines(bars: readonly Bar[], ledger: Ledger): string {
  const judgements = judgeAll(bars, ledger);
  const left = bars.filter((bar) => !judgements.some((judgement) => judgement.bar === bar));
  const lines = [...judgements.map(barLine), ...left.map(({ what }) => `not measured    ${what}`)];
  return lines.join('\n');
}

function barLine({ bar, estimate, met, close, missedBy }: Judgement): string {
  const { what, limit } = bar;
  const words = 'atMost' in limit ? `at most ${number(limit.atMost)}` : `at least ${number(limit.atLeast)}`;
  const verdict = met ? 'met' : `MISSED${shortfall(missedBy, limit)}`;
  const doubt = close ? '; the limit is within the noise' : '';
  return `${verdict.padEnd(15)} ${what}: ${number(estimate.value)} (${number(estimate.low)}–${number(estimate.high)}), meant to be ${words}${doubt}`;
}

function shortfall(missedBy: number, limit: Bar['limit']): string {
  if ('atMost' in limit && limit.atMost === 0) return '';
  return missedBy > 2 ? `, ${number(missedBy + 1)} ×` : ` by ${Math.round(missedBy * 100)} %`;
}
