# bash completion of cargodeck; written from the table of commands by `make update-share`.

_cargodeck() {
	local current=${COMP_WORDS[COMP_CWORD]} verb='' option='' takes='' word='' name='' i=1
	local -a given=()
	COMPREPLY=()
	[[ ${COMP_WORDS[1]} == deck && COMP_CWORD -gt 1 ]] && i=2
	while ((i < COMP_CWORD)); do
		word=${COMP_WORDS[i]} takes=''
		case $verb:$word in
		up:--take-over) ;;
		up:--yes|up:-y) ;;
		up:--read-only) ;;
		build:--clean) ;;
		build:--json) ;;
		job:--names) ;;
		job:--json) ;;
		down:--volumes|down:-v) ;;
		watch:--json) ;;
		watch:--take-over) ;;
		ps:--json) ;;
		ps:--line) ;;
		ps:--names) ;;
		logs:--follow|logs:-f) ;;
		logs:--tail|logs:-n) takes=own ;;
		logs:--timestamps|logs:-t) ;;
		logs:--grep|logs:-g) takes=own ;;
		logs:--exclude) takes=own ;;
		logs:--level|logs:-l) takes=own ;;
		logs:--json) ;;
		stats:--json) ;;
		stats:--watch|stats:-w) ;;
		events:--json) ;;
		events:--since) takes=own ;;
		compose-config:--drift) ;;
		compose-config:--json) ;;
		why:--json) ;;
		wait:--healthy) ;;
		wait:--timeout|wait:-t) takes=own ;;
		doctor:--json) ;;
		init:--dry-run|init:-n) ;;
		init:--yes|init:-y) ;;
		init:--force) ;;
		init:--with) takes=own ;;
		init:--without) takes=own ;;
		init:--base) takes=own ;;
		init:--migrator) takes=own ;;
		init:--json) ;;
		check:--live) ;;
		check:--probe) ;;
		check:--format) takes=own ;;
		check:--json) ;;
		check:--all|check:-a) ;;
		check:--only) takes=own ;;
		check:--skip) takes=own ;;
		check:--fail-on) takes=own ;;
		check:--fix) ;;
		check:--dry-run|check:-n) ;;
		check:--yes|check:-y) ;;
		check:--list) ;;
		check:--explain) takes=own ;;
		config:--json) ;;
		version:--json) ;;
		inspect:--json) ;;
		open:--json) ;;
		*:--project|*:-C) takes=all ;;
		*:--file|*:-f) takes=all ;;
		*:--env-file) takes=all ;;
		*:--profile) takes=all ;;
		*:--project-name|*:-p) takes=all ;;
		*:--manifest-path) takes=all ;;
		*:--context|*:-c) takes=all ;;
		*:--host|*:-H) takes=all ;;
		*:--color) takes=all ;;
		*:-*) ;;
		:*) verb=$word ;;
		esac
		((i++))
		[[ -n $takes ]] || continue
		# bash splits --name=value at the sign
		if [[ ${COMP_WORDS[i]} == = ]]; then
			((i == COMP_CWORD)) && current=''
			((i++))
		fi
		if ((i >= COMP_CWORD)); then
			option=$word
		else
			[[ $takes == all ]] && given+=("$word" "${COMP_WORDS[i]}")
			((i++))
		fi
	done
	if [[ -n $option ]]; then
		case $verb:$option in
		logs:--level|logs:-l) mapfile -t COMPREPLY < <(compgen -W 'debug info warn error' -- "$current") ;;
		init:--base) mapfile -t COMPREPLY < <(compgen -W 'distroless scratch slim' -- "$current") ;;
		init:--migrator) mapfile -t COMPREPLY < <(compgen -W 'sqlx diesel program none' -- "$current") ;;
		check:--format) mapfile -t COMPREPLY < <(compgen -W 'text json sarif' -- "$current") ;;
		check:--fail-on) mapfile -t COMPREPLY < <(compgen -W 'error warning never' -- "$current") ;;
		*:--project|*:-C) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
		*:--file|*:-f) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
		*:--env-file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
		*:--manifest-path) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
		*:--color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current") ;;
		esac
		return
	fi
	if [[ $current == -* ]]; then
		word='--project --file --env-file --profile --project-name --manifest-path --context --host --color --help --version'
		case $verb in
		''|up) word+=' --take-over --yes --read-only' ;;
		build) word+=' --clean --json' ;;
		job) word+=' --names --json' ;;
		down) word+=' --volumes' ;;
		watch) word+=' --json --take-over' ;;
		ps) word+=' --json --line --names' ;;
		logs) word+=' --follow --tail --timestamps --grep --exclude --level --json' ;;
		stats) word+=' --json --watch' ;;
		events) word+=' --json --since' ;;
		compose-config) word+=' --drift --json' ;;
		why) word+=' --json' ;;
		wait) word+=' --healthy --timeout' ;;
		doctor) word+=' --json' ;;
		init) word+=' --dry-run --yes --force --with --without --base --migrator --json' ;;
		check) word+=' --live --probe --format --json --all --only --skip --fail-on --fix --dry-run --yes --list --explain' ;;
		config) word+=' --json' ;;
		version) word+=' --json' ;;
		inspect) word+=' --json' ;;
		open) word+=' --json' ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$word" -- "$current")
		return
	fi
	case $verb in
	''|help) mapfile -t COMPREPLY < <(compgen -W 'up build job start stop restart down watch ps logs stats events compose-config why wait doctor init check compose-override config version help inspect open' -- "$current") ;;
	start|stop|restart|ps|logs|stats|compose-config|why|wait|inspect|open)
		while read -r name; do
			[[ $name == *[^A-Za-z0-9._-]* ]] && continue # it would be run
			[[ $name == "$current"* ]] && COMPREPLY+=("$name")
		done < <("${COMP_WORDS[0]}" "${given[@]}" ps --names 2>/dev/null)
		;;
	job)
		while read -r name; do
			[[ $name == *[^A-Za-z0-9._-]* ]] && continue # it would be run
			[[ $name == "$current"* ]] && COMPREPLY+=("$name")
		done < <("${COMP_WORDS[0]}" "${given[@]}" job --names 2>/dev/null)
		;;
	esac
}
complete -F _cargodeck cargodeck cargo-deck
