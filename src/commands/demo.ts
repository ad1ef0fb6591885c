import type { DemoFirewall } from '../demo/firewalls.ts';
import type { Context, Exit } from './context.ts';

export interface DemoArgs {
  /** Play a container, a client or docker-proxy instead of the whole demo. */
  readonly actor: boolean | undefined;
  /** Docker's firewall backend to play with. */
  readonly firewall: DemoFirewall;
}

/** `rulesguard demo`: the incident, its repair, and what passed before, between and after. */
export async function run({ actor, firewall }: DemoArgs, context: Context): Promise<Exit> {
  if (actor === true) {
    const { act } = await import('../demo/actor.ts');
    act();
    return 0;
  }
  const { play } = await import('../demo/play.ts');
  await play(context, firewall);
  return 0;
}
