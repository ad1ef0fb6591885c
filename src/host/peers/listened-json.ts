import type { ListenedJson } from '../../doctor/peers/probe/listened.ts';
import { validate } from '../../generated/doctor-listen.js';
import { excessOf } from '../files/json-excess.ts';

/** Characters of one document: two hundred packets have a tenth of it. */
export const MOST_OF_LISTENED = 256 * 1024;

/** Reads what `doctor --listen` printed on another host, whoever wrote it; undefined for what does not fit the schema. */
export function parseListened(text: string): ListenedJson | undefined {
  if (text.length > MOST_OF_LISTENED || excessOf(text, true) !== undefined) return undefined;
  try {
    const document: unknown = JSON.parse(text);
    return validate(document) ? (document as ListenedJson) : undefined;
  } catch {
    return undefined;
  }
}
