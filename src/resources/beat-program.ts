/**
 * The program that sends an agent's heartbeat; see docs/heartbeats.md. Other programs can also write the heartbeat
 * file.
 */
export const HEARTBEAT_PROGRAM = String.raw`#!/bin/sh
# Shows that an agent lives: muster-beat [idle|busy|blocked|stuck] [TASK]
# Replaces the file that MUSTER_BEAT names, so that a reader sees the old beat or the new one, whole.
set -eu
state=${"$"}{1:-busy}
case $state in
  idle | busy | blocked | stuck) ;;
  *) echo "usage: muster-beat [idle|busy|blocked|stuck] [TASK]" >&2; exit 2 ;;
esac
if [ -z "${"$"}{MUSTER_BEAT:-}" ]; then
  echo "muster-beat: MUSTER_BEAT is not set: declare heartbeat: {by: file} for this agent" >&2
  exit 1
fi
task=${"$"}{2:-}
[ -z "$task" ] || task=$(printf %s "$task" | tr -d '[:cntrl:]' | cut -c 1-200 | sed 's/[\\"]/\\&/g')
new=$MUSTER_BEAT.$$
trap 'rm -f "$new"' EXIT
printf '{"time":"%s","pid":%d,"state":"%s","task":"%s"}\n' \
  "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$PPID" "$state" "$task" >"$new"
mv -f "$new" "$MUSTER_BEAT"
trap - EXIT
`;
