/** What happens to the clients, the same under every strategy. */
export interface Scenario {
  clients: number;
  /** Each client owes one entry in each of so many lanes. */
  lanes: number;
  /** The backend is down for so long, in milliseconds from the start. */
  downMs: number;
  /** The first sends fall evenly into so many milliseconds from the start. */
  spreadMs: number;
  /** From a request to its answer, or to the news that there's none, in milliseconds. */
  roundTripMs: number;
  /** What the server serves in a second once it's back. What exceeds it is answered 503. */
  capacity: number;
  seed: number;
}

export const LANES = 5;
export const ROUND_TRIP_MS = 100;

/** Each client saves once in so many seconds, a write in each lane: that load is the usual capacity. */
const SAVES_EVERY_S = 10;

export const usualCapacity = (clients: number): number => (clients * LANES) / SAVES_EVERY_S;

/** What the backend comes back with, in requests per second. */
export const tenthOfCapacity = (clients: number): number => Math.max(1, Math.round(usualCapacity(clients) / 10));

export const entriesOf = ({ clients, lanes }: Pick<Scenario, 'clients' | 'lanes'>): number => clients * lanes;
