/** A process, as /proc showed it. */
export interface SeenProcess {
  readonly pid: number;
  /** The kernel's name of it, at most 15 bytes. */
  readonly name: string;
  /** Its arguments, secrets in them replaced; empty where it had none or had gone. */
  readonly command: readonly string[];
}

/** Who changed rules: read in the moment the change was told, best effort. */
export interface Author extends SeenProcess {
  /** Its parents, the nearest first, without process 1. */
  readonly parents: readonly SeenProcess[];
  /** `pts/0`. */
  readonly terminal?: string;
  /** The systemd unit, `ssh.service`. */
  readonly unit?: string;
  /** The user who logged in, whatever sudo made of him. */
  readonly login?: string;
  /** Id of the container it runs in. */
  readonly container?: string;
  /** What could not be known of it, and why. */
  readonly unknown?: string;
}

/** What tells that something may have changed. Sources hand these on as they come; none is a judgement. */
export type Seen =
  /** An nf_tables transaction. `author` is missing where the kernel names none. */
  | { readonly kind: 'rules'; readonly generation: number; readonly author: Author | undefined }
  /** Tables of the legacy backend, which names nobody: `ipv4 nat`. */
  | { readonly kind: 'legacy-rules'; readonly tables: readonly string[] }
  /** Something was missed, or a source began anew: everything is to be looked at. */
  | { readonly kind: 'missed'; readonly source: SourceName; readonly reason: string }
  /** The Engine did something to a container or a network. */
  | { readonly kind: 'engine'; readonly type: string; readonly action: string; readonly id: string }
  /** The Engine's socket closed, or answers again. */
  | { readonly kind: 'engine-gone' | 'engine-back' }
  /** A link, address or route changed, as `ip monitor` prints it. */
  | { readonly kind: 'network'; readonly line: string }
  /** A setting of the kernel that Docker needs: its name as sysctl has it. */
  | { readonly kind: 'setting'; readonly name: string; readonly from: string; readonly to: string };

/** Whether it tells that rules may have changed. */
export const tellsOfRules = ({ kind }: Seen): boolean =>
  kind === 'rules' || kind === 'legacy-rules' || kind === 'missed';

/** What tells of changes. */
export type SourceName = 'nftables' | 'legacy' | 'engine' | 'network' | 'settings';

/** How well a source works now, for people and for metrics. */
export interface SourceState {
  readonly source: SourceName;
  readonly works: boolean;
  /** How it listens, or why it does not: `nft monitor; deleted rules are printed one by one`. */
  readonly says: string;
}

/** A running source. */
export interface Source {
  readonly stop: () => Promise<void>;
}

/** What a source tells whom. */
export interface Told {
  readonly seen: (what: Seen) => void;
  readonly state: (state: SourceState) => void;
}
