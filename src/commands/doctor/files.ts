import { cellsIn } from '../../doctor/cells.ts';
import type { Diagnosis } from '../../doctor/diagnosis.ts';
import type { Facts } from '../../doctor/facts/facts.ts';
import { bundleFiles } from '../../report/doctor/bundle.ts';
import { makeMask } from '../../report/mask/mask.ts';
import { reachSummary } from '../../report/page/reach.ts';
import { doctorPage } from '../../report/page/page.ts';
import { writeBundle, writeReport } from '../../host/doctor/bundle.ts';
import type { NotedHost } from '../../app/peers/record-facts.ts';
import type { Context } from '../context.ts';
import { pageAbout } from './about.ts';

/** What is written beside the report on the terminal. */
export interface FileArgs {
  readonly html: string | undefined;
  readonly bundle: string | undefined;
  readonly mask: boolean | undefined;
}

/** What is reported. */
interface Reported {
  readonly diagnosis: Diagnosis;
  readonly facts: Facts;
  /** Gives the facts for doctor on another host; undefined where the bundle is to hold none. */
  readonly noted: NotedHost | undefined;
}

/**
 * Writes the page and the bundle that were requested, each readable by its owner alone.
 *
 * @throws Fault RG_UNSAFE_FILE
 */
export async function writeReports(
  { html, bundle, mask = false }: FileArgs,
  { diagnosis, facts, noted }: Reported,
  { log }: Context,
): Promise<void> {
  const now = new Date();
  const about = pageAbout(now);
  if (html !== undefined) {
    const table = cellsIn(facts);
    const plain = { diagnosis, about, reach: table && reachSummary(table, facts.accepted) };
    const shown = mask ? makeMask([plain], [about.host, about.host.split('.')[0] ?? '']).value(plain) : plain;
    await writeReport(html, doctorPage(shown.diagnosis, shown.about, shown.reach), 'page');
    log.warn(`page written to ${html}`);
  }
  if (bundle !== undefined) {
    const recorded = await noted?.facts(
      { host: about.host, program: about.version },
      { stuckClients: facts.stuckClients },
    );
    const files = bundleFiles({ facts, diagnosis, about, recorded }, mask);
    await writeBundle(bundle, files, Math.floor(now.getTime() / 1000));
    log.warn(`bundle written to ${bundle}`);
  }
}
