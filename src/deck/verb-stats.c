/* `stats`: what services use: CPU over an interval, memory, network, block I/O,
 * processes; once, or again and again until Ctrl-C. */
#include "cargodeck/verbs.h"
#include "stats.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { ONCE_MS = 300, AGAIN_MS = 1000, ASK_MS = 10000 };

struct measured {
	struct measuring *measuring;
	const struct service *service; /* of the deck's list, which stays as it is */
	struct stats_reading before, now;
	struct engine_request *asking;
	bool is_missed; /* the last request failed */
};

struct measuring {
	struct loop *loop;
	struct deck *deck;
	bool json, again, on_terminal, stopped;
	int width;
	unsigned rounds, waiting; /* rounds that are read in full; answers still to come */
	struct fault fault;
	ARRAY(struct measured) all;
	struct loop_timer *timer;
};

/* ---- printing ---- */

static json_t *bytes_json(const struct stats_reading *reading, uint64_t bytes)
{
	return reading->is_there ? json_integer((json_int_t)bytes) : json_null();
}

static json_t *measured_json(const struct measured *each)
{
	const struct stats_reading *now = &each->now;
	double cpu = stats_cpu_percent(&each->before, now);
	json_t *json = json_object();
	json_object_set_new(json, "service", verb_text_or_null(each->service->name));
	json_object_set_new(json, "state", json_string(service_state_word(each->service)));
	json_object_set_new(json, "cpu_percent", cpu >= 0 ? json_real(round(cpu * 10) / 10) : json_null());
	json_object_set_new(json, "memory_bytes", bytes_json(now, now->memory));
	json_object_set_new(json, "memory_limit_bytes", each->service->memory_limit > 0 ? json_integer((json_int_t)each->service->memory_limit) : json_null());
	json_object_set_new(json, "network_received_bytes", bytes_json(now, now->received));
	json_object_set_new(json, "network_sent_bytes", bytes_json(now, now->sent));
	json_object_set_new(json, "block_read_bytes", bytes_json(now, now->read));
	json_object_set_new(json, "block_written_bytes", bytes_json(now, now->written));
	json_object_set_new(json, "processes", bytes_json(now, now->processes));
	return json;
}

static void print_json(const struct measuring *measuring)
{
	json_t *array = json_array();
	for (size_t i = 0; i < measuring->all.count; i++) {
		json_t *each = measured_json(&measuring->all.items[i]);
		char time[40];
		clock_format_rfc3339(clock_wall_ms(), time, sizeof time);
		if (measuring->again) {
			json_object_set_new(each, "time", json_string(time));
			auto_free char *line = json_dumps(each, JSON_COMPACT | JSON_REAL_PRECISION(6));
			puts(line);
		}
		json_array_append_new(array, each);
	}
	auto_free char *text = json_dumps(array, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	if (!measuring->again)
		puts(text);
	json_decref(array);
}

static const char *bytes_text(const struct stats_reading *reading, uint64_t bytes, char *out, size_t size)
{
	snprintf(out, size, "-");
	if (reading->is_there)
		format_bytes(bytes, out, size);
	return out;
}

/* On a terminal what stood there before is overwritten, so nothing flickers. */
static void end_line(const struct measuring *measuring)
{
	fputs(measuring->on_terminal && measuring->again ? "\033[K\n" : "\n", stdout);
}

static void print_row(const struct measuring *measuring, const struct measured *each)
{
	const struct stats_reading *now = &each->now;
	char cpu[16] = "-", limit[24] = "-", processes[24] = "-", text[5][24];
	double percent = stats_cpu_percent(&each->before, now);
	if (percent >= 0)
		snprintf(cpu, sizeof cpu, "%.1f%%", percent);
	if (each->service->memory_limit > 0)
		format_bytes(each->service->memory_limit, limit, sizeof limit);
	if (now->is_there)
		snprintf(processes, sizeof processes, "%llu", (unsigned long long)now->processes);
	printf("%-*s  %7s  %7s  %7s  %8s  %8s  %8s  %8s  %5s", measuring->width, each->service->name, cpu,
		bytes_text(now, now->memory, text[0], sizeof text[0]), limit, bytes_text(now, now->received, text[1], sizeof text[1]),
		bytes_text(now, now->sent, text[2], sizeof text[2]), bytes_text(now, now->read, text[3], sizeof text[3]),
		bytes_text(now, now->written, text[4], sizeof text[4]), processes);
	end_line(measuring);
}

static void print_headings(const struct measuring *measuring)
{
	static const char *const headings[] = {N_("CPU"), N_("MEMORY"), N_("LIMIT"), N_("NET IN"), N_("NET OUT"), N_("READ"), N_("WRITTEN"), N_("PROCS")};
	static const int widths[] = {7, 7, 7, 8, 8, 8, 8, 5};
	printf("%-*s", text_pad(_("SERVICE"), measuring->width), _("SERVICE"));
	for (size_t i = 0; i < COUNT_OF(headings); i++)
		printf("  %*s", text_pad(_(headings[i]), widths[i]), _(headings[i]));
	end_line(measuring);
}

static void print_table(const struct measuring *measuring)
{
	bool redraws = measuring->on_terminal && measuring->again;
	if (redraws)
		fputs(measuring->rounds > 2 ? "\033[H" : "\033[2J\033[H", stdout);
	print_headings(measuring);
	for (size_t i = 0; i < measuring->all.count; i++)
		print_row(measuring, &measuring->all.items[i]);
	if (redraws)
		fputs("\033[J", stdout);
	else if (measuring->again)
		putchar('\n');
}

static void print_round(struct measuring *measuring)
{
	if (measuring->json)
		print_json(measuring);
	else
		print_table(measuring);
	if (fflush(stdout) != 0)
		measuring->stopped = true; /* nobody reads any more */
	if (!measuring->again)
		measuring->stopped = true;
}

/* ---- measuring ---- */

static void end_round(struct measuring *measuring)
{
	unsigned missed = 0;
	for (size_t i = 0; i < measuring->all.count; i++)
		missed += measuring->all.items[i].is_missed;
	measuring->rounds++;
	if (missed > 0 && missed == measuring->all.count)
		measuring->stopped = true; /* the engine is gone: the fault says so */
	else if (measuring->rounds > 1)
		print_round(measuring);
	if (!measuring->stopped)
		loop_timer_set(measuring->timer, measuring->again ? AGAIN_MS : ONCE_MS, 0);
}

static void on_answer(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct measured *each = data;
	struct measuring *measuring = each->measuring;
	each->asking = NULL;
	each->before = each->now;
	each->now = (struct stats_reading){0};
	/* one that has ended meanwhile has no figures, and that is no fault */
	each->is_missed = fault != NULL && fault->code == FAULT_OUTSIDE;
	if (each->is_missed)
		measuring->fault = *fault;
	else if (fault == NULL)
		stats_read(answer->json, &each->now);
	if (--measuring->waiting == 0)
		end_round(measuring);
}

static void ask_all(void *data)
{
	struct measuring *measuring = data;
	measuring->waiting = 1; /* until all are asked */
	for (size_t i = 0; i < measuring->all.count; i++) {
		struct measured *each = &measuring->all.items[i];
		if (each->service->container == NULL || each->service->run != SERVICE_RUNNING)
			continue;
		auto_free char *path = mem_print("/containers/%s/stats?stream=false&one-shot=true", each->service->container);
		measuring->waiting++;
		each->asking = engine_ask(measuring->deck->engine, "GET", path, NULL, ASK_MS, on_answer, each);
	}
	if (--measuring->waiting == 0)
		end_round(measuring);
}

static void on_signal(void *data, int number)
{
	struct measuring *measuring = data;
	(void)number;
	measuring->stopped = true;
}

/* Containers come and go while it measures. */
static void on_event(void *data, const struct engine_event *event)
{
	struct measuring *measuring = data;
	rows_event(measuring->deck, event);
}

static void on_lost(void *data, const struct fault *fault)
{
	(void)data, (void)fault; /* the requests tell */
}

static void on_back(void *data)
{
	struct measuring *measuring = data;
	rows_refresh(measuring->deck);
}

static void choose(struct measuring *measuring, const struct command_line *line)
{
	measuring->width = 7;
	for (size_t i = 0; i < services_count(measuring->deck->services); i++) {
		const struct service *service = services_at(measuring->deck->services, i);
		int len = (int)strlen(service->name);
		if (!verb_wants(line, service))
			continue;
		measuring->width = len > measuring->width ? len : measuring->width;
		*array_add(&measuring->all) = (struct measured){.measuring = measuring, .service = service};
	}
}

static void run(struct measuring *measuring)
{
	static const struct engine_call calls = {on_lost, on_back, on_event};
	struct loop_signal *term = loop_signal_open(measuring->loop, SIGTERM, on_signal, measuring);
	struct loop_signal *interrupt = loop_signal_open(measuring->loop, SIGINT, on_signal, measuring);
	measuring->timer = loop_timer_open(measuring->loop, ask_all, measuring);
	signal(SIGPIPE, SIG_IGN);
	if (measuring->again)
		engine_follow(measuring->deck->engine, measuring->deck->name, &calls, measuring);
	ask_all(measuring);
	while (!measuring->stopped)
		loop_turn(measuring->loop, -1);
	for (size_t i = 0; i < measuring->all.count; i++)
		engine_cancel(measuring->all.items[i].asking);
	loop_timer_close(measuring->timer);
	loop_signal_close(term);
	loop_signal_close(interrupt);
}

int verb_stats(const struct command_line *line)
{
	struct measuring measuring = {.json = command_line_has(line, "json"), .again = command_line_has(line, "watch"), .on_terminal = isatty(STDOUT_FILENO)};
	struct verb_look look = {0};
	int status = 0;
	if (!verb_look_begin(&look, line, false, &measuring.fault)) {
		status = verb_fault(&measuring.fault);
	} else {
		measuring.loop = look.loop;
		measuring.deck = look.deck;
		choose(&measuring, line);
		run(&measuring);
		status = measuring.fault.code != FAULT_NONE && measuring.rounds < 2 ? verb_fault(&measuring.fault) : 0;
	}
	array_finish(&measuring.all);
	verb_look_end(&look);
	return status;
}
