#!/bin/sh
# From nothing to a running fleet: gets what is missing, then reconciles fleet.yaml.
set -eu
cd "$(dirname "$0")/.."
exec sh scripts/with-deps.sh scripts/run start.mjs "$@"
