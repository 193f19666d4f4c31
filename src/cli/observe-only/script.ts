/**
 * A shell script that observes a machine on which Muster has installed nothing. The script uses POSIX tools, /proc on
 * Linux and sysctl on macOS. The script prints `cores load uptime memory free`, then `|size used path` for each disk.
 * Sizes are in kB, and `used` is in percent.
 */
export const MACHINE_SCRIPT = String.raw`
number() { awk -v name="$1" 'index($0, name) == 1 { gsub(/[^0-9]/, ""); print; exit }'; }

linux() {
  read -r up _ </proc/uptime
  size=$(number MemTotal: </proc/meminfo)
  free=$(number MemAvailable: </proc/meminfo)
}

mac() {
  boot=$(sysctl -n kern.boottime | sed 's/^{ sec = \([0-9]*\),.*/\1/')
  up=$(($(date +%s) - boot))
  size=$(($(sysctl -n hw.memsize) / 1024))
  page=$(vm_stat | sed -n 's/.*page size of \([0-9]*\) bytes.*/\1/p')
  pages=0
  for kind in free inactive speculative; do pages=$((pages + $(vm_stat | number "Pages $kind:"))); done
  free=$((pages * (page / 1024)))
}

observe() {
  case $(uname -s) in
    Linux) linux ;;
    Darwin) mac ;;
    *) say failed "$(uname -s) is not supported"; return ;;
  esac
  load=$(uptime | sed 's/.*load averages*: *//; s/,/ /g' | awk '{ print $2 }')
  disks=$(df -Pk 2>/dev/null | awk 'NR > 1 && $1 ~ "^/dev/" { used = $5; sub(/%/, "", used); path = $6
    for (i = 7; i <= NF; i++) path = path " " $i; gsub(/\|/, "?", path); printf "|%s %s %s", $2, used, path }')
  say "$(getconf _NPROCESSORS_ONLN) $load $up $size $free$disks"
}

observe
exit 0
`;
