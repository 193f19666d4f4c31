#!/bin/sh
# The program of the example's agents. It only reads its SOUL.md and sends heartbeats to systemd. To run a real agent,
# change `command` in fleet.yaml.
set -eu

seconds_between_beats=5

if [ ! -t 0 ] || [ ! -t 1 ]; then
  echo "agent: standard input and output must be a terminal: start this program in tmux" >&2
  exit 1
fi
if [ ! -r SOUL.md ]; then
  echo "agent: there is no SOUL.md in $(pwd)" >&2
  exit 1
fi

name=$(sed -n '/^# /{s/^# //;p;q;}' SOUL.md)
key=no
[ -z "${ANTHROPIC_API_KEY:-}" ] || key=a

trap 'echo "$name stops"; exit 0' TERM INT HUP

echo "$name is awake and has $key key"
beats=0
while :; do
  beats=$((beats + 1))
  if [ -n "${NOTIFY_SOCKET:-}" ]; then
    systemd-notify WATCHDOG=1 --status="$name is awake, beat $beats" ||
      echo "$name could not tell systemd that it is alive" >&2
  fi
  printf '%s %s: beat %s\n' "$(date -u +%H:%M:%S)" "$name" "$beats"
  # In the background, so that a TERM is answered at once and not after the sleep.
  sleep "$seconds_between_beats" &
  wait $!
done
