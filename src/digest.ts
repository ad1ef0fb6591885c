import { createHash } from 'node:crypto';

/** sha256 of a text, as `sha256:…`. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
