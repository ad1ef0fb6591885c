import { firewallBackendOf } from '../../docker/firewall-backend.ts';
import { countDockers } from '../../firewall/iptables/desired/desired.ts';
import { isBroken } from '../../reconcile/finding.ts';
import { noticesOf } from '../../reconcile/notices.ts';
import type { Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { CheckHead } from '../../report/check-text.ts';
import type { Listener, NoticeEvent, StepEvent } from '../events.ts';
import { observeUntilStable } from '../observe/observe.ts';
import { openReference, type ReferenceArgs } from '../observe/open-reference.ts';
import type { Baselines, Clock, Observer } from '../ports.ts';

/** What a check found. */
export interface Checked {
  readonly reference: Reference;
  readonly observation: Observation;
  readonly head: CheckHead;
  /** 1 when rules are lost or a container lost its networks. */
  readonly exit: 0 | 1;
}

/**
 * Says what of Docker's rules is lost. Changes nothing, and takes no lock.
 *
 * @throws Fault of the Engine when there is nothing but the Engine to go by, or of what could not be read
 */
export async function check(
  observer: Observer,
  baselines: Pick<Baselines, 'open'>,
  args: ReferenceArgs,
  on: Listener<StepEvent | NoticeEvent>,
): Promise<Checked> {
  const reading = observer.beginReading();
  const reference = await openReference(args, baselines);
  on({ kind: 'step', step: 'reading' });
  const observation = await observeUntilStable(observer, reference, { reading });
  for (const notice of noticesOf(reference, observation)) on({ kind: 'notice', notice });
  return {
    reference,
    observation,
    head: headOf(reference, observation, observer),
    exit: observation.findings.some(isBroken) ? 1 : 0,
  };
}

/** What the first line of a verdict is made of. */
export function headOf(
  { stored }: Reference,
  { live, engine, sides }: Observation,
  { now }: Pick<Clock, 'now'>,
): CheckHead {
  return {
    baseline: stored && {
      id: stored.id,
      ageSeconds: (now() - Date.parse(stored.baseline.created)) / 1000,
    },
    engine: engine.answered ? engine.inventory.version : undefined,
    firewallBackend: engine.answered ? firewallBackendOf(engine.inventory) : undefined,
    variant: live.variant,
    rules: countDockers(sides.desired),
  };
}
