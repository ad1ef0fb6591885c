import { Fault } from '../../fault.ts';
import type { Observer } from '../ports.ts';

/**
 * A host that is read no further once a signal says so: whatever is under way on it that only reads ends soon then, with a fault.
 *
 * Its readings throw RG_UNSETTLED then.
 */
export function readsUntil<H extends Observer>(host: H, signal: AbortSignal): H {
  const unless =
    <Given extends readonly unknown[], Value>(read: (...given: Given) => Value) =>
    (...given: Given): Value => {
      if (signal.aborted) throw new Fault('RG_UNSETTLED', 3, 'rules changed meanwhile');
      return read(...given);
    };
  return {
    ...host,
    sleep: unless(host.sleep),
    beginReading: unless(host.beginReading),
    readVariant: unless(host.readVariant),
    askEngine: unless(host.askEngine),
    awaitContainers: unless(host.awaitContainers),
  };
}
