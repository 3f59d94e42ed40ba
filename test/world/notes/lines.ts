/**
 * How many lines of a script are code: those that aren't empty, and more than a comment. A comment begins at its line's start here, as all
 * of the data layers' comments do.
 */
export function linesOfCode(script: string): number {
  let isInComment = false;
  return script.split('\n').filter((line) => {
    const text = line.trim();
    if (!isInComment && text.startsWith('/*')) isInComment = true;
    if (!isInComment) return text !== '' && !text.startsWith('//');
    if (!text.includes('*/')) return false;
    isInComment = false;
    return text.slice(text.indexOf('*/') + 2).trim() !== '';
  }).length;
}
