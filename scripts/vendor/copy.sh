#!/bin/sh
# Fetches what browsers load of others, as package-lock.json has it with its hashes, and copies it with its licence to
# where the console serves it from. Needed only for a new version: the copies are part of the source.
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund --silent
to=../../countyhub/web/static/vendor
cp node_modules/uplot/dist/uPlot.iife.min.js "$to/uPlot.js"
cp node_modules/uplot/dist/uPlot.min.css "$to/uPlot.css"
cp node_modules/uplot/LICENSE "$to/uPlot.LICENSE.txt"
rm -rf node_modules
(cd "$to" && sha256sum uPlot.* >SHA256SUMS)
