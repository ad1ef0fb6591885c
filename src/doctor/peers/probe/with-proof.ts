import type { Check } from '../../diagnosis.ts';
import type { PeerCause, PeersDiagnosis } from '../peer.ts';

/**
 * A diagnosis with what a real packet proved. A packet that got lost outweighs rules that let it through; one that was answered does not outweigh
 * a cause, for it is small and one: that they differ is said.
 */
export function withPeerProof(diagnosis: PeersDiagnosis, proof: PeerCause): PeersDiagnosis {
  const { verdict, causes, between } = diagnosis;
  const { check } = proof;
  const beside = (one: Check, changes: Partial<PeersDiagnosis> = {}): PeersDiagnosis => ({
    ...diagnosis,
    ...changes,
    between: [...between, one],
  });
  if (check.verdict === 'warn') return beside(check);
  if (check.verdict === 'ok') {
    if (verdict === 'fail')
      return beside({
        ...{ ...check, verdict: 'warn', code: 'proof-differs' },
        meaning: `the causes above were followed by rules and routes all the same: what is larger, or later, may fare worse than this packet${check.meaning === '' ? '' : `; ${check.meaning}`}`,
      });
    // What nobody could see of the wire, the packet has shown.
    return verdict === 'unknown' && causes.every(({ place }) => place === 'between') && causes.length > 0
      ? beside(check, { verdict: 'ok', causes: [] })
      : beside(check);
  }
  const isTold = causes.some(
    ({ place, check: one }) => one.verdict === 'fail' && place === proof.place && verdict === 'fail',
  );
  // Where a cause was found in the same place they agree; what proves nothing adds to no fault.
  if (isTold || (verdict === 'fail' && check.verdict === 'unknown'))
    return beside({ ...check, verdict: 'warn' });
  const others = check.verdict === 'fail' && verdict === 'unknown' ? [] : causes;
  return {
    ...diagnosis,
    verdict: verdict === 'fail' ? 'fail' : check.verdict === 'fail' ? 'fail' : 'unknown',
    causes: check.verdict === 'fail' ? [proof, ...others] : [...others, proof],
  };
}
