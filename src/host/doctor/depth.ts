import { toolName } from '../../firewall/iptables/text/tools.ts';
import type { Inside } from '../../doctor/facts/facts.ts';
import { linksFrom } from '../../doctor/facts/ip-json.ts';
import { decides, withoutResolver } from '../../doctor/facts/own-firewall.ts';
import { Fault } from '../../fault.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { VARIANTS, type Variant, type Ruleset } from '../../firewall/iptables/text/model.ts';
import { parseSave } from '../../firewall/iptables/text/parse.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import { run } from '../command/command.ts';
import { readProc } from './proc-file.ts';

/** Ends the output of one command of {@link SCRIPT}: no save and no JSON has such a line. */
const END = '#=';
const ROOT = '/proc/sys/net/';

/**
 * All that is read in a container's network namespace, in one process of ours: the saves named by its arguments, the
 * interfaces, and the kernel's settings, which /proc/sys/net shows of the namespace of whoever reads. Constant text: nothing
 * of the container's is part of it.
 */
const SCRIPT = `
for save in "$@"; do "$save" -c; echo "${END} $?"; done
if command -v nft >/dev/null; then nft list tables; fi; echo "${END} $?"
ip -details -json address show; echo "${END} $?"
grep -Hs '' ${ROOT}ipv4/ip_forward ${ROOT}ipv4/ip_local_port_range ${ROOT}ipv4/conf/*/rp_filter ${ROOT}ipv6/conf/*/disable_ipv6
echo "${END} 0"
`;

/**
 * Reads a container in depth: its own firewall, its interfaces as `ip` shows them, its kernel settings.
 *
 * @param inside - what /proc showed of it; what cannot be read in depth stays as it was there
 */
export async function readInDepth(inside: Inside): Promise<Inside> {
  const proc = inside.netns.replace(/\/ns\/net$/, '');
  // Running the legacy tools would load their modules.
  const hasLegacy = ['ip_tables_names', 'ip6_tables_names'].some(
    (file) => (readProc(`${proc}/net/${file}`) ?? '').trim() !== '',
  );
  const saves = VARIANTS.filter((variant) => variant === 'nft' || hasLegacy).flatMap((variant) =>
    FAMILIES.map((family) => ({ variant, family })),
  );
  const parts = await runScript(
    inside.netns,
    saves.map(({ variant, family }) => toolName(family, variant, 'save')),
  );
  const tables = parts[saves.length];
  const links = parts[saves.length + 1];
  const settings = parts[saves.length + 2];
  return {
    ...inside,
    ...(links === undefined ? {} : { links: linksFrom(jsonOf(links)) }),
    resolverRules: hasResolverRules(parts.slice(0, saves.length), tables),
    ownRules: rulesetsOf(saves.map((save, i) => ({ ...save, text: parts[i] }))),
    sysctls: settings === undefined ? inside.sysctls : settingsOf(settings),
  };
}

/**
 * Whether any save shows the rules that lead to Docker's name server, or a table of nftables that has that name; undefined where that is
 * not known, since one could not be made.
 */
function hasResolverRules(
  saves: readonly (string | undefined)[],
  tables: string | undefined,
): boolean | undefined {
  if (saves.some((text) => text?.includes('-j DOCKER_OUTPUT'))) return true;
  if (tables !== undefined && /^table \S+ docker-dns$/m.test(tables)) return true;
  return saves.length === 0 || saves.includes(undefined) || tables === undefined ? undefined : false;
}

/** What each command of the script printed; undefined for one that failed. */
async function runScript(netns: string, saves: readonly string[]): Promise<readonly (string | undefined)[]> {
  try {
    const { stdout } = await run(['nsenter', `--net=${netns}`, 'sh', '-c', SCRIPT, 'sh', ...saves]);
    const parts = stdout.split(new RegExp(`^${END} (\\d+)\\n`, 'm'));
    return parts.flatMap((text, i) => (i % 2 === 0 ? [parts[i + 1] === '0' ? text : undefined] : []));
  } catch (error) {
    // No nsenter, or the container ended: then nothing more is known of it.
    if (error instanceof Fault) return [];
    throw error;
  }
}

interface Saved {
  readonly variant: Variant;
  readonly family: Family;
  readonly text: string | undefined;
}

/** Those that can decide about a packet; undefined where one of them cannot be read, for "none" would be a lie. */
function rulesetsOf(saves: readonly Saved[]): readonly VariantRules[] | undefined {
  const rules = new Map<Variant, Record<Family, Ruleset>>();
  for (const { variant, family, text } of saves) {
    const ruleset = text === undefined ? undefined : rulesetOf(text);
    if (ruleset === undefined) return undefined;
    rules.set(variant, { ...(rules.get(variant) ?? EMPTY), [family]: ruleset });
  }
  return [...rules]
    .filter(([, both]) => FAMILIES.some((family) => decides(both[family])))
    .map(([variant, both]) => ({ variant, rules: both }));
}

const EMPTY: Record<Family, Ruleset> = { ipv4: { tables: new Map() }, ipv6: { tables: new Map() } };

function rulesetOf(text: string): Ruleset | undefined {
  try {
    return withoutResolver(parseSave(text).ruleset);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return [];
  }
}

const settingsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line.startsWith(ROOT))
      .map((line) => {
        const at = line.indexOf(':');
        return [line.slice(ROOT.length, at), line.slice(at + 1).replaceAll('\t', ' ')];
      }),
  );
