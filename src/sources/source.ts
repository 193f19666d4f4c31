import type { Archive, Pinned, WantedRuntime } from "../model/installation.ts";

/** A source of programs, such as npm. It uses the settings and mirrors of the operator's machine. */
export interface Source {
  /**
   * Finds all archives of a version, with their digests, for all architectures of hosts.
   *
   * @param project the folder of fleet.yaml; settings files of the source in this folder apply
   * @param notice called with sentences that people should read
   * @throws MusterError if the version does not exist, or a part of it has no digest
   */
  resolve(wanted: WantedRuntime, project: string, notice: (sentence: string) => void): Promise<Pinned>;
  /**
   * Downloads archives to an empty folder, under any names. The caller verifies the archives.
   *
   * @throws MusterError if an archive cannot be downloaded
   */
  download(archives: readonly Archive[], to: string, from: Origin): Promise<void>;
  /** Returns the public addresses of archives, by integrity. Archives without a public address are omitted. */
  urls(archives: readonly Archive[], from: Origin): Promise<Readonly<Record<string, string>>>;
}

export interface Origin {
  /** The folder of fleet.yaml. */
  readonly project: string;
  /** The addresses in fleet.yaml, with the preferred address first. */
  readonly addresses: readonly string[];
}
