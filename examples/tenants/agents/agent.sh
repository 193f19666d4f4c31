#!/bin/sh
# Runs in the agent's terminal, and pings systemd's watchdog to show that the agent is alive.
while :; do
  systemd-notify WATCHDOG=1 --status="awake as $(id -un) of $MUSTER_TENANT"
  sleep 20
done
