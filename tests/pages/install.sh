#!/bin/sh
# What tests/test_rulebook.py needs to look at printed pages: axe and a driver for Chromium, into .cache (ignored by git).
# Where it cannot be installed, these tests say "skipped" by name.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p .cache/pages
[ -d .cache/pages/node_modules/axe-core ] && exit 0
npm install --silent --no-package-lock --no-audit --no-fund --prefix .cache/pages axe-core@4.11.0 puppeteer-core@24.43.1
