#!/bin/sh
# scan.sh IMAGE...: looks for known holes that have a mend; ends with 1 where one
# is high or critical. What is let through stands in .trivyignore, with a reason
# and until when.
set -eu
[ $# -gt 0 ] || {
	echo "scan.sh IMAGE..." >&2
	exit 2
}
status=0
for image in "$@"; do
	if command -v trivy >/dev/null; then
		trivy image --exit-code 1 --severity HIGH,CRITICAL --ignore-unfixed "$image" || status=1
	elif command -v grype >/dev/null; then
		grype --fail-on high --only-fixed "$image" || status=1
	elif docker scout version >/dev/null 2>&1; then
		docker scout cves --exit-code --only-severity high,critical --only-fixed "$image" || status=1
	else
		echo "scan.sh: none of trivy, grype, docker scout is installed" >&2
		exit 3
	fi
done
# What the programs are made of, whatever image they lie in.
if command -v cargo-audit >/dev/null; then cargo audit || status=1; fi
exit $status
