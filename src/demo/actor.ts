import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from './ask.ts';
import { serveEngine } from './engine.ts';
import { proxy, serve } from './services.ts';
import type { TaskMessage, TaskReply, ActorTask } from './tasks.ts';

/**
 * The demo's other side: a process that lives in one network namespace and does there what it is asked to over Node's IPC
 * channel. It ends with that channel, and so with the demo, however the demo ends; whatever it made goes with it.
 */
export function act(): void {
  const seen = new Map<string, string>();
  let workdir: string | undefined;
  const folder = (): string => (workdir ??= mkdtempSync(join(tmpdir(), 'rulesguard-demo-')));

  const perform = async (task: ActorTask): Promise<string> => {
    switch (task.do) {
      case 'serve':
        await serve(task.protocol, task.port, (token, from) => seen.set(token, from));
        return '';
      case 'proxy':
        await proxy(task.protocol, task.port, task.to);
        return '';
      case 'ask':
        return ask(task.protocol, task.to, task.token, task.patience);
      case 'seen':
        return seen.get(task.token) ?? '';
      case 'workdir':
        return folder();
      case 'keep': {
        const file = join(folder(), task.name);
        writeFileSync(file, task.text);
        return file;
      }
      case 'engine':
        await serveEngine(task.socket, task.firewall);
        return '';
    }
  };
  const reply = (message: TaskReply): void => {
    process.send?.(message);
  };
  const leave = (): void => {
    if (workdir !== undefined) rmSync(workdir, { recursive: true, force: true, maxRetries: 3 });
    process.exit(0);
  };

  process.on('disconnect', leave);
  // Ctrl-C reaches every process of the terminal at once; this one waits for the demo to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('message', ({ id, task }: TaskMessage) => {
    perform(task).then(
      (text) => {
        reply({ id, text });
      },
      (error: unknown) => {
        reply({ id, failure: String(error) });
      },
    );
  });
  reply({ id: 0, text: 'here' });
}
