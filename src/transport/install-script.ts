import { MARKER } from "../model/protocol.ts";

/**
 * Installs the runtime. The script is constant and reads its parameters from stdin. When the script answers "ready",
 * the shell has read the complete script, so the shell does not mistake the following data for commands.
 *
 * The script reads `<dir> <bundle> <bundle's sha256> <node version> <node's sha256> <systemd's folder>`. If files are
 * missing, it answers `send <missing files>`. For each missing file, it then reads a line with `<64 kB blocks>
 * <remaining bytes>`, and the gzipped file. At the end, the process of the script becomes the new runtime. The old
 * runtime is in use until a rename replaces `run`. The runtime gets no V8 helper threads, because all its threads must
 * stop each time the runtime switches to the user of an agent. SSH_CONNECTION is the only variable of the session that
 * the runtime gets. The history needs this variable. Node keeps the compiled bundle in
 * the bundle's folder, so that each session starts sooner.
 */
export const INSTALL_SCRIPT = String.raw`
say() { echo "${MARKER}$*"; }
fail() { say failed "$(echo "$*" | tr -s "\n" " ")"; exit 1; }
try() { problem=$("$@" 2>&1) || fail "$problem"; }
intact() { [ -f "$1" ] && echo "$2  $1" | sha256sum -c --status 2>/dev/null; }

lock() {
  try touch "$dir/.lock"
  exec 9>"$dir/.lock"
  flock -w 300 9 || fail "another installation has held $dir/.lock for 300 s"
}

receive() {
  read -r blocks rest || exit 1
  problem=$({ dd bs=65536 count="$blocks" iflag=fullblock; dd bs=1 count="$rest"; } 2>/dev/null |
    { gzip -dc 2>&1 >"$1"; }) || fail "$problem"
  intact "$1" "$2" || fail "the received file is corrupt: checksum mismatch"
}

place() {
  try mkdir "$new/$1"
  receive "$new/$1/$2" "$3"
  try chmod 0755 "$new/$1/$2"
  try sync "$new/$1/$2"
  try rm -rf "$dir/$1"
  try mv "$new/$1" "$dir/$1"
}

switch() {
  printf '#!/bin/sh\nexec env -i NOTIFY_SOCKET="$NOTIFY_SOCKET" SSH_CONNECTION="$SSH_CONNECTION" HOME=/root LC_ALL=C PATH=%s NODE_COMPILE_CACHE=%s %s --no-warnings --v8-pool-size=0 %s "$@"\n' \
    /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$dir/$bundle_dir/compiled" \
    "$dir/$node_dir/node" "$dir/$bundle_dir/host.mjs" >"$new/run" || fail "$new/run cannot be written"
  try chmod 0755 "$new/run"
  try sync "$new/run"
  try mv -f "$new/run" "$dir/run"
}

remove_old() {
  for old in "$dir"/bundle-* "$dir"/node-*; do
    case $old in "$dir/$bundle_dir" | "$dir/$node_dir") ;; *) try rm -rf "$old" ;; esac
  done
  try rm -rf "$new"
}

install() {
  umask 022
  say ready
  read -r dir bundle bundle_sum node node_sum systemd || exit 1
  [ -d "$systemd" ] || fail "it is a $(uname -s) system without systemd, which agents need"
  bundle_dir=bundle-$bundle node_dir=node-$node new=$dir/.new
  try mkdir -p "$dir"
  try chown root:root "$dir"
  try chmod 0755 "$dir"
  lock
  try rm -rf "$new"
  try mkdir "$new"
  missing=
  intact "$dir/$node_dir/node" "$node_sum" || missing="node"
  intact "$dir/$bundle_dir/host.mjs" "$bundle_sum" || missing="$missing bundle"
  [ -z "$missing" ] || say send $missing
  for piece in $missing; do
    case $piece in
      node) place "$node_dir" node "$node_sum" ;;
      bundle) place "$bundle_dir" host.mjs "$bundle_sum" ;;
    esac
  done
  try "$dir/$node_dir/node" --version
  switch
  remove_old
  exec 9>&-
  exec "$dir/run" serve
}

install
`;

/**
 * Removes the runtime and its state. If another stack still has resources on the host, the script removes nothing. Data
 * that was moved aside is kept. The script reads `<runtime dir> <state dir> <lock file>`. After the removal has begun,
 * it continues even if the connection ends. A host without `run` counts as a host without a runtime, even if other
 * files are left. `run` is removed last.
 */
export const UNINSTALL_SCRIPT = String.raw`
say() { echo "${MARKER}$*"; }
fail() { say failed "$(echo "$*" | tr -s "\n" " ")"; exit 1; }

uninstall() {
  say ready
  read -r dir state lock || exit 1
  if [ -n "$(find "$state/records" -name "*.json" 2>/dev/null)" ]; then say kept; exit 0; fi
  trap "" HUP TERM PIPE
  problem=$(rm -rf "$state" "$lock" "$lock.d" "$dir"/bundle-* "$dir"/node-* "$dir" 2>&1) || fail "$problem"
  say removed
}

uninstall
`;
