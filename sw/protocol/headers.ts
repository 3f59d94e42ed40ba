/** Request headers that the worker eats: they never reach the network. Lower-cased, as `Headers` gives them. */
export const DIRECTIVES = {
  mode: 'holdfast-mode',
  id: 'holdfast-id',
  lane: 'holdfast-lane',
  auth: 'holdfast-auth',
  replace: 'holdfast-replace',
  provides: 'holdfast-provides',
} as const;

/** The response header on answers of the worker's own making: the entry's task id. */
export const ENTRY_HEADER = 'Holdfast-Entry';

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
export const IDEMPOTENCY_HEADER = 'idempotency-key';
