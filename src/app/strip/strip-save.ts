import { Fault } from '../../fault.ts';
import { ownHost, type OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import { looksDockers } from '../../firewall/iptables/ownership/chains.ts';
import { strip } from '../../firewall/iptables/ownership/strip.ts';
import { EMPTY_RULESET } from '../../firewall/iptables/text/model.ts';
import { parseSave } from '../../firewall/iptables/text/parse.ts';
import type { Save } from '../../firewall/iptables/text/save.ts';
import { isListing, stripListing } from '../../firewall/nftables/ownership/strip-listing.ts';
import type { ToolReading } from '../../host/xtables/tool-reading.ts';
import { printable } from '../../printable.ts';
import type { Listener } from '../events.ts';

/** What stripping a save touches. Text is latin1: one character is one byte. */
export interface StripPort {
  /** Standard input, to its end. */
  readonly readInput: () => Promise<string>;
  /** Lets iptables-restore read what is not in save's own words. @throws Fault when that cannot be tried */
  readonly readByTool: (text: string) => Promise<ToolReading>;
  /** Replaces a file in one step. */
  readonly write: (path: string, text: string) => Promise<void>;
}

/** What a person should know of a stripped save. */
export type StripEvent =
  /** It is written as iptables-save prints it, as its own words could not be kept. */
  | { readonly kind: 'reprinted'; readonly why: string }
  /** Nobody can tell whether this is Docker's: it stays. */
  | { readonly kind: 'kept'; readonly rule: OwnedHost['undecided'][number] };

/**
 * Takes Docker's rules out of what iptables-save or `nft list ruleset` printed, and keeps every other byte.
 *
 * @param output - the file to replace; nothing is written without one
 * @returns the save without Docker's rules
 * @throws Fault RG_REFUSED_INPUT when nothing came in, RG_PARSE or RG_INCOMPATIBLE for what cannot be read; then no file is touched
 */
export async function stripSave(
  port: StripPort,
  output: string | undefined,
  on: Listener<StripEvent>,
): Promise<string> {
  const text = await port.readInput();
  if (text === '') {
    throw new Fault(
      'RG_REFUSED_INPUT',
      3,
      'nothing came in on standard input: iptables-save or nft failed, or is still missing from the line',
      { hint: 'iptables-save | rulesguard strip --output /etc/iptables/rules.v4' },
    );
  }
  const stripped = isListing(text) ? stripTables(text) : await stripRules(text, port, on);
  if (output !== undefined) await port.write(output, stripped);
  return stripped;
}

async function stripRules(text: string, port: StripPort, on: Listener<StripEvent>): Promise<string> {
  const save = await readSave(text, port, on);
  // One family a file; a rule of either is recognised the same.
  const owned = ownHost({ ipv4: save.ruleset, ipv6: EMPTY_RULESET });
  const stripped = strip(save, owned.families.ipv4);
  for (const rule of owned.undecided) on({ kind: 'kept', rule });
  return stripped;
}

/**
 * What `nft list ruleset` printed, without Docker's own tables. Where it also lists Docker's rules of iptables it is refused: they would be
 * loaded again at boot, with the addresses of today, and nft cannot write all of them as they are.
 */
function stripTables(text: string): string {
  const stripped = stripListing(text);
  if (stripped === undefined)
    throw new Fault('RG_PARSE', 3, 'standard input is not what nft list ruleset prints, or was cut', {
      hint: 'nft list ruleset | rulesguard strip --output /etc/nftables.conf',
    });
  const chain = stripped.chainsOfIptables.find((name) => looksDockers(name.split(' ')[2] ?? ''));
  if (chain !== undefined)
    throw new Fault(
      'RG_REFUSED_INPUT',
      3,
      `it lists rules of iptables, Docker's among them (table and chain: ${printable(chain)}): nft writes not all of them as they are`,
      {
        hint: 'Save those of iptables by themselves: iptables-save | rulesguard strip --output /etc/iptables/rules.v4. And tables of your own by name: nft list table inet filter',
      },
    );
  if (stripped.mention !== undefined)
    throw new Fault('RG_PARSE', 3, "a line that speaks of Docker's tables is not understood", {
      details: [printable(stripped.mention.trim())],
      hint: 'Take it out by hand, or begin with: nft list ruleset',
    });
  return stripped.text;
}

/** A save as it is; what iptables-restore reads and save would not write, as the tool itself saves it again. */
async function readSave(text: string, port: StripPort, on: Listener<StripEvent>): Promise<Save> {
  try {
    return parseSave(text, 'standard input');
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'RG_PARSE') throw error;
    const read = await port.readByTool(text).catch((trouble: unknown) => {
      if (trouble instanceof Fault) return { loaded: false, reason: trouble.message } as const;
      throw trouble;
    });
    if (!read.loaded)
      throw new Fault(error.code, error.exit, error.message, {
        details: [...error.details, `Nor does iptables-restore load it: ${printable(read.reason)}`],
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      });
    on({ kind: 'reprinted', why: error.message });
    return parseSave(read.saved, 'what iptables-save printed');
  }
}
