/** One end of a connection. */
export interface End {
  readonly host: string;
  readonly port: number;
}

export const PROTOCOLS = ['tcp', 'udp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** What the demo has its actors do, each in the network namespace it lives in. */
export type Task =
  /** Answers every request (HTTP over tcp, one datagram over udp), and remembers where it came from. */
  | { readonly do: 'serve'; readonly protocol: Protocol; readonly port: number }
  /** docker-proxy's part: takes connections to a published port and passes them on in its own name. */
  | { readonly do: 'proxy'; readonly protocol: Protocol; readonly port: number; readonly to: End }
  /** Sends `token` to a server, waiting at most `patience` ms. Answers `yes`, or `no: ` and the reason. */
  | {
      readonly do: 'ask';
      readonly protocol: Protocol;
      readonly to: End;
      readonly token: string;
      readonly patience: number;
    }
  /** The address that `token` came from, or an empty text when it never arrived. */
  | { readonly do: 'seen'; readonly token: string }
  /** Makes a folder for files, which goes with the actor; answers its path. */
  | { readonly do: 'workdir' };

/** A task on its way to an actor. */
export interface Order {
  readonly id: number;
  readonly task: Task;
}

/** What comes back: the answer, or why the task could not be done. */
export type Reply = { readonly id: number } & ({ readonly text: string } | { readonly failure: string });
