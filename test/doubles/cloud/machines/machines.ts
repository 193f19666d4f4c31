/** What a droplet's machine is created from. */
export interface MachineOrder {
  readonly name: string;
  /** The keys that may log in as root. */
  readonly publicKeys: readonly string[];
  readonly userData: string;
}

/** A volume in the form that a machine needs. */
export interface Disk {
  readonly id: string;
  readonly name: string;
  /** GiB. */
  readonly size: number;
  /** Its first filesystem. Empty for none. */
  readonly filesystem: string;
}

/** The machines behind droplets, by the droplet's ID. */
export interface Machines {
  /**
   * Creates a machine, or uses the existing one. Resolves when it is running.
   *
   * @returns its public address
   */
  create(id: number, order: MachineOrder): Promise<string>;
  powerOff(id: number): Promise<void>;
  powerOn(id: number): Promise<void>;
  /** Replaces the disk, and with it the host keys. The address stays the same. */
  rebuild(id: number, order: MachineOrder): Promise<void>;
  /** @returns the new address, at which the machine answers from now on */
  changeAddress(id: number): Promise<string>;
  remove(id: number): Promise<void>;
  /** Routes an address to a machine, or to none. */
  lead(address: string, from: number | null, to: number | null): Promise<void>;
  attach(id: number, disk: Disk): Promise<void>;
  detach(id: number, disk: Disk): Promise<void>;
  resizeDisk(disk: Disk): Promise<void>;
  removeDisk(disk: Disk): Promise<void>;
  /**
   * Runs a script as root.
   *
   * @returns its standard output
   */
  run(id: number, script: string): Promise<string>;
}
