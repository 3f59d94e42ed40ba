/** What is printed of the herd. */
import type { Figures } from './figures.js';
import { entriesOf, usualCapacity, type Scenario } from './scenario.js';

const COLUMNS = ['', 'peak while down', 'peak after', 'requests', '50 % served', '99 % served', 'last served', 'dead letters'];

/** A number in groups of three digits. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ' ');

const seconds = (value: number | null): string => (value === null ? 'never' : `${value} s`);

/** How many, and which part of all. */
export const share = (count: number, all: number): string => `${grouped(count)} (${((100 * count) / all).toFixed(1)} %)`;

const cells = ({ name, entries, peakDown, peakAfter, requests, halfS, mostS, lastS, dead }: Figures): string[] => [
  name,
  `${grouped(peakDown)}/s`,
  `${grouped(peakAfter)}/s`,
  grouped(requests),
  seconds(halfS),
  seconds(mostS),
  seconds(lastS),
  share(dead, entries),
];

/** Columns aligned: names to the left, numbers to the right. */
export function table(figures: readonly Figures[]): string {
  const rows = [COLUMNS, ...figures.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '))
    .join('\n');
}

export function setting(scenario: Scenario): string {
  const { clients, lanes, downMs, spreadMs, capacity, seed } = scenario;
  return [
    `${grouped(clients)} clients with ${lanes} entries each, ${grouped(entriesOf(scenario))} in all; seed ${seed}`,
    `first sends within ${spreadMs / 1000} s; nobody answers for ${downMs / 1000} s`,
    `then ${grouped(capacity)} requests/s are served of a usual ${grouped(usualCapacity(clients))}, and the rest is answered 503`,
    'times are counted from the return',
  ].join('\n');
}
