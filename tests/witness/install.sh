#!/bin/sh
# Fetches the foreign engine into .cache/witness, which git ignores; an exact version, and no lock file that names a host.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p .cache/witness
npm install --no-package-lock --ignore-scripts --no-audit --no-fund --prefix .cache/witness feelin@8.2.0
