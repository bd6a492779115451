#!/bin/sh
# Fetches the foreign witnesses of the DMN tables into .cache/witness, which git ignores; exact versions, and no lock file that
# names a host. Each is skipped by name in tests/test_dmn.py where it is missing.
#
# - feelin (npm, MIT): .cache/witness/node_modules
# - pyDMNrules (PyPI, GPL) in an environment of its own: .cache/witness/venv. It runs as a process of its own and is imported by
#   nothing of ours. PYTHON names the Python that makes it; 3.11, 3.12 and 3.13 are known to do.
# - the public DMN TCK, if it can be had without being asked anything: .cache/witness/tck
set -eu
cd "$(dirname "$0")/../.."
witness=$PWD/.cache/witness
mkdir -p "$witness"
failed=0

[ -d "$witness/node_modules/feelin" ] ||
    npm install --silent --no-package-lock --ignore-scripts --no-audit --no-fund --prefix "$witness" feelin@8.2.0 || failed=1

if ! [ -f "$witness/venv/installed" ]; then
    python=${PYTHON:-}
    for name in python3.13 python3.12 python3.11 python3; do
        [ -n "$python" ] || ! "$name" -c 'import ensurepip, venv' 2>/dev/null || python=$name
    done
    "${python:-python3}" -m venv --clear "$witness/venv" &&
        "$witness/venv/bin/python" -m pip install -q --disable-pip-version-check \
            pyDMNrules==1.4.5 pySFeel==1.4.2 sly==0.5 &&
        touch "$witness/venv/installed" || failed=1
fi

if ! [ -d "$witness/tck/TestCases" ] && [ -z "${DMN_TCK:-}" ]; then
    rm -rf "$witness/tck"
    {
        GIT_TERMINAL_PROMPT=0 git -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=30 clone -q --depth 1 \
            --filter=blob:none --sparse https://github.com/dmn-tck/tck "$witness/tck" &&
            git -C "$witness/tck" sparse-checkout set TestCases
    } 2>/dev/null || rm -rf "$witness/tck"
fi

exit $failed
