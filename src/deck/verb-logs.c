/* `logs`: what services write, merged by time; cleaned before it is printed. */
#include "cargodeck/verbs.h"
#include "cargodeck/commands.h"
#include "deck.h"

#include <signal.h>
#include <stdio.h>

struct printed {
	int64_t time_ns;
	size_t order;
	bool is_stderr;
	struct source *source;
	char *text;
	size_t len;
};

struct source {
	struct logging *logging;
	const struct service *service;
	struct engine_log *log;
	struct log_last last[2]; /* stdout, stderr */
	bool ended;
};

struct logging {
	struct loop *loop;
	struct deck *deck;
	bool follow, timestamps, json, colour, stopped;
	int width;
	ARRAY(struct source) sources;
	ARRAY(struct printed) held; /* until every source has given its tail */
	bool flowing;
	struct loop_timer *quiet;
	enum log_level least;
	struct log_pattern *grep, *exclude; /* or NULL */
};

static bool is_wanted(const struct logging *logging, const struct printed *line, const struct str *text)
{
	enum log_level level = log_level_after(&line->source->last[line->is_stderr], log_level_find(str_text(text), text->len),
		line->time_ns, str_text(text));
	return level >= logging->least && (logging->grep == NULL || log_line_has(logging->grep, str_text(text), text->len)) &&
		(logging->exclude == NULL || !log_line_has(logging->exclude, str_text(text), text->len));
}

static void print_line(const struct logging *logging, const struct printed *line)
{
	struct log_span spans[LOG_SPAN_LIMIT];
	auto_str text = {0};
	char stamp[40];
	size_t count = log_clean(line->text, line->len, &text, spans);
	if (!is_wanted(logging, line, &text))
		return;
	clock_format_rfc3339(line->time_ns / 1000000, stamp, sizeof stamp);
	if (logging->json) {
		json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "time", stamp, "service", line->source->service->name,
			"stream", line->is_stderr ? "stderr" : "stdout", "text", str_text(&text));
		auto_free char *out = json_dumps(json, JSON_COMPACT);
		puts(out != NULL ? out : "{}");
		json_decref(json);
		return;
	}
	if (logging->sources.count > 1)
		printf("%-*s | ", logging->width, line->source->service->name);
	if (logging->timestamps)
		printf("%s ", stamp);
	auto_str coloured = {0};
	log_spans_write(&coloured, str_text(&text), text.len, spans, logging->colour ? count : 0);
	puts(str_text(&coloured));
}

static int by_time(const void *a, const void *b)
{
	const struct printed *x = a, *y = b;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void flush_held(struct logging *logging)
{
	if (logging->held.count > 1)
		qsort(logging->held.items, logging->held.count, sizeof *logging->held.items, by_time);
	for (size_t i = 0; i < logging->held.count; i++) {
		print_line(logging, &logging->held.items[i]);
		free(logging->held.items[i].text);
	}
	logging->held.count = 0;
	if (fflush(stdout) != 0)
		logging->stopped = true;
}

static void on_quiet(void *data)
{
	flush_held(data);
}

static void on_line(void *data, const struct engine_log_line *line)
{
	struct source *source = data;
	struct logging *logging = source->logging;
	*array_add(&logging->held) = (struct printed){.time_ns = line->time_ns, .order = logging->held.count, .is_stderr = line->stream == 2,
		.source = source, .text = mem_copy_bytes(line->text, line->len), .len = line->len};
	/* lines of several services arrive together: they are put in order */
	if (logging->held.count >= 10000)
		flush_held(logging);
	else if (!loop_timer_is_set(logging->quiet))
		loop_timer_set(logging->quiet, 20, 0);
}

static void on_gap(void *data)
{
	(void)data;
	fputs(_("cargodeck: the engine's stream broke; lines may be missing here\n"), stderr);
}

static void on_end(void *data, const struct fault *fault)
{
	struct source *source = data;
	source->ended = true;
	if (fault != NULL)
		fprintf(stderr, "cargodeck: %s: %s\n", source->service->name, fault->text);
}

static bool all_ended(const struct logging *logging)
{
	for (size_t i = 0; i < logging->sources.count; i++)
		if (!logging->sources.items[i].ended)
			return false;
	return true;
}

static void on_signal(void *data, int number)
{
	struct logging *logging = data;
	(void)number;
	logging->stopped = true;
}

static void open_sources(struct logging *logging, const struct command_line *line, unsigned tail)
{
	static const struct engine_log_call calls = {on_line, on_gap, on_end};
	for (size_t i = 0; i < services_count(logging->deck->services); i++) {
		const struct service *service = services_at(logging->deck->services, i);
		int len = (int)strlen(service->name);
		if (service->container == NULL || (line->arguments.count > 0 && !strings_have(&line->arguments, service->name)))
			continue;
		logging->width = len > logging->width ? len : logging->width;
		*array_add(&logging->sources) = (struct source){.logging = logging, .service = service};
	}
	/* the array does not grow any more: its addresses hold */
	for (size_t i = 0; i < logging->sources.count; i++) {
		struct source *source = &logging->sources.items[i];
		source->log = engine_log_open(logging->deck->engine, source->service->container, source->service->is_tty, tail, logging->follow, &calls, source);
	}
}

static void run(struct logging *logging)
{
	struct loop_signal *term = loop_signal_open(logging->loop, SIGTERM, on_signal, logging);
	struct loop_signal *interrupt = loop_signal_open(logging->loop, SIGINT, on_signal, logging);
	signal(SIGPIPE, SIG_IGN);
	while (!logging->stopped && !all_ended(logging))
		loop_turn(logging->loop, -1);
	flush_held(logging);
	loop_signal_close(term);
	loop_signal_close(interrupt);
}

static bool open_pattern(const struct command_line *line, const char *option, struct log_pattern **pattern, struct fault *fault)
{
	const char *text = command_line_value(line, option);
	if (text == NULL)
		return true;
	*pattern = log_pattern_open(text, true, fault);
	return *pattern != NULL || fault_add(fault, "--%s", option);
}

static enum log_level level_named(const char *name)
{
	enum log_level level = LOG_NONE;
	while (name != NULL && level < LOG_ERROR && !text_equal_fold(log_level_name(level), name))
		level++;
	return level;
}

int verb_logs(const struct command_line *line)
{
	struct logging logging = {.follow = command_line_has(line, "follow"), .timestamps = command_line_has(line, "timestamps"),
		.json = command_line_has(line, "json"), .colour = verb_is_coloured(line)};
	struct deck_options options;
	struct fault fault = {0};
	const char *given = command_line_value(line, "tail");
	unsigned long tail = given != NULL ? strtoul(given, NULL, 10) : 100;
	int status = 0;
	logging.loop = loop_open();
	logging.quiet = loop_timer_open(logging.loop, on_quiet, &logging);
	verb_options_read(line, &options);
	logging.deck = deck_open(logging.loop, &options, NULL, NULL, &fault);
	logging.least = level_named(command_line_value(line, "level"));
	if (logging.deck == NULL || !open_pattern(line, "grep", &logging.grep, &fault) ||
		!open_pattern(line, "exclude", &logging.exclude, &fault) || !deck_look(logging.deck, false, &fault) || !verb_services_known(logging.deck, &line->arguments, &fault)) {
		status = verb_fault(&fault);
	} else {
		open_sources(&logging, line, tail > 1000000 ? 1000000 : (unsigned)tail);
		run(&logging);
	}
	for (size_t i = 0; i < logging.sources.count; i++)
		engine_log_close(logging.sources.items[i].log);
	log_pattern_close(logging.grep);
	log_pattern_close(logging.exclude);
	array_finish(&logging.sources);
	array_finish(&logging.held);
	loop_timer_close(logging.quiet);
	deck_close(logging.deck);
	verb_options_finish(&options);
	loop_close(logging.loop);
	return status;
}
