import type { Context, Exit } from './context.ts';
import type { FireArgs } from './hook-fire.ts';
import type { TargetArgs } from './hook-target.ts';

export interface HookArgs extends FireArgs, TargetArgs {
  readonly action: 'pre' | 'post' | 'install' | 'remove' | 'status' | 'list' | 'recipe';
}

/** `rulesguard hook ACTION`: what to run around a firewall change, and what puts it there. */
export async function run(args: HookArgs, context: Context): Promise<Exit> {
  switch (args.action) {
    case 'pre':
      return (await import('./hook-pre.ts')).pre(args, context);
    case 'post':
      return (await import('./hook-post.ts')).post(args, context);
    case 'install':
      return (await import('./hook-install.ts')).install(args, context);
    case 'remove':
      return (await import('./hook-install.ts')).remove(args, context);
    case 'status':
      return (await import('./hook-status.ts')).status(args, context);
    case 'list':
      return (await import('./hook-status.ts')).list(context);
    case 'recipe':
      return (await import('./hook-recipe.ts')).recipe(args, context);
  }
}
