import { Fault } from '../../fault.ts';
import { ownHost, type OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import { strip } from '../../firewall/iptables/ownership/strip.ts';
import { EMPTY_RULESET } from '../../firewall/iptables/text/model.ts';
import { parseSave } from '../../firewall/iptables/text/parse.ts';
import type { Save } from '../../firewall/iptables/text/save.ts';
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
 * Takes Docker's rules out of a save, and keeps every other byte.
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
      'nothing came in on standard input: iptables-save failed, or is still missing from the line',
      { hint: 'iptables-save | rulesguard strip --output /etc/iptables/rules.v4' },
    );
  }
  const save = await readSave(text, port, on);
  // One family a file; a rule of either is recognised the same.
  const owned = ownHost({ ipv4: save.ruleset, ipv6: EMPTY_RULESET });
  const stripped = strip(save, owned.families.ipv4);
  for (const rule of owned.undecided) on({ kind: 'kept', rule });
  if (output !== undefined) await port.write(output, stripped);
  return stripped;
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
