# fish completion of cargodeck; written from the table of commands by `make update-share`.

# Prints the options of the line that hold for every command, then the command.
function __cargodeck_line
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case -C --project -f --file --env-file --profile -p --project-name --manifest-path -c --context -H --host --color
                set -q words[2]; or return 1
                test "$argv[1]" = given; and printf '%s\n' $words[1] $words[2]
                set -e words[1]
            case '-*'
            case '*'
                test "$argv[1]" = given; or echo $words[1]
                return 0
        end
        set -e words[1]
    end
    return 1
end

function __cargodeck_is
    set -l verb (__cargodeck_line)
    and contains -- $verb[1] $argv
end

function __cargodeck_asked
    set -l words (commandline -opc)
    set -l given (__cargodeck_line given)
    command $words[1] $given $argv[1] --names 2>/dev/null
end

complete -c cargodeck -f
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a up -d 'Bring the stack up, watch the sources and show both'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a build -d 'Build every program that a service runs, now'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a job -d 'Run a job of cargo beside the build: check, clippy, test, doc, your own'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a start -d 'Start services'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a stop -d 'Stop services'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a restart -d 'Restart services, with the whole start of their containers'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a down -d 'Stop and remove the containers and networks of the project'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a watch -d 'Do what up does, without a screen'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a ps -d 'List services with state, health, generation and usage'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a logs -d 'Print what services write'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a stats -d 'Print what services use: CPU, memory, network, block I/O, processes'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a events -d 'Print what the engine tells of the project'\''s containers, as it comes'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a compose-config -d 'Print the compose configuration as it is run, with the override'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a why -d 'Say why a service is as it is'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a wait -d 'Wait until services run'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a doctor -d 'Check the machine and say how each service is built and swapped'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a init -d 'Write the container files of the project'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a check -d 'Say which of the 83 practices of a containerised Rust project are kept, with evidence'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a compose-override -d 'Print the override that is laid over the compose files'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a config -d 'Print every setting with its value and where it comes from'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a version -d 'Print the version'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a help -d 'Say how a command is used'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a inspect -d 'Look into a container: image, command, variables, mounts, ports, health'
complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a open -d 'Open the address of a port that a service publishes'
complete -c cargodeck -s C -l project -x -a '(__fish_complete_directories)' -d 'Work on the project in this folder, in place of the current one'
complete -c cargodeck -n 'not __cargodeck_is logs' -s f -l file -r -F -d 'Take this compose file'
complete -c cargodeck -n '__cargodeck_is logs' -l file -r -F -d 'Take this compose file'
complete -c cargodeck -l env-file -r -F -d 'Take variables for the compose files from this file'
complete -c cargodeck -l profile -x -d 'Switch a profile of the compose files on'
complete -c cargodeck -s p -l project-name -x -d 'Give the compose project this name'
complete -c cargodeck -l manifest-path -r -F -d 'Take this Cargo.toml, where there are several'
complete -c cargodeck -s c -l context -x -d 'Use the engine of this Docker context'
complete -c cargodeck -s H -l host -x -d 'Use the engine at this address: unix:// or tcp://'
complete -c cargodeck -l color -x -a 'auto always never' -d 'Whether lines are coloured'
complete -c cargodeck -s h -l help -d 'Say how it is used'
complete -c cargodeck -s V -l version -d 'Say which version this is'
complete -c cargodeck -n '__cargodeck_is up' -l take-over -d 'Adopt a stack that plain compose started, without asking'
complete -c cargodeck -n '__cargodeck_is up' -s y -l yes -d 'Answer every question of the start with yes'
complete -c cargodeck -n '__cargodeck_is up' -l read-only -d 'Show what runs; bring nothing up, build nothing, and run no command that changes anything'
complete -c cargodeck -n '__cargodeck_is build' -l clean -d 'Compile everything anew'
complete -c cargodeck -n '__cargodeck_is build' -l json -d 'Print one event a line as JSON; see EVENTS in the manual page'
complete -c cargodeck -n '__cargodeck_is job' -l names -d 'Print the names of all jobs, one a line; no engine is asked'
complete -c cargodeck -n '__cargodeck_is job' -l json -d 'Print one event a line as JSON; see EVENTS in the manual page'
complete -c cargodeck -n '__cargodeck_is down' -s v -l volumes -d 'Remove the project'\''s own volumes too, with all that is in them'
complete -c cargodeck -n '__cargodeck_is watch' -l json -d 'Print one event a line as JSON; see EVENTS in the manual page'
complete -c cargodeck -n '__cargodeck_is watch' -l take-over -d 'Adopt a stack that plain compose started'
complete -c cargodeck -n '__cargodeck_is ps' -l json -d 'Print an array as JSON; see SERVICES AS JSON in the manual page'
complete -c cargodeck -n '__cargodeck_is ps' -l line -d 'Print one short line, for tmux or a prompt'
complete -c cargodeck -n '__cargodeck_is ps' -l names -d 'Print the names of all services, one a line; no engine is asked'
complete -c cargodeck -n '__cargodeck_is logs' -s f -l follow -d 'Go on with what is written from now on, until Ctrl-C'
complete -c cargodeck -n '__cargodeck_is logs' -s n -l tail -x -d 'Begin with the last N lines of each service; 100 where this is not given'
complete -c cargodeck -n '__cargodeck_is logs' -s t -l timestamps -d 'Put the time before each line'
complete -c cargodeck -n '__cargodeck_is logs' -s g -l grep -x -d 'Print only lines that match this regular expression; without a capital letter case is folded'
complete -c cargodeck -n '__cargodeck_is logs' -l exclude -x -d 'Leave out lines that match this one'
complete -c cargodeck -n '__cargodeck_is logs' -s l -l level -x -a 'debug info warn error' -d 'Print only lines of this level or a higher one; a line without a level counts as info'
complete -c cargodeck -n '__cargodeck_is logs' -l json -d 'Print one JSON object a line: time, service, stream and text'
complete -c cargodeck -n '__cargodeck_is stats' -l json -d 'Print an array as JSON; with --watch one object a line'
complete -c cargodeck -n '__cargodeck_is stats' -s w -l watch -d 'Measure again each second, until Ctrl-C'
complete -c cargodeck -n '__cargodeck_is events' -l json -d 'Print one JSON object a line: time, service, action, container and exit_code'
complete -c cargodeck -n '__cargodeck_is events' -l since -x -d 'Begin with what was since then: 10m, 2h, 2026-11-23T14:02:11Z'
complete -c cargodeck -n '__cargodeck_is compose-config' -l drift -d 'Say where it differs from what runs; it ends with 1 where it does'
complete -c cargodeck -n '__cargodeck_is compose-config' -l json -d 'Print differences as JSON'
complete -c cargodeck -n '__cargodeck_is why' -l json -d 'Print it as JSON'
complete -c cargodeck -n '__cargodeck_is wait' -l healthy -d 'Wait until they are healthy, not only running'
complete -c cargodeck -n '__cargodeck_is wait' -s t -l timeout -x -d 'Give up after this time; 60 where this is not given, 0 for never'
complete -c cargodeck -n '__cargodeck_is doctor' -l json -d 'Print it as JSON'
complete -c cargodeck -n '__cargodeck_is init' -s n -l dry-run -d 'Show what would be written as a diff, and write nothing'
complete -c cargodeck -n '__cargodeck_is init' -s y -l yes -d 'Take every default, and ask nothing'
complete -c cargodeck -n '__cargodeck_is init' -l force -d 'Write over files that are there with another text'
complete -c cargodeck -n '__cargodeck_is init' -l with -x -d 'With this part; several with commas'
complete -c cargodeck -n '__cargodeck_is init' -l without -x -d 'Without this part; several with commas'
complete -c cargodeck -n '__cargodeck_is init' -l base -x -a 'distroless scratch slim' -d 'What the shipped image stands on; distroless where this is not given'
complete -c cargodeck -n '__cargodeck_is init' -l migrator -x -a 'sqlx diesel program none' -d 'What applies the migrations; what the project uses where this is not given'
complete -c cargodeck -n '__cargodeck_is init' -l json -d 'Print what was found and what was written as JSON'
complete -c cargodeck -n '__cargodeck_is check' -l live -d 'Look at what runs too: images, containers, their processes; a live proof outranks a file'
complete -c cargodeck -n '__cargodeck_is check' -l probe -d 'Like --live, and start a throw-away copy of each service to see how it stops; and send a line to the receiver of its log'
complete -c cargodeck -n '__cargodeck_is check' -l format -x -a 'text json sarif' -d 'How it is printed'
complete -c cargodeck -n '__cargodeck_is check' -l json -d 'The same as --format json'
complete -c cargodeck -n '__cargodeck_is check' -s a -l all -d 'Print what is kept and what does not apply as well, as text and SARIF; JSON always has it'
complete -c cargodeck -n '__cargodeck_is check' -l only -x -d 'Only this practice (2.3) or topic (2); several with commas'
complete -c cargodeck -n '__cargodeck_is check' -l skip -x -d 'Not this practice or topic'
complete -c cargodeck -n '__cargodeck_is check' -l fail-on -x -a 'error warning never' -d 'End with 1 where this is broken: high is an error, medium a warning; warning where this is not given'
complete -c cargodeck -n '__cargodeck_is check' -l fix -d 'Show the safe edits that mend as a diff, ask where there is a terminal, and write them'
complete -c cargodeck -n '__cargodeck_is check' -s n -l dry-run -d 'Show that diff and write nothing'
complete -c cargodeck -n '__cargodeck_is check' -s y -l yes -d 'Write without asking'
complete -c cargodeck -n '__cargodeck_is check' -l list -d 'Print the catalogue; no project is needed'
complete -c cargodeck -n '__cargodeck_is check' -l explain -x -d 'Say what a practice is, how it is checked, and what mends it'
complete -c cargodeck -n '__cargodeck_is config' -l json -d 'Print it as JSON'
complete -c cargodeck -n '__cargodeck_is version' -l json -d 'Print it as JSON'
complete -c cargodeck -n '__cargodeck_is inspect' -l json -d 'Print it as JSON'
complete -c cargodeck -n '__cargodeck_is open' -l json -d 'Print it as JSON'
complete -c cargodeck -n '__cargodeck_is start stop restart ps logs stats compose-config why wait inspect open' -a '(__cargodeck_asked ps)'
complete -c cargodeck -n '__cargodeck_is job' -a '(__cargodeck_asked job)'
complete -c cargodeck -n '__cargodeck_is help' -a 'up build job start stop restart down watch ps logs stats events compose-config why wait doctor init check compose-override config version help inspect open'
complete -c cargo-deck -w cargodeck
