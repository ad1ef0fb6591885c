import { Fault } from '../../fault.ts';
import type { FiredPost } from '../../hooks/fired.ts';
import { isDamage } from '../../reconcile/finding.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { effectWords } from '../../report/check/words.ts';
import { count } from '../../report/text.ts';
import { judgedLook, type Checked } from '../check/check.ts';
import { look, lookAgainUntilStable, type Look } from '../check/look.ts';
import { readSurroundings } from '../reach/read-terrain.ts';
import type { Half, HookPort, HookRequest } from './hook.ts';
import { isBeforeDocker, isFresh, isNothingThere } from './policy.ts';

const NOT_YET =
  'Docker is not running, and has not since the machine started; it writes its rules itself when it starts';

const half = (outcome: FiredPost['outcome'], says: string, exit: 0 | 1 = 0): Half => ({
  fired: { post: { outcome, says } },
  exit,
});

/** After a firewall change: compares, follows packets, and repairs or reports what is damaged. */
export async function hookPost({ target, settings, off }: HookRequest, port: HookPort): Promise<Half> {
  const { host, emit } = port;
  if (settings.post === 'off') return half('off', 'switched off');
  const reading = host.beginReading();
  const surroundings = readSurroundings(host);
  surroundings.catch(() => undefined);
  const reference = await port.openReference();
  let seen: Look;
  try {
    // Without the lock: after most changes all is well, and nothing is going to be written.
    seen = await look(host, reference, { reading, surroundings });
  } catch (error) {
    if (!(error instanceof Fault) || !isNothingThere(error)) throw error;
    return nothing(error.message, port);
  }
  const { engine } = seen.observation;
  const damage = seen.observation.findings.filter(isDamage);
  if (damage.length === 0) return whole(seen, reference, port);
  const fresh = isFresh(await port.readFired(target), reference.stored, host.now());
  if (!fresh && isBeforeDocker(engine, reference.stored, port.booted())) return nothing(NOT_YET, port);
  if (off !== undefined) emit({ kind: 'switched-off', by: off });
  if (off !== undefined || settings.post === 'report')
    return reported(await checkedBy(seen, reference, port), damage.length, off, port);
  return repaired(settings.policies, fresh, port);
}

const checkedBy = (seen: Look, reference: Reference, { host, emit }: HookPort): Promise<Checked> =>
  judgedLook(seen, reference, host, ({ notice }) => {
    emit({ kind: 'notice', notice });
  });

/** No rule of Docker's is lost: whether packets get where they should as well. */
async function whole(first: Look, reference: Reference, port: HookPort): Promise<Half> {
  const { host, emit } = port;
  const seen = first.verdict.exit === 0 ? first : await lookAgainUntilStable(host, reference, first);
  const checked = await checkedBy(seen, reference, port);
  const [worst] = checked.verdict.effects;
  if (worst === undefined) {
    emit({ kind: 'intact' });
    return half('intact', "Docker's rules intact");
  }
  const isUnknown = checked.verdict.exit === 3;
  emit({ kind: isUnknown ? 'unknown' : 'overridden', checked });
  return half(
    'reported',
    `Docker's rules intact, ${isUnknown ? '' : 'others decide before them: '}${effectWords(worst).headline}`,
    1,
  );
}

function nothing(reason: string, { emit }: HookPort): Half {
  emit({ kind: 'nothing', reason });
  return half('nothing', reason);
}

function reported(checked: Checked, findings: number, off: string | undefined, { emit }: HookPort): Half {
  emit({ kind: 'damaged', checked });
  const why = off === undefined ? '' : ` (${off})`;
  return half('reported', `Docker's rules damaged: ${count(findings, 'finding')}, not repaired${why}`, 1);
}

async function repaired(policies: boolean, fresh: boolean, { restore, emit }: HookPort): Promise<Half> {
  const planning = { policies: policies ? 'restore' : 'leave', assumeUnchanged: fresh } as const;
  const { isWhole, repaired: total } = await restore(planning);
  if (!isWhole) {
    emit({ kind: 'left' });
    return half('left', `Docker's rules damaged: ${count(total, 'finding')} repaired, not all`, 1);
  }
  // Another hook may have been faster.
  if (total === 0) return half('intact', "Docker's rules intact");
  return half('repaired', `Docker's rules intact, ${count(total, 'finding')} repaired`);
}
