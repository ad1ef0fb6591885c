import { closeSync, openSync, readlinkSync } from 'node:fs';
import { execa } from 'execa';
import { Fault } from '../fault.ts';
import { run } from '../host/command/command.ts';
import { thisProgram } from '../host/command/this-program.ts';
import type { CommandOptions, CommandResult } from '../host/command/command.ts';
import type { TaskMessage, TaskReply, ActorTask } from './tasks.ts';

const OWN_NETNS = '/proc/self/ns/net';

/** The network namespace this program runs in, as the kernel names it: `net:[4026531840]`. */
export const ownNamespace = (): string => readlinkSync(OWN_NETNS);

/** A network namespace that plays one machine, with an actor in it. */
export interface DemoMachine {
  readonly name: string;
  /** A path to the namespace, for `nsenter --net=` and `ip link … netns`; good for as long as this process lives. */
  readonly path: string;
  /** Has the actor do something. @throws Fault RG_COMMAND when it could not */
  perform(task: ActorTask): Promise<string>;
  /** Runs a command inside. @throws Fault RG_COMMAND when it exits with anything but 0 */
  exec(words: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult>;
  /** Ends the actor and with it the namespace. */
  end(): Promise<void>;
}

function cannotStart(stderr: string): Fault {
  const details = stderr.trim() === '' ? [] : [stderr.trim()];
  if (/not permitted/i.test(stderr))
    return new Fault('RG_PRIVILEGE', 3, 'This machine does not let root make network namespaces', {
      details,
      hint: 'In a container: start it with --privileged, or play the demo on the host.',
    });
  return new Fault('RG_COMMAND', 3, 'The demo could not make a network namespace', { details });
}

/**
 * Makes a network namespace, empty but for loopback, and an actor that lives in it.
 *
 * @throws Fault RG_PRIVILEGE when the kernel refuses, RG_COMMAND when the actor does not start
 */
export async function startMachine(name: string): Promise<DemoMachine> {
  const actor = execa('unshare', ['--net', '--', ...thisProgram(), 'demo', '--actor'], {
    ipc: true,
    buffer: { ipc: false },
    stdio: ['ignore', 'ignore', 'pipe'],
    reject: false,
    cleanup: false,
  });
  const waiting = new Map<number, (reply: TaskReply) => void>();
  const here = new Promise<TaskReply>((resolve) => waiting.set(0, resolve));
  actor.on('message', (message) => {
    const reply = message as unknown as TaskReply;
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  const gone = actor.then(({ stderr }) => {
    throw cannotStart(stderr);
  });
  gone.catch(() => undefined);
  await Promise.race([here, gone]);

  // The descriptor refers to the namespace itself; a process id could by then be another process's.
  const fd = openSync(`/proc/${String(actor.pid)}/ns/net`, 'r');
  const path = `/proc/${String(process.pid)}/fd/${String(fd)}`;
  if (readlinkSync(path) === ownNamespace()) {
    actor.disconnect();
    throw new Fault(
      'RG_INTERNAL',
      2,
      'A namespace of the demo turned out to be the one of this machine; nothing was done in it',
    );
  }

  let lastId = 0;
  return {
    name,
    path,
    async perform(task) {
      const id = (lastId += 1);
      const answer = new Promise<TaskReply>((resolve) => waiting.set(id, resolve));
      actor.send({ id, task } satisfies TaskMessage);
      const reply = await Promise.race([answer, gone]);
      if ('text' in reply) return reply.text;
      throw new Fault('RG_COMMAND', 3, `${name} could not ${task.do}: ${reply.failure}`);
    },
    async exec(words, options) {
      const result = await run(['nsenter', `--net=${path}`, '--', ...words], options);
      if (result.exitCode === 0) return result;
      throw new Fault('RG_COMMAND', 3, `${words.join(' ')} failed on ${name}`, {
        details: [result.stderr.trim()],
      });
    },
    async end() {
      actor.disconnect();
      await gone.catch(() => undefined);
      closeSync(fd);
    },
  };
}
