/** The values from which a droplet's machine is created. */
export interface MachineOrder {
  readonly name: string;
  /** The keys with which clients can log in as root. */
  readonly publicKeys: readonly string[];
  readonly userData: string;
}

/** A volume as the disk of a machine. */
export interface Disk {
  readonly id: string;
  readonly name: string;
  /** In GiB. */
  readonly size: number;
  /** The file system that a new volume gets; empty for none. */
  readonly filesystem: string;
}

/** The machines behind droplets, by the droplet's ID. */
export interface Machines {
  /**
   * Creates a machine, or uses the existing machine. Resolves when the machine is running.
   *
   * @returns the machine's public address
   */
  create(id: number, order: MachineOrder): Promise<string>;
  powerOff(id: number): Promise<void>;
  powerOn(id: number): Promise<void>;
  /** Replaces the disk, and therefore also the host keys. The machine keeps its address. */
  rebuild(id: number, order: MachineOrder): Promise<void>;
  /** @returns the machine's new address */
  changeAddress(id: number): Promise<string>;
  remove(id: number): Promise<void>;
  /** Routes an address to a machine, or to no machine. */
  lead(address: string, from: number | null, to: number | null): Promise<void>;
  attach(id: number, disk: Disk): Promise<void>;
  detach(id: number, disk: Disk): Promise<void>;
  resizeDisk(disk: Disk): Promise<void>;
  removeDisk(disk: Disk): Promise<void>;
  /**
   * Runs a script as root.
   *
   * @returns the script's standard output
   */
  run(id: number, script: string): Promise<string>;
}
