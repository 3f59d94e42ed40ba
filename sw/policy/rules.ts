import { ConfigError } from './errors.js';

/** The rule of an option: its check, and the rule in words for the error. */
export type Rule = readonly [holds: (value: never) => boolean, rule: string];

export type Rules = Readonly<Record<string, Rule>>;

export const text: Rule = [(value: unknown) => typeof value === 'string', 'it must be a string'];
export const bool: Rule = [(value: unknown) => typeof value === 'boolean', 'it must be true or false'];
export const milliseconds: Rule = [isNotNegative, 'it must be a number of milliseconds, 0 or more'];

export const aFunction = (of: string): Rule => [isFunction, `it must be a function of ${of}`];

export const positive = (of: string): Rule => [
  (value: unknown) => typeof value === 'number' && value > 0,
  `it must be a number of ${of} over 0`,
];

export const wholeNumber = (least: number, most = Infinity): Rule => [
  (value: number) => Number.isInteger(value) && value >= least && value <= most,
  `it must be a whole number, ${most === Infinity ? `${least} or more` : `from ${least} to ${most}`}`,
];

export const oneOf = (...values: string[]): Rule => [
  (value: string) => values.includes(value),
  `it must be ${values.map((value) => `'${value}'`).join(' or ')}`,
];

export const either = (...rules: [Rule, ...Rule[]]): Rule => [
  (value: never) => rules.some(([holds]) => holds(value)),
  rules.map(([, rule]) => rule).join(', or '),
];

export const listOf = (what: string, holds: (value: unknown) => boolean): Rule => [
  (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(holds),
  `it must list one ${what} or more`,
];

export const record = (what: string): Rule => [isRecord, `it must be an object with ${what}`];

/** A page under Trusted Types has URLs of scripts as objects of their own. */
export const isUrl = (value: unknown): boolean =>
  /^\[object (String|URL|TrustedScriptURL)]$/.test(Object.prototype.toString.call(value)) && String(value).trim() !== '';

export function isFunction(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === 'function';
}

export function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isNotNegative(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** @throws ConfigError when the value isn't undefined and breaks the rule */
export function check(option: string, value: unknown, [holds, rule]: Rule): void {
  if (value !== undefined && !holds(value as never)) throw new ConfigError(option, value, rule);
}

/**
 * Checks an object of options: each by its rule; an option without a rule is an error.
 *
 * @param prefix stands before an option's name: `backends[0].`
 */
export function checkOptions(options: object, rules: Rules, prefix = ''): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = rules[name];
    if (rule) check(prefix + name, value, rule);
    else throw new ConfigError(prefix + name, value, `it isn't known; known are: ${Object.keys(rules).join(', ')}`);
  }
}

/** The options without undefined values, which would overwrite defaults. */
export const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
