/** The package's version, as both sides of a call know it. It's the one in package.json: `test/node/version.test.ts` compares the two. */
export const VERSION = '0.1.0';
