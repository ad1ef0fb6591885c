import { factsCommand } from '../../doctor/recorded/facts-command.ts';
import type { FactsJson } from '../../doctor/recorded/facts-json.ts';
import { Fault } from '../../fault.ts';
import { validate } from '../../generated/facts.js';
import { readBounded } from '../files/bounded.ts';
import { excessOf } from '../files/json-excess.ts';
import { jsonFault } from '../files/json-fault.ts';
import { bundledFacts, isBundle } from './bundled-facts.ts';

/** Characters of one file: a host of a thousand containers has a twentieth of it. */
export const MOST_OF_FACTS = 32 * 1024 * 1024;

/**
 * Reads what `rulesguard doctor --facts` printed on another host, or a bundle that `doctor --bundle` wrote there.
 *
 * @param named - what is asked about there, for the command that makes the file again
 * @throws Fault RG_REFUSED_INPUT for what is no plain file or too large, RG_FACTS for what are no facts
 */
export async function readFactsFile(path: string, named?: string): Promise<FactsJson> {
  const bytes = Buffer.from(await readBounded(path, 'file of facts'), 'latin1');
  if (!isBundle(bytes)) return parseFacts(bytes.toString('utf8'), path, named);
  const bundled = await bundledFacts(bytes);
  if ('refused' in bundled) throw refusal(path, named, bundled.refused);
  return parseFacts(bundled.text, path, named);
}

const refusal = (
  source: string,
  named: string | undefined,
  why: string,
  details: readonly string[] = [],
): Fault =>
  new Fault('RG_FACTS', 3, `${source} is not used: ${why}`, {
    details,
    hint: `Make it again on that host: ${factsCommand(named)}`,
  });

/**
 * Reads facts of another host, whoever wrote them: nothing in them is used unless all of it fits the schema.
 *
 * @param source - what the text is called in a fault: a file, or `ssh://host-b`
 * @param named - see {@link readFactsFile}
 * @throws Fault RG_FACTS
 */
export function parseFacts(text: string, source: string, named?: string): FactsJson {
  const refuse = (why: string, details: readonly string[] = []): never => {
    throw refusal(source, named, why, details);
  };
  if (text.length > MOST_OF_FACTS) return refuse(`it is longer than ${String(MOST_OF_FACTS)} characters`);
  const excess = excessOf(text, true);
  if (excess !== undefined) return refuse(excess);
  const fault = jsonFault(text);
  if (fault !== undefined) return refuse('it is not whole, or no JSON', [fault]);
  const document: unknown = JSON.parse(text);
  const { version, program } = headOf(document);
  if (version === undefined) return refuse('it holds no facts');
  if (version !== 1)
    return refuse(
      `its format is ${String(version)} (rulesguard ${program}), and this rulesguard reads format 1`,
    );
  if (!validate(document))
    return refuse(
      'it does not fit its schema',
      (validate.errors ?? [])
        .slice(0, 4)
        .map(({ instancePath, message = '' }) => `${instancePath.slice(0, 120)} ${message}`),
    );
  const facts = document as FactsJson;
  // A pattern takes a thirteenth month and a thirtieth of February; how old facts of such a day are nobody can say.
  const time = new Date(facts.time);
  if (Number.isNaN(time.getTime()) || time.toISOString() !== facts.time)
    return refuse(`${facts.time} is no time`);
  return facts;
}

function headOf(document: unknown): { readonly version: number | undefined; readonly program: string } {
  const { $schema, version, program } = (document ?? {}) as Readonly<Record<string, unknown>>;
  const isFacts = typeof $schema === 'string' && $schema.endsWith('/facts.schema.json');
  return {
    version: isFacts && typeof version === 'number' ? version : undefined,
    program: typeof program === 'string' ? program.slice(0, 40) : 'of unknown version',
  };
}
