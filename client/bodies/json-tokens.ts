/** One token of JSON, be it whole or cut off: a string, a number or a word, a mark. */
export const JSON_TOKEN = /"(?:[^"\\]|\\.)*(?:"|\\?$)|[^\s"{}[\],:]+|[{}[\],:]/gs;

/**
 * Whether JSON says the same when its value is written anew: a number may have more digits than JavaScript
 * keeps, a name may stand twice, and whole numbers as names change their order.
 */
export function survives(text: string, value: unknown): boolean {
  const [before, after] = [text, JSON.stringify(value)].map((json) => (json.match(JSON_TOKEN) ?? []).map(meaning));
  return before!.length === after!.length && before!.every((token, at) => token === after![at]);
}

function meaning(token: string): string {
  if (token.startsWith('"')) return JSON.stringify(JSON.parse(token));
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(token) ?? [];
  if (whole === undefined) return token;
  const digits = (whole + fraction).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  // 0.123 × 10 to the power of …
  const power = Number(exponent) - fraction.length + digits.length;
  return kept === '' ? `${sign}0` : `${sign}${kept}e${power}`;
}
