import { observe } from '../../../src/app/observe/observe.ts';
import { fastPath, type FastPath, type FastPathParts } from '../../../src/app/watch/fast/fast-path.ts';
import { residentEngine } from '../../../src/app/watch/resident-engine.ts';
import { residentRules } from '../../../src/app/watch/resident-rules.ts';
import type { Reference } from '../../../src/reconcile/reference.ts';
import { beyond } from '../app/edit-rules.ts';
import { withTables, type MemoryTables } from '../app/held-tables.ts';
import { memoryHost, type Circumstances, type MemoryHost } from '../app/memory-host.ts';
import { BY_ENGINE, ENGINE, WHOLE } from '../app/repaired.ts';
import { until } from '../until.ts';

const REFERENCE: Reference = BY_ENGINE;

/** A host in memory that was found whole, and the fast path that has made itself ready for it. */
export async function readyHost(
  parts: Partial<FastPathParts> = {},
  circumstances: Circumstances = {},
  tables: MemoryTables = new Map(),
  onArmed: () => void = () => undefined,
): Promise<{ readonly host: MemoryHost; readonly fast: FastPath; readonly forget: () => void }> {
  const host = withTables(memoryHost(WHOLE, ENGINE, circumstances), tables);
  const reference = { ...REFERENCE, declared: circumstances.declared ?? {} };
  const rules = residentRules(host, host.now);
  const engine = residentEngine(host.askEngine, host.now);
  let armed = 0;
  const fast = fastPath(host, {
    ...{ rules, engine, now: host.now },
    accepted: { now: () => Date.now(), readAccepted: () => Promise.resolve([]) },
    held: () => Promise.resolve(undefined),
    arm: () => {
      armed++;
      onArmed();
    },
    ahead: (work) => work(),
    ...parts,
  });
  fast.well(await observe(host, reference), reference);
  await until(() => armed > 0);
  return { host, fast, forget: rules.forget };
}

/** Rules of Docker's that are not there; somebody else's are not brought back. */
export const lostOf = ({ rules }: MemoryHost): readonly string[] =>
  beyond(WHOLE, rules).filter((line) => !line.includes('203.0.113.'));

export const written = ({ done }: MemoryHost): readonly string[] =>
  done.filter((one) => one.startsWith('write'));
