/** What a droplet's machine is made with. */
export interface MachineOrder {
  readonly name: string;
  /** The keys that may log in as root. */
  readonly publicKeys: readonly string[];
  readonly userData: string;
}

/** A volume as a machine has it. */
export interface Disk {
  readonly id: string;
  readonly name: string;
  /** GiB. */
  readonly size: number;
  /** What it is formatted with at first; empty for nothing. */
  readonly filesystem: string;
}

/** The machines behind droplets, by the droplet's id. */
export interface Machines {
  /** Makes one, or takes the one that is there; done when it is up. @returns its public address */
  create(id: number, order: MachineOrder): Promise<string>;
  powerOff(id: number): Promise<void>;
  powerOn(id: number): Promise<void>;
  /** The disk is made anew, and with it the host keys; the address stays. */
  rebuild(id: number, order: MachineOrder): Promise<void>;
  /** @returns the new address, where it answers from now on */
  changeAddress(id: number): Promise<string>;
  remove(id: number): Promise<void>;
  /** Leads an address to a machine, or nowhere. */
  lead(address: string, from: number | null, to: number | null): Promise<void>;
  attach(id: number, disk: Disk): Promise<void>;
  detach(id: number, disk: Disk): Promise<void>;
  resizeDisk(disk: Disk): Promise<void>;
  removeDisk(disk: Disk): Promise<void>;
  /** Runs a script as root and gives its standard output. */
  run(id: number, script: string): Promise<string>;
}
