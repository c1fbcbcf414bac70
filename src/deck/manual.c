/* The chapters of the manual page beside commands, options and keys: what is
 * an interface for others (events, labels, exit status, environment) and where
 * files lie. Named by the table in commands.c; events as report.c writes them. */
#include "manual.h"

static const struct command_term events[] = {
	{"step", "A step of coming up began, moved or ended. step: its name. state: waiting, running, done or failed. "
		"text: what it does now, or null."},
	{"ready", "The stack is up. services: the names of all services. ms: how long it took."},
	{"saved", "A save is settled. generation: its number. paths: the files, as seen from the project's folder. "
		"binaries: the programs that it touches. why: how that was found: dep-info (cargo's list of a program's sources), "
		"graph (the package graph), manifest (a manifest, lock file or toolchain file: everything), "
		"data (read at run time), config (compose files, env files, Dockerfiles) or none (it touches nothing)."},
	{"build", "A build of a generation moved. state: started, progress, passed, failed or cancelled. "
		"restarted: how many times it was begun again because a save came in. "
		"done, total: units compiled, where they are known. crates: what is compiled now, or null. "
		"ms: how long it took so far, absent at its start. "
		"unbuilt: the programs that did not compile in it, or in the last one that they were in, with passed and failed alone."},
	{"diagnostic", "The compiler said something. level: error, warning or note. code: as E0308, or null. "
		"file (an absolute path where it is known), line, column: its first place, or null. message: one sentence. "
		"job: whose it is where a job said it, else absent."},
	{"swap", "A service was given another generation. service. generation. "
		"mode: preload (no gap, a dynamic program), seccomp (no gap, a static program), "
		"alone (the old one ended first, connections waited) or restart (stopped and started). ms: how long the swap took."},
	{"serving", "The new code answers. service. generation. stages_ms: an object of event, settle, dispatch, cargo, start and "
		"ready, in milliseconds: the file system's event until we had it, waiting for more of the save, until cargo was running, "
		"cargo itself, until the new program ran, until it had accepted. "
		"beyond_cargo_ms: the whole from the save, less cargo's own time. own_ms: what the program itself took of ready, from its start until it listened; 0 where it "
		"listens on nothing. All three are absent where no save caused it."},
	{"service", "A service changed. service. state: as ps has it. health: healthy, unhealthy, starting or none. "
		"generation: that serves, absent where it runs no program of this project. exit_code: a number, or null while it runs. "
		"image: own (its own runtime image), builder (the builder's, where its own does not fit) or null."},
	{"fault", "Something went wrong. code: usage, input, failed, outside or cancelled. message: one sentence. "
		"mend: what to do, or null."},
	{"job", "A job beside the build. name: check, clippy, test, doc, that of an own one, or off. state: chosen (it runs after each build that passed from now on), "
		"started, progress, passed, failed or cancelled. again: true where one that is cancelled will run again. "
		"ms: how long it took. errors, warnings: diagnostics so far. passed, failed: tests so far. "
		"exit_code: cargo's, or null while it runs. text: cargo's own words where it failed without a diagnostic, or null. "
		"done, total and crates as in build, with progress alone."},
	{"test", "A test failed. job: test, or an own one. name: the test's. message: of its panic, or null. "
		"file (an absolute path where it is known), line, column: of its panic, or null. output: what it wrote."},
	{NULL, NULL},
};

static const struct command_term labels[] = {
	{"dev.cargodeck.bin", "The binary that the service runs, by its name in cargo, where it is not found by itself."},
	{"dev.cargodeck.swap", "How it is swapped. auto: as is found out. alone: the old program ends before the new one "
		"starts; connections wait. restart: the container is restarted. overlap: a program without a listening socket is started "
		"beside the old one, which is ended then."},
	{"dev.cargodeck.ready", "When it is ready: a path that answers 2xx over HTTP, as /readyz, or a command run in the container."},
	{"dev.cargodeck.profile", "The cargo profile, in place of dev."},
	{"dev.cargodeck.features", "Cargo features, separated by commas, in place of those in the Dockerfile."},
	{"dev.cargodeck.target", "The target triple, in place of that in the Dockerfile."},
	{NULL, NULL},
};

static const struct command_term project_settings[] = {
	{"bin", "For a service: as the label. Only below services."},
	{"ready, swap, profile, features, target", "As the labels of these names."},
	{"ready_limit, ready_silent", "As the person's settings of these names, which come before them: 20s, 500ms, 1min 30s."},
	{"ignore", "Paths below the project's folder that no save of counts; folders among them are not watched from the next start on."},
	{"services", "An object by the names of services: what is set there is for that one."},
	{NULL, NULL},
};

static const struct command_term own_jobs[] = {
	{"name = sentence | words", "The sentence is shown where the job is chosen. name: small letters, digits and -, none of cargodeck's own."},
	{"name = words", "The same without a sentence."},
	{NULL, NULL},
};

static const struct command_term ps_fields[] = {
	{"service", "Its name in the compose file."},
	{"state", "healthy, unhealthy or starting where it has a health test, else running; waiting (for another one), stopping "
		"and stopped (by an order), paused, restarting, done (ended with 0 and is a job), exited or absent (there is no container)."},
	{"health", "healthy, unhealthy, starting or none."},
	{"generation", "The generation that serves, or null."},
	{"binary", "The binary of this project that it runs, or null."},
	{"image", "own, builder, or null where it is no service of this project's programs."},
	{"cpu_percent", "100 is one core; null while unknown."},
	{"memory_bytes", "Null while unknown."},
	{"ports", "An array of the published ports, as numbers."},
	{"restarts", "How many times the engine started it again."},
	{NULL, NULL},
};

static const struct command_term stats_fields[] = {
	{"service, state", "As in SERVICES AS JSON."},
	{"cpu_percent", "100 is one core; null where it does not run."},
	{"memory_bytes, memory_limit_bytes", "What is used without caches that nobody uses; the limit, or null."},
	{"network_received_bytes, network_sent_bytes", "Since the start of its container, over all networks."},
	{"block_read_bytes, block_written_bytes", "Since the start of its container."},
	{"processes", "Processes and threads."},
	{"time", "With --watch alone: RFC 3339."},
	{NULL, NULL},
};

static const struct command_term inspect_fields[] = {
	{"service, container, id", "Names, and the engine's number."},
	{"image", "name, id, digest (null: it was never pulled or pushed) and created."},
	{"state, exit_code, created, started", "The engine's word; a code where it has ended."},
	{"entrypoint, command, user, working_dir", "Arrays of words, or null."},
	{"env", "An array with name, value (or null) and masked."},
	{"mounts", "An array with type, source, target and read_only."},
	{"networks", "An array with name, address, address6 and aliases."},
	{"ports", "An array with container, address and host; the last two null where it is not published."},
	{"labels", "An object."},
	{"limits", "memory_bytes, cpus and processes, each null where there is none; read_only."},
	{"health", "Null, or status, test, failing_streak and probes: the last ones with time, exit_code and output."},
	{"restart", "policy, most and count."},
	{NULL, NULL},
};

static const struct command_term statuses[] = {
	{"0", "Well."},
	{"1", "What was asked for failed, or a check found something."},
	{"2", "Wrong usage."},
	{"3", "Something outside is missing or unreachable: the engine, Compose, a file of the project."},
	{NULL, NULL},
};

static const struct command_term environment[] = {
	{"DOCKER_HOST, DOCKER_CONTEXT", "Which engine, where neither --host nor --context says so."},
	{"DOCKER_CERT_PATH, DOCKER_TLS_VERIFY", "Certificates for an engine over TLS."},
	{"COMPOSE_FILE, COMPOSE_PROFILES, COMPOSE_PROJECT_NAME", "As Compose reads them, where no option says otherwise; "
		"also from the file .env of the project."},
	{"CARGO_*, HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE", "Handed to cargo and to image builds, never stored in an image. "
		"Without SSL_CERT_FILE the system's own bundle of certificates is taken."},
	{"EDITOR, VISUAL", "Opens the place of an error."},
	{"NO_COLOR", "Not empty: no colour, where --color does not say otherwise."},
	{"COLORTERM", "truecolor or 24bit: the screen takes true colour, also where TERM says less."},
	{"COLORFGBG", "Whether the terminal's ground is light, for the theme \"auto\", where the terminal does not answer."},
	{"XDG_CONFIG_HOME, XDG_STATE_HOME", "Where own files lie; see FILES."},
	{NULL, NULL},
};

static const struct command_term files[] = {
	{"$XDG_CONFIG_HOME/cargodeck/config.ini", "A person's settings. $XDG_CONFIG_HOME is ~/.config where it is not set. "
		"It is read again when it is saved: what is right in it is taken at once, and log_bytes for logs shown from then on. "
		"A sample lies in the documentation folder as config.ini.sample."},
	{"$XDG_CONFIG_HOME/cargodeck/themes/NAME.ini", "A person's own themes; they come before those installed."},
	{"$XDG_STATE_HOME/cargodeck/chosen/NAME.json", "What was chosen on the screen in the compose project of this name: "
		"pane, service, zoom, how logs are shown, the second log, the job. It may be removed."},
	{"$XDG_STATE_HOME/cargodeck/projects/NAME", "What is made for the compose project of this name: the override for Compose, "
		"rendered image files, and the lock of the deck that has it. $XDG_STATE_HOME is ~/.local/state where it is not set."},
	{NULL, NULL},
};

const struct command_chapter manual_chapters[MANUAL_CHAPTERS] = {
	{"EVENTS", "`cargodeck watch --json`, `build --json` and `job --json` print one JSON object a line. "
		"Each has event, its name; time, RFC 3339 with milliseconds, in UTC; and generation, a number, where there is one. "
		"More events and more members may come with later versions: ignore what you do not know.", events},
	{"SERVICES AS JSON", "`cargodeck ps --json` prints an array with one object a service:", ps_fields},
	{"STATS AS JSON", "`cargodeck stats --json` prints an array with one object a service, with --watch one object a line:", stats_fields},
	{"A CONTAINER AS JSON", "`cargodeck inspect --json` prints one object. Secrets are masked as \"****\", long texts cut:", inspect_fields},
	{"OWN JOBS", "A line of [jobs] in config.ini is a job beside check, clippy, test and doc. Its words are those behind cargo in a shell: "
		"a command of cargo, perhaps with +toolchain before it. Quotes keep words together; there is no shell. "
		"It is run in the builder with exactly these words, in the target folder of jobs; only where cargo compiles is --message-format added "
		"where it is not given, so that errors and warnings can be listed. Failing tests are listed where the command is test, bench or nextest run. "
		"On the screen it is chosen behind the key J, or as `job-NAME` from the palette and by a key of [keys]; "
		"it runs after each build that passed, the next save cancels it, and the choice is kept by project. "
		"`cargodeck job NAME` runs it once. Examples: pedantic = Lint strictly | clippy --workspace -- -W clippy::pedantic, "
		"format = fmt --all --check.", own_jobs},
	{"LABELS", "A compose file may say more about a service by labels. None is needed; "
		"`cargodeck doctor` says for each service what was found and why.", labels},
	{"PROJECT SETTINGS", "What holds for all who work on a project may stand in its own files, none of which is needed: "
		"the top level of a compose file as x-cargodeck, Cargo.toml as [workspace.metadata.cargodeck] (where cargo is installed), "
		"and a package's as [package.metadata.cargodeck], without bin, services and ignore. "
		"The nearest one wins: a label, x-cargodeck's services, x-cargodeck, the package, the workspace's services, the workspace. "
		"`cargodeck doctor` lists what was taken with its place, and what was not understood.", project_settings},
	{"EXIT STATUS", NULL, statuses},
	{"ENVIRONMENT", NULL, environment},
	{"FILES", NULL, files},
	{"SEE ALSO", "cargo(1), docker(1), docker-compose(1), inotify(7)", NULL},
};
