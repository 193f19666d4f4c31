#!/bin/sh
# Stands in for hermes, claude, codex, pi and the minds of the examples, none of which can be had here. It begins as they
# do: without a terminal on all three it ends, it takes the terminal's raw mode and its size. Then it beats, and works.
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
