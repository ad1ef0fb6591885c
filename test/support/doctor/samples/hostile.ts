import type { Diagnosis } from '../../../../src/doctor/diagnosis.ts';
import { makeRule } from '../../../../src/firewall/iptables/text/model.ts';
import { dropped, named, packet } from './paths.ts';
import { BROKEN } from './sample.ts';

/** What somebody may have put into names and comments to harm whoever reads of them. */
const HARM = `"'><script>harm=1</script><img src=https://evil.example/x onerror=harm=1>&lt;\u001b]0;x\u0007\u00e2\u0080\u00ae`;
const LONG = 'x'.repeat(900);
const ADDRESS6 = '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff';

/** Every text of a diagnosis, lengthened by markup and control bytes, or by a word that no line holds. */
function spoiled<T>(value: T): T {
  if (typeof value === 'string') return value === 'all' ? value : (`${value} ${HARM} ${LONG}` as T);
  if (Array.isArray(value)) return value.map(spoiled) as T;
  if (typeof value !== 'object' || value === null) return value;
  const kept = new Set([
    'verdict',
    'section',
    'kind',
    'hook',
    'at',
    'family',
    'variant',
    'state',
    'why',
    'proto',
  ]);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, kept.has(key) ? (inner as unknown) : spoiled(inner)]),
  ) as T;
}

/** A diagnosis with harm in every text of it. */
export function hostile(): Diagnosis {
  const rule = makeRule(`-A FORWARD -m comment --comment "${HARM} ${LONG}" -j DROP`, '1:60');
  const long = packet({ family: 'ipv6', source: ADDRESS6, destination: ADDRESS6 });
  const end = {
    at: 'stopped',
    hook: 'FORWARD',
    variant: 'nft',
    table: 'filter',
    chain: 'FORWARD',
    rule,
    target: 'DROP',
  } as const;
  const path = { ...dropped, packet: long, last: long, end };
  const spoilt = spoiled(BROKEN);
  return { ...spoilt, paths: [...spoilt.paths, named({ name: LONG, verdict: 'fail', path })] };
}
