/**
 * A recorded text with one thing changed. Fails where there is nothing to change: a recording made again must not turn a test
 * into one of the unchanged text.
 */
export function edited(
  text: string,
  from: string | RegExp,
  to: string | ((found: string) => string),
): string {
  const result = typeof to === 'string' ? text.replace(from, to) : text.replace(from, (found) => to(found));
  if (result === text) throw new Error(`nothing was replaced: ${String(from)}`);
  return result;
}
