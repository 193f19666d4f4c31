/**
 * The kinds of units that start programs. systemd also reports devices, mounts and targets, which the scan
 * ignores.
 */
export const TYPES = "service timer socket path";

/** The properties that the scan reads from each unit. */
export const UNIT_PROPERTIES =
  "Id,FragmentPath,SourcePath,DropInPaths,LoadState,ActiveState,UnitFileState,NeedDaemonReload,Triggers";
