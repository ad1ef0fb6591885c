import type { MatchContext, Test } from '../match-context.ts';
import { withSign, type MatchResult } from '../match-result.ts';
import type { Extension } from './rule-parts.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
/** As iptables and nft list them: `10/sec`, `400/minute`, `512kb/s`, `10 kbytes/second`. */
const RATE = /^(\d+) ?([kmg]?b)?(?:ytes)?\/([smhdw])/;
/** More than one packet of neighbour discovery has. */
const LARGE = 1000;

/** Whether a rate lets one packet or more pass in a second; undefined for a text that is not understood. */
function isFast(rate: string): boolean | undefined {
  const [, amount, unit, span = ''] = RATE.exec(rate) ?? [];
  const seconds = SECONDS[span];
  if (seconds === undefined) return undefined;
  const least = unit === undefined ? 1 : unit === 'b' ? LARGE : 1;
  return Number(amount) / seconds >= least;
}

/**
 * Whether a packet is within a rate, which is known of packets that come seldom alone.
 *
 * @param why - the answer where it is not known
 */
export const isWithin = (rate: string, { packet }: MatchContext, why: string): MatchResult =>
  packet.isSeldom === true && isFast(rate) === true ? true : why;

/** `-m limit`, and `-m hashlimit`, which may also ask for what is above a rate. Bursts only widen them. */
export function limitTests({ name: match, options }: Extension): readonly Test[] {
  const [rate] = options.filter(({ name }) => RATES.has(name));
  return [
    (facts) => {
      if (rate === undefined) return `match ${match}`;
      const { name, values, negated } = rate;
      const isAbove = name === '--hashlimit-above';
      return withSign(isWithin(values[0] ?? '', facts, `match ${match}`), isAbove !== negated);
    },
  ];
}

const RATES: ReadonlySet<string> = new Set([
  '--limit',
  '--hashlimit',
  '--hashlimit-upto',
  '--hashlimit-above',
]);
