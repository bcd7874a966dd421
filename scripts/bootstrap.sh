#!/bin/sh
# Makes .uv/ (the pinned uv) and .venv/ (the locked environment) from a bare python3.
set -eu
UV_VERSION=0.13.9
# A county behind an inspecting proxy has its CA in the system store, not in the bundled one.
export UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv UV_SYSTEM_CERTS=true

PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "python3 is $("$PYTHON" --version 2>&1); 3.11 or newer is needed (set PYTHON=/path/to/python3.11)" >&2
    exit 1
}

if ! .uv/bin/uv --version 2>/dev/null | grep -q "^uv $UV_VERSION"; then
    rm -rf .uv
    if ! "$PYTHON" -m venv .uv 2>/dev/null; then
        rm -rf .uv
        sh scripts/apt-install.sh python3-venv # Debian ships venv's pip on its own
        "$PYTHON" -m venv .uv
    fi
    .uv/bin/python -m pip --disable-pip-version-check install --quiet "uv==$UV_VERSION"
fi

# Compiled once here: where an image sets PYTHONDONTWRITEBYTECODE every process would do it anew, for a second each.
.uv/bin/uv sync --quiet --locked --all-extras --compile-bytecode --python "$PYTHON"
touch .venv/.ready
