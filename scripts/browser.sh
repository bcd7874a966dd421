#!/bin/sh
# What the tests in a browser need. Tests that miss one skip and say so; so a refusal here is no failure.
missing() { echo "going on without $1: the tests in a browser that need it will skip" >&2; }
sh scripts/apt-install.sh chromium fonts-noto-cjk || missing chromium

# Playwright drives that chromium; it brings no browser, and may not fetch one.
UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv UV_SYSTEM_CERTS=true PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
    .uv/bin/uv sync --quiet --inexact --locked --all-extras --group browser || missing playwright

axe=tests/browser/node_modules/axe-core/axe.min.js
[ -s "$axe" ] && [ "$axe" -nt tests/browser/package-lock.json ] ||
    npm ci --silent --no-audit --no-fund --prefix tests/browser && touch "$axe" || missing axe-core
true
