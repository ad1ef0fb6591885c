import type { Argv } from 'yargs';

export const demo = {
  command: 'demo',
  describe: 'play the incident and its repair in throw-away namespaces, with real packets',
  builder: (yargs: Argv) =>
    yargs
      .option('actor', { type: 'boolean', hidden: true, default: false })
      .example('sudo rulesguard demo', "lose Docker's NAT rules, see what breaks, and get them back"),
  async handler({ actor }: { readonly actor: boolean }): Promise<void> {
    if (actor) {
      const { act } = await import('../demo/actor.ts');
      act();
      return;
    }
    const { play } = await import('../demo/play.ts');
    await play(process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '');
  },
};
