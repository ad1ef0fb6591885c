import type { PeerDiagnosis, PeersDiagnosis } from '../../doctor/peers/peer.ts';
import { checkJson, doctorJson, printableTexts } from '../doctor/json.ts';

/** The document of `doctor --peer --json`; schemas/doctor-peers.schema.json describes it. */
export function peersJson(diagnosis: PeersDiagnosis): unknown {
  const { asker, target, verdict, causes, legs, asking, asked, between } = diagnosis;
  return printableTexts({
    $schema: 'https://rulesguard.dev/schemas/doctor-peers.schema.json',
    version: 1,
    ...{ asker, target, verdict },
    causes: causes.map(({ place, host, check }) => ({ place, host, check: checkJson(check) })),
    legs: legs.map(({ place, part, verdict: one, what }) => ({ place, part, verdict: one, what })),
    between: between.map(checkJson),
    asking: hostJson(asking),
    asked: hostJson(asked),
  });
}

const hostJson = ({ about: { host, time, program }, diagnosis }: PeerDiagnosis): unknown => ({
  ...{ host, time, program },
  diagnosis: doctorJson(diagnosis),
});
