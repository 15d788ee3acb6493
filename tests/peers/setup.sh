#!/bin/sh
# Installs the real frameworks that our fakes are checked against into .venv-peers, and a
# real homeserver into .venv-synapse.
# They need versions of their own, so they never enter the project's environment.
set -eu
cd "$(dirname "$0")/../.."
"${PYTHON:-python3}" -m venv .venv-peers
.venv-peers/bin/python -m pip install --quiet \
    'nonebot2[fastapi,websockets,httpx]>=2.4' 'nonebot-adapter-onebot>=2.4' \
    'python-telegram-bot>=22.8'
# Those for node live beside them; without node their tests are skipped, but not in CI.
if command -v npm >/dev/null; then
    npm install --silent --no-audit --no-fund --prefix .venv-peers/node 'grammy@^1.46'
fi
sh tests/peers/setup_irc.sh
# Synapse, and matrix-nio as a person on it, in an environment of their own.
"${PYTHON:-python3}" -m venv .venv-synapse
.venv-synapse/bin/python -m pip install --quiet 'matrix-synapse==1.163.2' 'matrix-nio==0.26.0'

# The page of the web chat is opened in a real browser: Debian's, driven from outside.
.venv-peers/bin/python -m pip install --quiet 'playwright>=1.50'
if ! command -v chromium >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get install -y -q chromium >/dev/null
fi
