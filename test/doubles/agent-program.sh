#!/bin/sh
# A stand-in for hermes, claude, codex, pi and the programs of the examples, which are not available in tests. Like
# these programs, it exits if one of its three streams is not a terminal, and it uses the terminal's raw mode and size.
# After that it sends heartbeats.
for fd in 0 1 2; do
  [ -t $fd ] || { echo "stdin is not a terminal" >&2; exit 1; }
done
stty raw -echo || exit 1
stty size >"$HOME/size"
printf '%s\n' "$@" >"$HOME/arguments"
while :; do
  [ -z "${MUSTER_BEAT:-}" ] || muster-beat busy "an issue"
  date +%s.%N >"$HOME/worked"
  sleep 1
done
