import { KEEPS_NONE, type EngineReply, type NoReply } from '../../docker/engine-reply.ts';
import { writesNftables } from '../../docker/firewall-backend.ts';
import { Fault, type FaultCode } from '../../fault.ts';
import { looksDockers } from '../../firewall/iptables/ownership/chains.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { FAMILIES } from '../../net/family.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { deleteCommand, leftTables } from '../../reconcile/tables/left-tables.ts';
import type { LiveFirewall } from '../../reconcile/tables/live-firewall.ts';
import { goesByRecordedTables } from '../../reconcile/tables/recorded.ts';
import type { Observer } from '../ports.ts';

type TableReader = Pick<Observer, 'readTables'>;

/** Docker's own tables where nobody is known to write them, or why they could not be read. */
export type LeftReading = Pick<LiveFirewall, 'leftTables' | 'leftUnread'>;

/** Where nft is not installed, or the kernel has no nf_tables, there is no table. */
const NONE: ReadonlySet<FaultCode> = new Set(['RG_MISSING_TOOL', 'RG_MODULES']);

/** Reads Docker's own tables where nobody is known to write them. */
export async function readLeft({ readTables }: TableReader): Promise<LeftReading> {
  try {
    return { leftTables: await readTables() };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return NONE.has(error.code) ? {} : { leftUnread: error.message };
  }
}

/**
 * Begins {@link readLeft} beside the reading of rules and Engine; not where Docker is known to write with nftables, whose tables are read
 * once the Engine has answered.
 *
 * @param before - the reply before this one, where there is one
 */
export const beginLeft = (
  observer: TableReader,
  { stored }: Pick<Reference, 'stored'>,
  before?: EngineReply,
): Promise<LeftReading> | undefined =>
  stored?.tables !== undefined || (before?.answered === true && writesNftables(before.inventory))
    ? undefined
    : readLeft(observer);

/**
 * Docker's own tables beside the rules of iptables, where this Engine writes them; where none answers, where the baseline says that it did.
 *
 * @param begun - of {@link beginLeft}
 * @throws Fault of the Engine where the baseline is of the other firewall backend: it does not call a host damaged whose Engine has been
 *   switched over since
 */
export async function withTables(
  observer: TableReader,
  { stored }: Pick<Reference, 'stored'>,
  [live, engine, begun]: readonly [Live, EngineReply, LeftReading | undefined],
): Promise<LiveFirewall> {
  if (engine.answered && writesNftables(engine.inventory))
    return { ...live, tables: await observer.readTables() };
  if (!engine.answered && goesByRecordedTables(stored, engine)) {
    const tables = await observer.readTables();
    if (tables.length === 0 && holdsDockers(live)) throw switchedBack(engine.fault);
    return { ...live, tables };
  }
  if (!engine.answered && holdsDockers(live)) return live;
  const left = begun ?? (await readLeft(observer));
  if (engine.answered) return { ...live, ...left };
  const { leftTables: tables = [], leftUnread } = left;
  if (tables.length > 0)
    throw KEEPS_NONE.has(engine.fault.code) ? tablesLeft(engine, tables) : tablesAlone(engine, tables);
  return { ...live, ...(leftUnread !== undefined && { leftUnread }) };
}

const holdsDockers = ({ rules }: Live): boolean =>
  FAMILIES.some((family) =>
    [...rules[family].tables.values()].some(({ chains }) => [...chains.keys()].some(looksDockers)),
  );

const ASK_THE_ENGINE = 'Start it: systemctl start docker. Then: rulesguard check';

const SINCE = 'when Docker wrote them';

const toldOf = (tables: readonly NftTable[]): readonly string[] =>
  leftTables(tables, { since: SINCE, isAlone: true }).map(
    ({ family, table, consequence }) => `${family} ${table}: ${consequence}`,
  );

/** Docker's own tables are here, no Engine answers, and no baseline holds any. They may be taken out only where no Engine is. */
export function tablesAlone({ fault, daemonCount }: NoReply, tables: readonly NftTable[]): Fault {
  const { code, message, details, hint = ASK_THE_ENGINE } = fault;
  const isGone = code === 'RG_ENGINE_ABSENT' && daemonCount === 0 && details.length === 0;
  return new Fault(
    code,
    3,
    `${message}; Docker's own tables of nftables are here, and no rule of Docker's is in iptables: only the Engine says what those tables should hold`,
    {
      details: [...details, ...(isGone ? toldOf(tables) : [])],
      hint:
        isGone && tables.length > 0
          ? `${ASK_THE_ENGINE}. If Docker is not to come back: ${tables.map(deleteCommand).join('; ')}`
          : hint,
    },
  );
}

/** No Engine answers, and whether Docker's own tables are here could not be found out. */
export const tablesUnread = ({ code, message, hint }: Fault, why: string): Fault =>
  new Fault(code, 3, `${message}; whether Docker's own tables of nftables are here is not known: ${why}`, {
    ...(hint !== undefined && { hint }),
  });

/** Docker's own tables are here, and this Engine writes none. */
function tablesLeft({ fault, daemonCount }: NoReply, tables: readonly NftTable[]): Fault {
  const { code, message, hint } = fault;
  const isAlone = daemonCount === 1;
  return new Fault(
    code,
    3,
    isAlone
      ? `${message}; tables of nftables that Docker wrote before are here and still decide about packets`
      : `${message}; Docker's own tables of nftables are here all the same: another Engine of this network namespace may keep them`,
    isAlone
      ? { details: toldOf(tables), hint: `Take them out: ${tables.map(deleteCommand).join('; ')}` }
      : { ...(hint !== undefined && { hint }) },
  );
}

const switchedBack = ({ code, message }: Fault): Fault =>
  new Fault(
    code,
    3,
    `${message}; the baseline holds Docker's own tables of nftables, and Docker's rules are in iptables here: only the Engine says which of them should be there`,
    { hint: ASK_THE_ENGINE },
  );
