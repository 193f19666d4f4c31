#!/bin/sh
# Stays alive in its terminal, and tells systemd's watchdog so.
while :; do
  systemd-notify WATCHDOG=1 --status="awake as $(id -un) of $MUSTER_TENANT"
  sleep 20
done
