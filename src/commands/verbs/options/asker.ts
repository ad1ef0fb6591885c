import type { Argv } from 'yargs';

const word = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

/** `--from` and `--to`, which doctor and reach take alike. @param verb - which of both */
export const askerOptions = <T extends { readonly target: string | undefined }>(
  yargs: Argv<T>,
  verb: 'doctor' | 'reach',
) =>
  yargs
    .option('from', word('who asks the target: a container, an address, an interface, `host` or `outside`'))
    .option('to', word('where the target connects to: a container, an address or a port'))
    .conflicts('from', 'to')
    .check(({ from, to, target }) => {
      if (from !== undefined && target === undefined)
        throw new Error(`--from needs a target: rulesguard ${verb} CONTAINER --from CONTAINER`);
      if (to !== undefined && target === undefined)
        throw new Error(`--to needs the container that connects: rulesguard ${verb} CONTAINER --to ADDRESS`);
      return true;
    });
