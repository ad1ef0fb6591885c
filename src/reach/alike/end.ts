/** One end of a packet that is asked about. Ports are 0 where none is. */
export interface End {
  readonly address: string;
  readonly port: number;
  readonly hostPort: number;
}
