import type { Stopped } from '../../trace/path.ts';
import type { StopPlace } from '../whose.ts';

/** An end that one of nftables' own tables makes. */
export type NativeStop = Stopped & Required<Pick<Stopped, 'native'>>;

/** What of nftables' own tables stops a path. */
export interface NativeStopPlace extends StopPlace {
  readonly end: NativeStop;
}

/** `inet filter`, split. */
export const wordsOf = (table: string): readonly [string, string] => {
  const [family = '', ...name] = table.split(' ');
  return [family, name.join(' ')];
};
