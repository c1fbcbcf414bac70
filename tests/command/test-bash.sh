# The completion for bash, asked as bash would ask it. The program itself is
# needed only for the names of services and jobs: here a function answers in its place.
if ! command -v bash >/dev/null; then
	echo "1..0 # SKIP bash is not installed"
	exit 0
fi
exec bash -s <<'SCRIPT'
source "$TEST_SRCDIR/share/completions/cargodeck.bash" || exit 99
number=0

# Names of services and of jobs; the words that it was called with come first.
cargodeck() {
	[[ ${*: -2} == 'job --names' ]] && printf '%s\n' check clippy pedantic && return
	[[ ${*: -2} == 'ps --names' ]] || return 1
	printf '%s\n' api worker 'we$(echo evil)ird'
	printf 'called-with-%s\n' "$#"
}

# WANTED WORD... : the last word is the one that is being completed. bash splits
# words at "=", so do the cases.
check() {
	local wanted=$1
	shift
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=(left over)
	_cargodeck
	number=$((number + 1))
	if [[ "${COMPREPLY[*]}" == "$wanted" ]]; then
		echo "ok $number - ${*@Q}"
	else
		echo "not ok $number - ${*@Q}"
		echo "# wanted: $wanted"
		echo "# but is: ${COMPREPLY[*]}"
	fi
}

cd "$TEST_SRCDIR/themes" || exit 99
check 'start stop stats' cargodeck st
check 'start stop stats' cargodeck deck st
check 'start stop stats' cargodeck --color always -f x.yaml st
check 'api' cargodeck restart a
check 'worker' cargodeck restart w
check 'worker' cargodeck logs -f w
check 'called-with-2' cargodeck logs c
check 'called-with-6' cargodeck -C dir logs -f -n 3 --file a.yaml c
check 'called-with-4' cargodeck --project = dir stop api c
check '--tail --timestamps' cargodeck logs --t
check '--file --follow' cargodeck logs --f
check '--take-over' cargodeck --ta
check '--take-over' cargodeck up --ta
check '' cargodeck ps --ta
check 'always' cargodeck --color al
check 'auto always never' cargodeck --color =
check 'always' cargodeck --color = al
check 'dark.ini' cargodeck -f d
check 'dark.ini' cargodeck --file d
check 'dark.ini' cargodeck ps --file = d
check '' cargodeck down a
check 'check clippy' cargodeck job c
check 'pedantic' cargodeck -C dir job p
check 'down doctor' cargodeck help do
check '' cargodeck logs --tail a
check '' cargodeck --context a
echo "1..$number"
SCRIPT
