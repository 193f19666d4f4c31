#!/bin/sh
# Rebuilds the bundles in a checkout if a source file is newer than the bundles.
set -eu
root=${0%/*}/..
if [ ! -f "$root/dist/.built" ] || [ -n "$(find "$root/src" "$root/schema" -newer "$root/dist/.built" -print -quit)" ]; then
  "$root/scripts/node" "$root/scripts/build.ts" >&2
fi
