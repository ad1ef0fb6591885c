import type { SocketProtocol } from '../net/protocol.ts';
import type { DemoFirewall } from './firewalls.ts';

/** One end of a connection. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** What the demo has its actors do, each in the network namespace it lives in. */
export type ActorTask =
  /** Answers every request (HTTP over tcp, one datagram over udp), and remembers where it came from. */
  | { readonly do: 'serve'; readonly protocol: SocketProtocol; readonly port: number }
  /** docker-proxy's part: takes connections to a published port and passes them on in its own name. */
  | {
      readonly do: 'proxy';
      readonly protocol: SocketProtocol;
      readonly port: number;
      readonly to: SocketAddress;
    }
  /** Sends `token` to a server, waiting at most `patience` ms. Answers `yes`, or `no: ` and the reason. */
  | {
      readonly do: 'ask';
      readonly protocol: SocketProtocol;
      readonly to: SocketAddress;
      readonly token: string;
      readonly patience: number;
    }
  /** The address that `token` came from, or an empty text when it never arrived. */
  | { readonly do: 'seen'; readonly token: string }
  /** Makes a folder for files, which goes with the actor; answers its path. */
  | { readonly do: 'workdir' }
  /** Keeps a text in a file of that folder; answers its path. */
  | { readonly do: 'keep'; readonly name: string; readonly text: string }
  /** Answers on a unix socket as the recorded Engine with this firewall backend did. */
  | { readonly do: 'engine'; readonly socket: string; readonly firewall: DemoFirewall };

/** A task on its way to an actor. */
export interface TaskMessage {
  readonly id: number;
  readonly task: ActorTask;
}

/** What comes back: the answer, or why the task could not be done. */
export type TaskReply = { readonly id: number } & ({ readonly text: string } | { readonly failure: string });
