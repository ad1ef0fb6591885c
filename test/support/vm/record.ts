import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import { PROJECT } from '../cli.ts';
import { account } from '../lab/answers.ts';
import type { Step } from './host.ts';

/**
 * Writes the recording of a host's Engine to test/fixtures, of the steps `record-4`, `record-6` and `record-answers` (the API's
 * answers by path) of its script.
 * @returns the directory written
 */
export async function recordHost(steps: ReadonlyMap<string, Step>, name: string): Promise<string> {
  const directory = path.join(PROJECT, 'test/fixtures', name);
  const said = (step: string): string => steps.get(step)?.said ?? '';
  const answers = JSON.parse(Buffer.from(said('record-answers'), 'latin1').toString()) as Readonly<
    Record<string, unknown>
  >;
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'ipv4.save'), said('record-4'), 'latin1');
  writeFileSync(path.join(directory, 'ipv6.save'), said('record-6'), 'latin1');
  const told = await account({ api: (asked) => Promise.resolve(answers[asked]) }, []);
  // Which services have a task anywhere: only a kernel with IPVS serves any.
  const networks = answers['/networks'] as readonly { readonly Id: string; readonly Ingress: boolean }[];
  const ingress = networks.find(({ Ingress }) => Ingress)?.Id ?? '';
  const whole = { ...(told as object), ingress: answers[`/networks/${ingress}?verbose=true`] };
  const json = await format(JSON.stringify(whole), { parser: 'json', printWidth: 110 });
  writeFileSync(path.join(directory, 'engine.json'), json);
  return directory;
}
