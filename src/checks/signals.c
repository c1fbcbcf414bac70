/* Topic 8, how a program ends: who is the first process, what the sources do
 * with signals, and whether requests come to their end. */
#include "production.h"
#include "rust-asks.h"

#include "deployed.h"
#include "programs.h"

#include <ctype.h>
#include <stdio.h>

/* ---- the start command ---- */

bool is_init_program(const char *name)
{
	static const char *const names[] = {"tini", "tini-static", "dumb-init", "docker-init", "catatonit", "s6-svscan", "init",
		"pid1", "runsvdir", "supervisord", NULL};
	return name_in(name, names);
}

static bool is_wrapper(const char *name)
{
	static const char *const names[] = {"gosu", "su-exec", "setpriv", "env", "nice", "ionice", "chpst", "stdbuf", NULL};
	return name_in(name, names);
}

/* Does the command give its place to another program? `exec 2>&1` does not. */
static bool is_exec(const struct strings *words)
{
	for (size_t i = 0; i + 1 < words->count; i++) {
		if (strcmp(words->items[i], "exec") == 0)
			return words->items[i + 1][0] != '>' && words->items[i + 1][0] != '<' &&
				!isdigit((unsigned char)words->items[i + 1][0]);
		if (!is_assignment(words->items[i]) && strcmp(words->items[i], "then") != 0 && strcmp(words->items[i], "else") != 0 &&
			strcmp(words->items[i], "do") != 0 && strcmp(words->items[i], "{") != 0)
			return false;
	}
	return false;
}

static size_t count_word(const char *text, const char *word)
{
	size_t count = 0, len = strlen(word);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
		count += (at == text || strchr(" \t\n;'\"{(&", at[-1]) != NULL) &&
			(at[len] == '\0' || strchr(" \t\n;'\"})&", at[len]) != NULL);
	return count;
}

enum passing { PASSES, PASSES_NOT, LEAVES_EARLY };

/* A shell that execs is gone; one that traps has to forward, and to wait once
 * more: the first wait returns as soon as the signal comes. */
static enum passing shell_passes(const char *text, size_t *last)
{
	struct shell_commands commands = {0};
	bool execs = false, traps = false;
	*last = 0;
	shell_split(text, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		execs = execs || is_exec(words);
		traps = traps || (words->count > 2 && strcmp(words->items[0], "trap") == 0 &&
			(strings_have(words, "TERM") || strings_have(words, "SIGTERM") || strings_have(words, "15")));
		if (words->count > 0 && strcmp(words->items[0], "}") != 0 && strcmp(words->items[0], "fi") != 0 &&
			strcmp(words->items[0], "done") != 0)
			*last = (size_t)(commands.items[i].start - text) + strspn(commands.items[i].start, " \t\n");
	}
	shell_commands_finish(&commands);
	if (execs)
		return PASSES;
	if (!traps)
		return PASSES_NOT;
	return count_word(text, "wait") >= 2 || (count_word(text, "wait") > 0 && count_word(text, "while") > 0) ? PASSES :
		LEAVES_EARLY;
}

struct front {
	bool has_init; /* a first process that passes signals on */
	bool is_bad; /* said */
};

static void say_shell(struct check *check, const struct shipped *shipped, const struct image_start *start)
{
	const char *path = start->file;
	bool is_inline = path != NULL && strcmp(path, shipped->source->path) == 0;
	if (is_inline && !start->is_shell)
		return;
	check_against(check, path, start->line, "a shell is the first process and passes no signals on: %.120s", start->body != NULL ?
		start->body : "");
	check_mend(check, "Write ENTRYPOINT or CMD as a JSON array that names the program, or put exec before the command");
}

static void look_at_script(struct check *check, const char *text, const char *file, unsigned before, struct front *front)
{
	size_t last;
	bool is_shell_script = !text_starts_with(text, "#!") || strstr(text, "sh") != NULL;
	auto_free char *head = mem_copy_bytes(text, strcspn(text, "\n"));
	if (text_starts_with(head, "#!") && strstr(head, "sh") == NULL)
		is_shell_script = false;
	enum passing passing = is_shell_script ? shell_passes(text, &last) : PASSES;
	if (passing == PASSES)
		return;
	front->is_bad = true;
	if (passing == LEAVES_EARLY)
		check_against(check, file, before + text_line_at(text, last),
			"the script traps SIGTERM, but waits once: that wait returns at once, and it ends before the program does");
	else
		check_against(check, file, before + text_line_at(text, last),
			"the script starts the program without exec: the shell stays the first process and passes no signals on");
	check_mend(check, "End the script with exec, as in exec \"$@\"");
}

/* Of several in a stage the last one counts (Dockerfile reference): a remark. */
static void remark_dead_lines(struct check *check, const struct shipped *shipped)
{
	static const char *const words[] = {"CMD", "ENTRYPOINT"};
	const struct dockerfile *file = &shipped->source->file;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		int last = dockerfile_last(file, shipped->stage, words[i]);
		for (size_t k = 0; last >= 0 && k < (size_t)last; k++)
			if (file->lines.items[k].stage == file->lines.items[last].stage && strcmp(file->lines.items[k].word, words[i]) == 0)
				check_for(check, shipped->source->path, file->lines.items[k].first, "this %s does nothing: another one stands below it", words[i]);
	}
}

/* Who is the first process, and does the program get what it is told? */
static struct front look_at_front(struct check *check, const struct shipped *shipped)
{
	const struct sources *sources = check->sources;
	struct front front = {.has_init = json_is_true(compose_member(image_service(sources, shipped), "init"))};
	struct image_start start;
	image_start(sources, shipped, &start);
	size_t at = 0;
	bool is_user = false; /* gosu USER program */
	for (; at < start.words.count; at++) {
		const char *word = start.words.items[at], *name = path_name(word);
		front.has_init = front.has_init || is_init_program(name);
		if (!is_user && !is_init_program(name) && !is_wrapper(name) && word[0] != '-' && !is_assignment(word))
			break;
		is_user = strcmp(name, "gosu") == 0 || strcmp(name, "su-exec") == 0;
	}
	const char *head = at < start.words.count ? start.words.items[at] : "", *name = path_name(head);
	const char *file = NULL;
	unsigned before = 0;
	size_t last;
	if (front.has_init || head[0] == '\0') {
		/* it passes signals on; or nothing is known */
	} else if (strcmp(name, "cargo") == 0 || strcmp(name, "cargo-watch") == 0) {
		check_against(check, start.file, start.line, "cargo is the first process, and the program does not get what it is told");
		check_mend(check, "Start the program itself: ENTRYPOINT [\"/usr/local/bin/NAME\"]");
		front.is_bad = true;
	} else if (is_shell(head) && at + 2 < start.words.count && start.words.items[at + 1][0] == '-' &&
		strchr(start.words.items[at + 1], 'c') != NULL) {
		if (start.body == NULL)
			start.body = mem_copy_string(start.words.items[at + 2]);
		start.is_shell = true;
		/* a script that is all of the text is judged as such */
		auto_free char *script = strpbrk(start.body, " \t;&|") == NULL ?
			image_script(sources, shipped, start.body, &file, &before) : NULL;
		front.is_bad = shell_passes(start.body, &last) != PASSES;
		if (front.is_bad)
			say_shell(check, shipped, &start);
		else if (script != NULL)
			look_at_script(check, script, file, before, &front);
	} else {
		const char *word = is_shell(head) && at + 1 < start.words.count ? start.words.items[at + 1] : head;
		auto_free char *script = image_script(sources, shipped, word, &file, &before);
		if (script != NULL)
			look_at_script(check, script, file, before, &front);
	}
	image_start_finish(&start);
	return front;
}

/* ---- the sources ---- */

enum handler { HANDLER_NONE, HANDLER_INT, HANDLER_TERM };
struct handling {
	enum handler handler;
	const char *file; /* where it is read */
	unsigned line;
	const char *what;
};

/* Frameworks that end on SIGTERM by themselves, and let requests come to their end. */
const char *stopping_crate(const struct rust_facts *rust)
{
	static const char *const names[] = {"actix-web", "actix-server", "rocket", "ntex", "pingora", "pingora-core", "pingora-proxy",
		"loco-rs", "volo-http", "volo-grpc", "shuttle-runtime"};
	struct rust_place place = {0};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct rust_crate *crate = rust_crate(rust, names[i]);
		if (crate == NULL || !crate->is_direct)
			continue;
		if (text_starts_with(names[i], "actix") && rust_find(rust, "disable_signals (", &place))
			continue;
		return names[i];
	}
	return NULL;
}

/* kill(child, SIGTERM) is no handler. */
static bool is_sent(const struct rust_place *place)
{
	enum { WINDOW = 60 };
	size_t from = place->offset > WINDOW ? place->offset - WINDOW : 0;
	return memmem(place->source->code + from, place->offset - from, "kill", 4) != NULL;
}

static bool find_first(const struct rust_facts *rust, const char *const *words, struct handling *out)
{
	for (; *words != NULL; words++) {
		struct rust_place place = {0};
		bool found;
		while ((found = rust_find(rust, *words, &place)) && strcmp(*words, "SIGTERM") == 0 && is_sent(&place))
			;
		if (!found)
			continue;
		out->file = place.source->path;
		out->line = place.line;
		out->what = *words;
		return true;
	}
	return false;
}

static struct handling find_handling(const struct rust_facts *rust)
{
	static const char *const terms[] = {"SignalKind :: terminate", "TERM_SIGNALS", "SIGTERM", "catch_signals",
		"shutdown_signal (", "wait_for_shutdown_signal (", "default_shutdown_signal (", "Signal :: Term", NULL};
	static const char *const ints[] = {"ctrl_c (", "ctrlc :: set_handler", "ctrl_c", NULL};
	struct handling out = {0};
	if (find_first(rust, terms, &out)) {
		out.handler = HANDLER_TERM;
		/* a function of that name is judged by what it holds */
		struct handling bare = {0};
		if (strstr(out.what, "shutdown_signal") == NULL || !find_first(rust, ints, &bare))
			return out;
		return (struct handling){HANDLER_INT, bare.file, bare.line, bare.what};
	}
	const char *crate = stopping_crate(rust);
	if (crate != NULL)
		return (struct handling){HANDLER_TERM, rust->graph_file, 0, crate};
	if (rust_has_feature(rust, "ctrlc", "termination") && find_first(rust, ints, &out))
		out.handler = HANDLER_TERM;
	else if (find_first(rust, ints, &out))
		out.handler = HANDLER_INT;
	return out;
}

bool handles_sigterm(const struct rust_facts *facts, const char **file, unsigned *line)
{
	struct handling handling = find_handling(facts);
	*file = handling.file;
	*line = handling.line;
	return handling.handler == HANDLER_TERM;
}

/* "TERM" where nobody says otherwise. */
static char *stop_signal(const struct sources *sources, const struct shipped *shipped)
{
	const char *text = json_string_value(compose_member(image_service(sources, shipped), "stop_signal"));
	int index = dockerfile_last(&shipped->source->file, shipped->stage, "STOPSIGNAL");
	if (text == NULL)
		text = index >= 0 ? shipped->source->file.lines.items[index].rest : "TERM";
	return mem_copy_string(text_starts_with(text, "SIG") ? text + 3 : strcmp(text, "2") == 0 ? "INT" : strcmp(text, "15") == 0 ?
		"TERM" : text);
}

static void place_of_main(const struct rust_facts *rust, struct handling *out)
{
	static const char *const words[] = {"fn main (", NULL};
	if (!find_first(rust, words, out))
		out->file = rust->graph_file;
}

static void look_at_handler(struct check *check, const struct shipped *shipped, const struct front *front, struct handling handling,
	const struct program *program)
{
	const struct rust_facts *rust = &check->sources->rust;
	auto_free char *stop = stop_signal(check->sources, shipped);
	if (!rust->is_there) {
		check_for(check, shipped->source->path, shipped->source->file.stages.items[shipped->stage].line,
			"the program is the first process and gets what it is told");
	} else if (handling.handler == HANDLER_TERM && handling.line == 0) {
		check_for(check, handling.file, 0, "%s ends on SIGTERM by itself", handling.what);
	} else if (handling.handler == HANDLER_TERM) {
		check_for(check, handling.file, handling.line, "SIGTERM is handled here");
	} else if (handling.handler == HANDLER_INT && strcmp(stop, "INT") == 0) {
		check_for(check, handling.file, handling.line, "SIGINT is handled here, and that is the signal to stop");
	} else if (handling.handler == HANDLER_INT) {
		check_against(check, handling.file, handling.line,
			"SIGINT is handled here, SIGTERM nowhere: that is what docker stop sends");
		check_mend(check, "Wait for tokio::signal::unix::signal(SignalKind::terminate()) too, or set STOPSIGNAL SIGINT");
	} else if (front->has_init) {
		check_for(check, shipped->source->path, shipped->source->file.stages.items[shipped->stage].line,
			"an init process stands before the program, so SIGTERM ends it without a handler");
	} else if (program != NULL) {
		check_against(check, handling.file, handling.line,
			"no handler for SIGTERM is found in %s and the crates that it stands on: as the first process it does not notice it",
			program->name);
	} else {
		check_against(check, handling.file, handling.line,
			"no handler for SIGTERM is found: as the first process the program does not notice it");
	}
}

/* Does a line of its own start something, and not the base image? */
static bool starts_something(const struct sources *sources, const struct shipped *shipped)
{
	struct image_start start;
	struct image_name base;
	image_start(sources, shipped, &start);
	image_name_read(shipped_base(shipped), &base);
	bool starts = start.words.count > 0 || strcmp(base.name, "scratch") == 0;
	image_name_finish(&base);
	image_start_finish(&start);
	return starts;
}

/* Is there a program of the project that runs on? Says why not. */
static bool is_to_be_stopped(struct check *check, const struct shipped *shipped)
{
	if (!starts_something(check->sources, shipped))
		check_none(check, shipped->source->path, "what starts in it is left to the base image %s", shipped_base(shipped));
	else if (!image_is_service(check->sources, shipped))
		check_none(check, shipped->source->path, "nothing says that the program runs on: no port, no probe, no server");
	else
		return true;
	return false;
}

/* A worker without a port: it takes one thing after the other. */
static bool works_on(const struct program *program)
{
	static const char *const words[] = {"loop {", "interval (", "while let Some", "while let Ok", "while true", NULL};
	struct handling place = {0};
	return find_first(&program->facts, words, &place);
}

/* Of several programs: one that ends by itself, or of which nothing says that it runs on. */
static bool ends_by_itself(struct check *check, const struct shipped *shipped, const struct program *program)
{
	static const char *const signs[] = {"ports", "expose", "healthcheck", "restart", "deploy"};
	const struct dockerfile *file = &shipped->source->file;
	const json_t *service = image_service(check->sources, shipped);
	bool by_hand = json_array_size(json_object_get(service, "profiles")) > 0;
	for (size_t i = 0; i < COUNT_OF(signs); i++)
		by_hand = by_hand && json_object_get(service, signs[i]) == NULL;
	if (program == NULL)
		return false;
	if (by_hand)
		return true;
	if (web_framework(&program->facts) != NULL)
		return false;
	if (shipped->service != NULL)
		return service_is_job(check->sources, shipped->service, service);
	return dockerfile_last(file, shipped->stage, "EXPOSE") < 0 && dockerfile_last(file, shipped->stage, "HEALTHCHECK") < 0 &&
		!works_on(program);
}

static struct handling handling_of(const struct rust_facts *rust)
{
	struct handling handling = find_handling(rust);
	if (handling.handler == HANDLER_NONE)
		place_of_main(rust, &handling);
	return handling;
}

void signal_files(struct check *check)
{
	size_t at = 0;
	bool any = false, known[PROGRAMS_MOST] = {false};
	struct programs *programs = programs_open(check->sources);
	struct handling all = handling_of(&check->sources->rust), each[PROGRAMS_MOST]; /* once for all images of a program */
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, true)) != NULL; any = true) {
		const struct program *program = programs_of_image(programs, shipped);
		if (!is_to_be_stopped(check, shipped))
			continue;
		if (ends_by_itself(check, shipped, program)) {
			check_none(check, shipped->source->path, "nothing says that %s runs on", program->name);
			continue;
		}
		if (program != NULL && !known[program->index]) {
			each[program->index] = handling_of(&program->facts);
			known[program->index] = true;
		}
		remark_dead_lines(check, shipped);
		struct front front = look_at_front(check, shipped);
		if (!front.is_bad)
			look_at_handler(check, shipped, &front, program != NULL ? each[program->index] : all, program);
	}
	programs_close(programs);
	if (!any)
		image_none(check, true);
}

/* ---- what runs ---- */

static int signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {{"HUP", 1}, {"INT", 2}, {"QUIT", 3}, {"USR1", 10}, {"USR2", 12}, {"TERM", 15}, {"WINCH", 28}};
	if (name == NULL || name[0] == '\0')
		return 15;
	name += text_starts_with(name, "SIG") ? 3 : 0;
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		if (strcmp(signals[i].name, name) == 0)
			return signals[i].number;
	int number = atoi(name);
	return number > 0 && number < 64 ? number : 15;
}

void signal_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		if (!live_is_own(check->sources, container))
			continue;
		const char *service = live_service(container), *path = live_text(container, "inspect.Path");
		const char *caught = live_text(container, "kernel.sig_cgt");
		int number = signal_number(live_text(container, "inspect.Config.StopSignal"));
		/* one that is blocked waits for sigwait() or a signalfd */
		uint64_t mask = (uint64_t)live_number(container, "kernel.sig_cgt", 0) | (uint64_t)live_number(container, "kernel.sig_blk", 0);
		bool has_init = live_number(container, "inspect.HostConfig.Init", 0) == 1 || (path != NULL && is_init_program(path_name(path)));
		int64_t code = live_number(container, "stop.exit_code", -1);
		if (code == 137)
			check_live_against(check, service, "told to stop, it had to be killed (137)");
		else if (code >= 0)
			check_live_for(check, service, "told to stop, it ended with %lld", (long long)code);
		else if (has_init)
			check_live_for(check, service, "an init process is the first, and passes signals on");
		else if (caught != NULL && (mask >> (number - 1) & 1) != 0)
			check_live_for(check, service, "the first process catches signal %d: SigCgt %s", number, caught);
		else if (caught != NULL)
			check_live_against(check, service, "the first process (%s) does not catch signal %d: SigCgt %s", path != NULL ? path :
				"", number, caught);
	}
}

/* ---- 8.8 ---- */

/* Any name with "graceful" in it, and what else lets work come to its end. */
static bool find_graceful(const struct rust_facts *rust, struct handling *out)
{
	static const char *const others[] = {"serve_with_shutdown", "serve_with_incoming_shutdown", "CancellationToken",
		"TaskTracker", "close_and_wait", "with_shutdown", "stop ( true )", NULL}; /* the last: actix's own, graceful by its argument */
	for (size_t i = 0; i < rust->sources.count; i++) {
		const struct rust_source *source = &rust->sources.items[i];
		const char *found = source->is_test ? NULL : memmem(source->code, source->len, "raceful", 7);
		if (found == NULL)
			continue;
		out->file = source->path;
		out->line = text_line_at(source->text, (size_t)(found - source->code));
		return true;
	}
	return find_first(rust, others, out);
}

static bool has_text(const char *text, size_t len, const char *words)
{
	return memmem(text, len, words, strlen(words)) != NULL;
}

/* process::exit right behind the wait for a signal. That of a second signal, after
 * a deadline or after all was closed is none. */
static bool find_hard_exit(const struct rust_facts *rust, struct rust_place *place)
{
	static const char *const waits[] = {"ctrl_c", "SignalKind", "SIGTERM", "set_handler"};
	static const char *const orderly[] = {"hutdown", "raceful", "cancel", "sleep", "timeout", "close", "flush", "drop(", "notify",
		".send(", ".stop(", "join", "abort"};
	enum { WINDOW = 400 };
	while (rust_find(rust, "process :: exit", place)) {
		size_t from = place->offset > WINDOW ? place->offset - WINDOW : 0;
		const char *code = place->source->code + from;
		size_t len = place->offset - from;
		/* within one function */
		for (const char *at; (at = memmem(code, len, "fn ", 3)) != NULL;) {
			len -= (size_t)(at + 3 - code);
			code = at + 3;
		}
		bool waits_for = false, ends_well = false;
		for (size_t i = 0; i < COUNT_OF(waits); i++)
			waits_for = waits_for || has_text(code, len, waits[i]);
		for (size_t i = 0; i < COUNT_OF(orderly); i++)
			ends_well = ends_well || has_text(code, len, orderly[i]);
		if (waits_for && !ends_well)
			return true;
	}
	return false;
}

/* "1m30s" as compose writes it; -1: nobody says it. */
static double grace_of(const json_t *service)
{
	const char *text = json_string_value(compose_member(service, "stop_grace_period"));
	double seconds = 0;
	if (text == NULL)
		return -1;
	while (*text != '\0') {
		char *end;
		double value = strtod(text, &end);
		if (end == text)
			return -1;
		text = end;
		size_t unit = strspn(text, "hmsunµ");
		seconds += value * (strncmp(text, "ms", 2) == 0 ? 0.001 : *text == 'h' ? 3600 : *text == 'm' ? 60 : *text == 's' ||
			unit == 0 ? 1 : 0);
		text += unit;
	}
	return seconds;
}

/* The deadline that the sources give to the shutdown, in seconds. */
static double deadline_of(const struct rust_facts *rust, struct rust_place *place)
{
	static const char *const calls[] = {"shutdown_timeout (", "graceful_shutdown ( Some ( Duration :: from_secs (",
		"graceful_shutdown ( Some ( std :: time :: Duration :: from_secs ("};
	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		*place = (struct rust_place){0};
		while (rust_find(rust, calls[i], place)) {
			const char *at = place->source->code + place->offset, *end = place->source->code + place->source->len;
			for (int open = i == 0 ? 1 : i == 1 ? 3 : 3; at < end && open > 0; at++)
				open -= *at == '(';
			while (at < end && isspace((unsigned char)*at))
				at++;
			if (at < end && isdigit((unsigned char)*at))
				return strtod(at, NULL);
		}
	}
	return -1;
}

/* Does the service wait as long as the program may take? */
static void check_deadline(struct check *check, const struct shipped *shipped, double deadline, const struct rust_place *place)
{
	const json_t *service = image_service(check->sources, shipped);
	double grace = grace_of(service);
	unsigned line;
	const char *file = service != NULL ? compose_place(check->sources, shipped->service, "stop_grace_period", &line) : NULL;
	if (service == NULL)
		return;
	if (grace >= 0 && grace < 1)
		check_against(check, file, line, "stop_grace_period leaves %s no time to come to an end", shipped->service);
	else if (deadline > 0 && deadline >= (grace < 0 ? 10 : grace)) {
		check_against(check, file, line, "%s is killed after %g s, and its own deadline is %g s (%s:%u)", shipped->service,
			grace < 0 ? 10 : grace, deadline, place->source->path, place->line);
		check_mend(check, "Set stop_grace_period longer than %g s", deadline);
	} else if (grace >= 0)
		check_for(check, file, line, "%s has %g s to come to an end", shipped->service, grace);
}

static void check_stop_signal(struct check *check, const struct shipped *shipped)
{
	auto_free char *stop = stop_signal(check->sources, shipped);
	if (strcmp(stop, "KILL") == 0 || strcmp(stop, "9") == 0)
		check_against(check, shipped->source->path, shipped->source->file.stages.items[shipped->stage].line,
			"the signal to stop is SIGKILL: nothing can come to its end");
}

/* Connections that their clients end, which axum's graceful shutdown waits for
 * without end; where the code bounds any wait at all, it may be this one. */
static bool find_endless(const struct rust_facts *rust, struct handling *place)
{
	static const char *const opens[] = {"WebSocketUpgrade", "Sse :: new", NULL};
	static const char *const bounds[] = {"timeout (", "sleep (", "sleep_until (", "CancellationToken", "TaskTracker", "axum_server", "abort (",
		"process :: exit", "timeout_at (", "shutdown_timeout (", "Shutdown", NULL};
	struct rust_place open, bound;
	if (!text_equal(web_framework(rust), "axum") || !find_any(rust, opens, &open) || find_any(rust, bounds, &bound))
		return false;
	place->file = open.source->path;
	place->line = open.line;
	return true;
}

/* What the sources do when they are told to stop. `by_int`: SIGINT tells it, as compose or the image says. */
static void look_at_shutdown(struct check *check, const struct rust_facts *rust, bool by_int)
{
	static const char *const serves[] = {"axum :: serve", "Server :: bind", "warp :: serve", "serve_connection", "serve (", NULL};
	const char *server = web_framework(rust), *stops = stopping_crate(rust);
	struct handling place = {0}, endless = {0}, handling = find_handling(rust);
	struct rust_place exit = {0};
	if (find_hard_exit(rust, &exit)) {
		check_against(check, exit.source->path, exit.line,
			"process::exit follows the signal at once: what is being answered is cut off");
		check_mend(check, "Let the signal begin a graceful shutdown in place of process::exit");
	} else if (stops != NULL) {
		check_for(check, rust->graph_file, 0, "%s lets requests come to their end by itself", stops);
	} else if (find_graceful(rust, &place) && handling.handler == HANDLER_INT && !by_int) {
		check_against(check, handling.file, handling.line,
			"the graceful shutdown waits for SIGINT alone: docker stop sends SIGTERM, which never begins it");
		check_mend(check, "Wait for tokio::signal::unix::signal(SignalKind::terminate()) too, or set STOPSIGNAL SIGINT");
	} else if (place.file != NULL && find_endless(rust, &endless)) {
		check_against(check, endless.file, endless.line,
			"axum's graceful shutdown waits until each of these clients hangs up, and nothing bounds that: the stop ends with a kill");
		check_mend(check, "Give the shutdown a deadline: tokio::time::timeout() around the server once the signal has come");
	} else if (place.file != NULL) {
		check_for(check, place.file, place.line, "the shutdown is graceful");
	} else if (server != NULL) {
		if (!find_first(rust, serves, &place))
			place_of_main(rust, &place);
		check_against(check, place.file, place.line,
			"%s serves, and nothing asks it to end gracefully: requests that run are cut off", server);
	} else if (handling.handler != HANDLER_NONE) {
		check_for(check, handling.file, handling.line, "the program ends by its own will when it is told to");
	} else {
		place_of_main(rust, &place);
		check_against(check, place.file, place.line,
			"nothing lets the program finish what it is working on when it is told to stop");
	}
}

void shutdown_files(struct check *check)
{
	size_t at = 0;
	bool any = false, stopped = false, by_int = true, known[PROGRAMS_MOST] = {false};
	struct programs *programs = programs_open(check->sources);
	struct rust_place place;
	double deadline = deadline_of(&check->sources->rust, &place);
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, true)) != NULL; any = true) {
		if (!check->sources->rust.is_there) {
			check_none(check, shipped->source->path, "there are no Rust sources to read");
		} else if (is_to_be_stopped(check, shipped)) {
			const struct program *program = programs_of_image(programs, shipped);
			auto_free char *stop = stop_signal(check->sources, shipped);
			bool is_int = strcmp(stop, "INT") == 0;
			if (ends_by_itself(check, shipped, program)) {
				check_none(check, shipped->source->path, "nothing says that %s runs on", program->name);
				continue;
			}
			check_deadline(check, shipped, deadline, &place);
			check_stop_signal(check, shipped);
			if (program == NULL) {
				by_int = by_int && is_int;
				stopped = true;
			} else if (!known[program->index]) {
				look_at_shutdown(check, &program->facts, is_int);
				known[program->index] = true;
			}
		}
	}
	programs_close(programs);
	if (!any)
		image_none(check, true);
	else if (stopped)
		look_at_shutdown(check, &check->sources->rust, by_int);
}

void shutdown_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const json_t *stop = live_at(container, "stop"), *seconds = json_object_get(stop, "seconds");
		int64_t code = live_number(container, "stop.exit_code", -1), limit = live_number(container, "stop.limit", 10);
		double took = json_is_number(seconds) ? json_number_value(seconds) : -1;
		if (!live_is_own(check->sources, container) || code < 0 || took < 0)
			continue;
		if (code == 137 || took >= (double)limit)
			check_live_against(check, live_service(container), "a copy that was told to stop was killed after %.1f s (exit %lld)",
				took, (long long)code);
		else if (code == 0 || code == 143 || code == 130)
			check_live_for(check, live_service(container), "a copy that was told to stop ended after %.1f s with %lld", took,
				(long long)code);
		else
			check_live_against(check, live_service(container),
				"a copy that was told to stop ended after %.1f s with %lld, as if it had failed", took, (long long)code);
	}
}
