#!/usr/bin/env bash
# Looks for known vulnerabilities in what go.mod and frontend/package-lock.json
# pin, whether or not the code calls it. A vulnerability fails; a database that
# cannot be reached is said and does not.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
limit=120 # seconds for each database

said=$(timeout "$limit" go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 -C server -scan module 2>&1)
code=$?
case $code in
  0) echo "Go: no known vulnerability" ;;
  *)
    if grep -qE '^(Vulnerability #|exit status 3$)' <<<"$said"; then
      echo "$said"; failed=1
    else # 124: it took too long
      echo "Go: NOT CHECKED, the vulnerability database or the tool cannot be reached (exit $code): $(grep -v '^exit status' <<<"$said" | tail -n 1)"
    fi ;;
esac

said=$(cd frontend && timeout "$limit" npm audit --json --audit-level=moderate 2>/dev/null)
code=$?
count() { node -e '
  const report = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const found = report.metadata && report.metadata.vulnerabilities;
  if (!found) process.exit(1);
  console.log(found.moderate + found.high + found.critical);' <<<"$said" 2>/dev/null; }
if found=$(count); then
  if [ "$found" -gt 0 ]; then (cd frontend && npm audit --audit-level=moderate || true); failed=1; else echo "npm: no known vulnerability of moderate severity or more"; fi
else
  echo "npm: NOT CHECKED, the vulnerability database cannot be reached (exit $code)"
fi
exit "$failed"
