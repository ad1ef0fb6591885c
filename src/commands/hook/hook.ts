import type { Context, Exit } from '../context.ts';
import type { FireArgs } from './fire.ts';
import type { ManageArgs } from './manage.ts';

export interface HookArgs extends FireArgs, ManageArgs {
  readonly action: 'pre' | 'post' | 'install' | 'remove' | 'status' | 'list' | 'recipe';
}

/** `rulesguard hook ACTION`: what to run around a firewall change, and what puts it there. */
export async function run(args: HookArgs, context: Context): Promise<Exit> {
  switch (args.action) {
    case 'pre':
    case 'post':
      return (await import('./fire.ts')).fire(args.action, args, context);
    case 'install':
      return (await import('./manage.ts')).install(args, context);
    case 'remove':
      return (await import('./manage.ts')).remove(args, context);
    case 'status':
      return (await import('./manage.ts')).status(args, context);
    case 'list':
      return (await import('./manage.ts')).list(context);
    case 'recipe':
      return (await import('./manage.ts')).recipe(args, context);
  }
}
