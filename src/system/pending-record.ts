import { Fault } from '../fault.ts';
import { BACKENDS, FAMILIES, type Backend } from '../iptables/model.ts';
import { parseSave } from '../iptables/parse.ts';
import { run } from './command.ts';
import { hasLegacyTables, saveText, type Live } from './kernel.ts';
import { readNative, readSets, replacing, type NativeTable } from './sets-native.ts';

/** All that is in force, as the tools print it: latin1, one character a byte. */
export interface Record {
  readonly backends: readonly { readonly backend: Backend; readonly ipv4: string; readonly ipv6: string }[];
  /** `ipset save`; null where ipset is not installed. */
  readonly sets: string | null;
  /** nftables' own tables; null where nft is not installed. */
  readonly native: readonly NativeTable[] | null;
}

/**
 * Reads all that is in force: both families, each backend that holds anything, ipsets, nftables' own tables. Loads no
 * module of the legacy backend.
 *
 * @throws Fault when any of it cannot be read, or could not be put back as it is
 */
export async function takeRecord(): Promise<Record> {
  const backends = BACKENDS.filter((backend) => backend === 'nft');
  const held = (await hasLegacyTables()) ? BACKENDS : backends;
  const [rules, sets, native] = await Promise.all([
    Promise.all(held.map(saveBoth)),
    readSets(),
    readNative(),
  ]);
  for (const saved of rules) liveOf(saved);
  if (native !== null && native.length > 0) await proveLoadable(native);
  return { backends: rules, sets, native };
}

async function saveBoth(backend: Backend): Promise<Record['backends'][number]> {
  const [ipv4, ipv6] = await Promise.all([saveText('ipv4', backend), saveText('ipv6', backend)]);
  return { backend, ipv4, ipv6 };
}

/** Recorded rules as if they were live. @throws Fault RG_PARSE or RG_INCOMPATIBLE */
export function liveOf(saved: Record['backends'][number]): Live {
  const [ipv4, ipv6] = FAMILIES.map((family) => parseSave(saved[family], `the ${family} save`).ruleset);
  if (ipv4 === undefined || ipv6 === undefined) throw new Error('two families');
  return { backend: saved.backend, version: undefined, rules: { ipv4, ipv6 } };
}

async function proveLoadable(tables: readonly NativeTable[]): Promise<void> {
  const { exitCode, stderr } = await run(['nft', '-c', '-f', '-'], { input: replacing(tables) });
  if (exitCode === 0) return;
  throw new Fault('RG_PENDING', 1, "a table of nftables' own could not be put back as it is", {
    details: stderr.split('\n').slice(0, 4),
    hint: 'Nothing was changed. Run it without --confirm.',
  });
}
