/** Something that keeps a packet, or its answer, from getting through both hosts. */
export interface PeerFault {
  readonly name: string;
  /** The host of the first cause, and where its remedy is typed. */
  readonly on: 'host-a' | 'host-b';
  /** Where it is made; there where absent. */
  readonly where?: 'host-a' | 'host-b';
  readonly break: string;
  readonly undo?: string;
  /** What is done on the router besides. */
  readonly router?: string;
  /** Codes one of which the first cause has. */
  readonly codes: readonly string[];
  /** The container that asks; `web` where absent. */
  readonly asker?: string;
  /** The address asked; that behind the router where absent. */
  readonly address?: string;
  readonly port?: number;
  /** The first remedy has no command by which packets pass. Where absent it must have one. */
  readonly byHand?: true;
  /** A small packet passes all the same, or docker-proxy answers. */
  readonly passes?: true;
}
