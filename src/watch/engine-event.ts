import { isRecord, recordOf, textOf } from '../docker/inventory/inventory.ts';
import type { Seen } from './seen.ts';

/** Actions that change what the Engine requires. `health_status` and `exec_start` come by the thousand and change nothing. */
const ENGINE_ACTIONS: readonly string[] = [
  ...['create', 'start', 'die', 'destroy', 'connect', 'disconnect', 'remove', 'update', 'rename', 'reload'],
];
const ENGINE_TYPES: readonly string[] = ['container', 'network', 'daemon'];

/** Path and query of the Engine's stream of such events. */
export const EVENTS_PATH = `/events?filters=${encodeURIComponent(
  JSON.stringify({ type: ENGINE_TYPES, event: ENGINE_ACTIONS }),
)}`;

/**
 * A line of that stream.
 *
 * @returns undefined for one that is none of the events asked for
 */
export function engineEventFrom(line: string): Extract<Seen, { kind: 'engine' }> | undefined {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(event)) return undefined;
  const [type, action] = [textOf(event['Type']), textOf(event['Action'])];
  const id = textOf(recordOf(event['Actor'])['ID']);
  return ENGINE_TYPES.includes(type) && ENGINE_ACTIONS.includes(action) && /^[\w.:-]{1,128}$/.test(id)
    ? { kind: 'engine', type, action, id }
    : undefined;
}
