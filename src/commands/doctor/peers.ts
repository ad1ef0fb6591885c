import { diagnosePeers } from '../../app/peers/diagnose-peers.ts';
import { realPeersReader } from '../../app/peers/real-peers-reader.ts';
import { makeMask } from '../../report/mask/mask.ts';
import { namesToMask } from '../../report/peers/names.ts';
import { peersJson } from '../../report/peers/json.ts';
import { peersText } from '../../report/peers/text.ts';
import type { PeersDiagnosis } from '../../doctor/peers/peer.ts';
import { writeReport } from '../../host/doctor/bundle.ts';
import type { PageAbout } from '../../report/page/frame.ts';
import type { Context, Exit } from '../context.ts';
import { pageAbout } from './about.ts';
import { reporting } from '../shared/report-events.ts';

/** What is asked of two hosts, as typed. */
export interface PeersArgs {
  readonly target: string | undefined;
  readonly to: string | undefined;
  readonly peer: string;
  readonly here: string | undefined;
  readonly probe: boolean | undefined;
  readonly verbose: boolean | undefined;
  readonly json: boolean | undefined;
  readonly html: string | undefined;
  readonly mask: boolean | undefined;
}

/** `rulesguard doctor WHO --to ADDRESS --peer HOST`: follows a packet through both hosts. Exit 0 no fault, 1 a cause, 3 cannot tell. */
export async function runPeers(args: PeersArgs, context: Context): Promise<Exit> {
  const {
    target: asker = '',
    to = '',
    peer,
    here,
    verbose = false,
    json = false,
    mask = false,
    html,
    probe = false,
  } = args;
  const { diagnosis, exit } = await reporting(context, (on) =>
    diagnosePeers(realPeersReader(context.stateDir), { asker, to, peer, here, probe }, on),
  );
  const plain = { diagnosis, about: pageAbout() };
  const { diagnosis: shown, about } = mask ? masked(plain) : plain;
  if (html !== undefined) {
    const { peersPage } = await import('../../report/page/peers/page.ts');
    await writeReport(html, peersPage(shown, about), 'page');
    context.log.warn(`page written to ${html}`);
  }
  context.print(
    json
      ? `${JSON.stringify(peersJson(shown), undefined, 2)}\n`
      : peersText(shown, context.paint, { verbose }),
  );
  return exit;
}

/** What is shown of both hosts, and where. */
interface ShownPeers {
  readonly diagnosis: PeersDiagnosis;
  readonly about: PageAbout;
}

/** Addresses and names of both hosts, and of this one, replaced, in all alike. */
function masked(plain: ShownPeers): ShownPeers {
  const { diagnosis, about } = plain;
  const names = namesToMask([
    ...[diagnosis.asking, diagnosis.asked].map((one) => one.about.host),
    about.host,
  ]);
  return makeMask([plain], names).value(plain);
}
