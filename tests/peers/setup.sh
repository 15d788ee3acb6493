#!/bin/sh
# Installs the real frameworks that our fakes are checked against into .venv-peers.
# They need versions of their own, so they never enter the project's environment.
set -eu
cd "$(dirname "$0")/../.."
"${PYTHON:-python3}" -m venv .venv-peers
.venv-peers/bin/python -m pip install --quiet \
    'nonebot2[fastapi,websockets,httpx]>=2.4' 'nonebot-adapter-onebot>=2.4'
