import type { PeerLeg } from '../../../doctor/peers/peer.ts';

/** What travels on each part of the way. */
export const LEG_WORDS: Readonly<Record<PeerLeg['part'], string>> = {
  out: 'The question, out',
  there: 'The question, on the wire',
  in: 'The question, in',
  answer: 'The answer, out',
  back: 'The answer, on the wire',
  home: 'The answer, home',
};
