/** `bridge.ts` with what it imports, as one script's text; `vite.config.ts` makes it. */
declare module 'virtual:holdfast-bridge' {
  const script: string;
  export default script;
}
