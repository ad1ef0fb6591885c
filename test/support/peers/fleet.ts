import { fleetOf } from '../../../src/app/peers/read-fleet.ts';
import { recordFacts } from '../../../src/app/peers/record-facts.ts';
import type { FactsJson } from '../../../src/doctor/recorded/facts-json.ts';
import { parseFacts } from '../../../src/host/peers/facts-file.ts';
import { memoryDiagnosisHost } from '../app/memory-diagnosis-host.ts';

const nothing = (): void => undefined;

/** Files of facts of a fleet on one wire: copies of a recorded host, each with an address of its own. */
export async function fleet(size: number, change: (text: string, at: number) => string = (text) => text) {
  const about = { host: 'host', program: '0.1.0' };
  const text = JSON.stringify(await recordFacts(memoryDiagnosisHost(), [], about, nothing));
  return Array.from({ length: size }, (_, at) => {
    const own = text
      .replace('"host":"host"', `"host":"host-${String(at)}"`)
      .replace(/"time":"[^"]*"/, `"time":"${TIME}"`)
      .replaceAll('"192.0.2.1"', `"192.0.2.${String(at + 10)}"`);
    return change(own, at);
  });
}

const TIME = '2026-12-02T00:00:00.000Z';
const NOW = Date.parse(TIME);
/** Who reaches what of them. */
export const judged = (texts: readonly string[]) =>
  fleetOf(
    texts.map((text, at) => {
      const source = `host-${String(at)}.json`;
      return [source, parseFacts(text, source) satisfies FactsJson] as const;
    }),
    NOW,
  );

/** One host of a fleet of three, its document changed. */
export const changed = async (at: number, change: (facts: FactsJson) => object): Promise<readonly string[]> =>
  fleet(3, (text, one) => (one === at ? JSON.stringify(change(JSON.parse(text) as FactsJson)) : text));
