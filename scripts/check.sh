#!/bin/sh
# Everything a change must pass besides the tests: runs all of it, then fails if any part did. Settings: pyproject.toml.
cd "$(dirname "$0")/.." || exit 1
failed=

run() {
    printf '\n== %s\n' "$*"
    "$@" || failed="$failed $1"
}

run ruff check .
run ruff format --check --quiet .
run mypy
run lint-imports --no-cache --no-logo
if [ -d textor/templates ]; then
    run djlint --quiet --check textor/templates
    run djlint --quiet --lint textor/templates
fi

if [ -n "$failed" ]; then
    printf '\nNot in order:%s\n' "$failed"
    exit 1
fi
printf '\nAll in order.\n'
