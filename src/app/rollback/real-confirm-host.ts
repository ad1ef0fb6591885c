import { createInterface } from 'node:readline';
import { whileAnnounced } from '../../host/state/announcements.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { awaitSettled } from './await-settled.ts';
import type { ConfirmHost } from './confirmation.ts';
import { realPendingHost } from './real-pending-host.ts';
import { arm, confirmPending, giveTime } from './pending.ts';
import { realRollbackHost } from './real-rollback-host.ts';
import { rollBack } from './rollback.ts';

/** This host, this process's terminal and its signals. */
export function realConfirmHost(options: HostOptions): ConfirmHost {
  const host = realPendingHost(options);
  const roll: ConfirmHost['rollBack'] = (id, trying) =>
    whileAnnounced(options.runDir, () => rollBack(id, realRollbackHost(options), trying));
  return {
    uptime: host.uptime,
    arm: (seconds, what) => arm(seconds, what, host),
    giveTime: (armed) => giveTime(armed, host),
    confirm: (id) => confirmPending(id, host),
    rollBack: roll,
    awaitSettled: (id, stop) => awaitSettled(id, host, roll, stop),
    readLines: (typed) => {
      if (!process.stdin.isTTY) return () => undefined;
      const lines = createInterface({ input: process.stdin });
      lines.on('line', typed);
      return () => {
        lines.close();
      };
    },
    onSignals: (handle) => {
      const onSignal = (signal: NodeJS.Signals): void => {
        handle(signal === 'SIGINT' ? 'interrupted' : 'ended');
      };
      const signals = ['SIGINT', 'SIGTERM'] as const;
      for (const signal of signals) process.on(signal, onSignal);
      return () => {
        for (const signal of signals) process.off(signal, onSignal);
      };
    },
  };
}
