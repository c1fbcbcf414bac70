/* Shows a made-up project on this terminal, to look at the screen by hand:
 *   try-tui [deck|start|failed|empty|stale|loading|odd|flood]
 * q ends it, U shows the next project, b fails with a fault. Installed nowhere. */
#include "cargodeck/commands.h"
#include "scene.h"

#include <signal.h>
#include <stdio.h>

struct trial {
	struct loop *loop;
	struct tui *tui;
	enum scene_kind kind;
	uint64_t revision, began_ns;
	bool is_flood;
	struct loop_timer *flood;
};

static bool flood_line(void *data, uint64_t number, struct view_line *line)
{
	static char text[200];
	(void)data;
	int len = snprintf(text, sizeof text, "line %llu of a flood, %0*d", (unsigned long long)number, (int)(number % 100), 0);
	*line = (struct view_line){.text = text, .len = (size_t)len, .level = VIEW_LOG_INFO,
		.time_ms = 1790000000000 + (int64_t)number};
	return true;
}

static void fill_view(void *data, struct view *view)
{
	struct trial *trial = data;
	scene_fill(trial->kind, view);
	view->build.elapsed_ms += (clock_now_ns() - trial->began_ns) / 1000000;
	if (trial->is_flood)
		view->log = (struct view_log){.name = "flood", .count = trial->revision * 100, .line = flood_line};
}

static bool take_command(void *data, int id, const struct strings *names, struct fault *fault)
{
	struct trial *trial = data;
	if (id == COMMAND_QUIT) {
		loop_stop(trial->loop);
		return true;
	}
	if (id == COMMAND_UP) {
		trial->kind = (enum scene_kind)((trial->kind + 1) % SCENE_KINDS);
		trial->revision++;
		return true;
	}
	auto_free char *joined = strings_join(names, ", ", " and ");
	fault_set(fault, FAULT_FAILED, "command %d on %s is not for a made-up project", id, names->count > 0 ? joined : "-");
	return fault_mend(fault, "run the real program for that");
}

static void edit(void *data, const char *file, unsigned line, unsigned column)
{
	struct trial *trial = data;
	struct fault fault = {0};
	fault_set(&fault, FAULT_FAILED, "%s:%u:%u would be opened now", file, line, column);
	tui_show_fault(trial->tui, &fault);
}

static void gone(void *data)
{
	struct trial *trial = data;
	loop_stop(trial->loop);
}

static void on_turn(void *data)
{
	struct trial *trial = data;
	tui_turn(trial->tui, trial->revision);
}

static void on_flood(void *data)
{
	struct trial *trial = data;
	trial->revision++;
}

static void on_signal(void *data, int number)
{
	struct trial *trial = data;
	if (number == SIGCONT)
		tui_resume(trial->tui);
	else
		tui_resize(trial->tui);
}

int main(int argc, char **argv)
{
	static const struct tui_call call = {.view = fill_view, .command = take_command, .edit = edit, .gone = gone};
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *themes = path_join(source != NULL ? source : ".", "themes");
	struct trial trial = {.loop = loop_open(), .began_ns = clock_now_ns(), .revision = 1};
	struct fault fault = {0};
	for (int kind = 0; argc > 1 && kind < SCENE_KINDS; kind++)
		if (text_equal(argv[1], scene_name((enum scene_kind)kind)))
			trial.kind = (enum scene_kind)kind;
	trial.is_flood = argc > 1 && text_equal(argv[1], "flood");
	struct config *config = config_open(argc > 2 ? argv[2] : NULL, themes);
	struct tui_options options = {.in = 0, .out = 1, .commands = &deck_commands, .config = config};
	trial.tui = tui_open(trial.loop, &options, &call, &trial, &fault);
	if (trial.tui == NULL) {
		fprintf(stderr, "try-tui: %s\n%s\n", fault.text, fault.mend);
		config_close(config);
		loop_close(trial.loop);
		return fault_exit_status(fault.code);
	}
	struct loop_signal *winch = loop_signal_open(trial.loop, SIGWINCH, on_signal, &trial);
	struct loop_signal *cont = loop_signal_open(trial.loop, SIGCONT, on_signal, &trial);
	struct loop_timer *flood = loop_timer_open(trial.loop, on_flood, &trial);
	if (trial.is_flood)
		loop_timer_set(flood, 1, 1);
	loop_set_turn_hook(trial.loop, on_turn, &trial);
	loop_run(trial.loop);
	loop_timer_close(flood);
	loop_signal_close(winch);
	loop_signal_close(cont);
	tui_close(trial.tui);
	config_close(config);
	loop_close(trial.loop);
	return 0;
}
