import type { NamedPath } from '../diagnosis.ts';
import { hasCounted, type ProbeResult } from './result.ts';

/** How far a probe came. `arrived`: it left this host's last interface, or the receiver's; nobody answered. */
export type ProbeReach = 'answered' | 'refused' | 'arrived' | 'stopped';

/** Whether the packet itself was seen on its way out to the receiver; undefined where nothing could have seen it. */
function doorOf({ captured, doors }: ProbeResult): 'passed' | 'not reached' | undefined {
  if (captured === undefined || doors.length === 0 || captured.some(({ link }) => link === ''))
    return undefined;
  const passed = captured.some(({ link, out, reply }) => out && !reply && doors.includes(link));
  return passed ? 'passed' : 'not reached';
}

/**
 * What became of the translation of this packet. A counter counts others' packets too: where tcpdump watched, the packet
 * itself decides, because behind docker-proxy it is another one.
 */
export function translationOf(seen: ProbeResult): ProbeResult['translation'] {
  const { translation } = seen;
  if (translation !== 'counted' && translation !== 'unknown') return translation;
  const door = doorOf(seen);
  if (door === undefined || (door === 'not reached' && seen.answer !== 'answered')) return translation;
  return door === 'passed' ? 'counted' : 'still';
}

/** How far a packet came on a path, by all that was observed of it. */
export function reachOf({ kind, path }: NamedPath, seen: ProbeResult): ProbeReach {
  const { answer, translation, ruleCounts = [] } = seen;
  if (answer === 'answered') return 'answered';
  const door = doorOf(seen);
  if (door === 'passed') return answer === 'refused' ? 'refused' : 'arrived';
  if (door === 'not reached' || answer === 'unreachable') return 'stopped';
  if (answer === 'refused') {
    // Without tcpdump a refusal is the receiver's, unless it can be somebody else's.
    const byRule = ruleCounts.some((one) => one.ends && one.text.includes('REJECT') && hasCounted(one));
    return byRule || translation === 'still' || translation === 'missing' ? 'stopped' : 'refused';
  }
  const masqueraded = ruleCounts.some(
    (one) => one.table === 'nat' && /MASQUERADE|SNAT/.test(one.text) && hasCounted(one),
  );
  return kind === 'outbound' && path.end.at === 'sent' && masqueraded ? 'arrived' : 'stopped';
}

/** The address a packet bore when it was last seen going out. */
export const leftAs = ({ captured = [], doors }: ProbeResult): string =>
  captured.filter(({ link, out, reply }) => out && !reply && doors.includes(link)).at(-1)?.source ?? '';

/** Where a packet that did not get through was seen last, in brackets; '' where nothing watched. */
export function lastSeen({ captured }: ProbeResult): string {
  if (captured === undefined) return '';
  const last = captured.filter(({ reply }) => !reply).at(-1);
  if (last === undefined) return ' (seen on no interface)';
  return ` (last seen at ${last.link === '' ? 'some interface' : last.link}, ${last.out ? 'going out' : 'coming in'})`;
}
