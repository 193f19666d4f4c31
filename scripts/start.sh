#!/bin/sh
# Starts a fleet from a new checkout: installs the missing dependencies, and then applies fleet.yaml.
set -eu
cd "$(dirname "$0")/.."
exec sh scripts/with-deps.sh scripts/run start.mjs "$@"
