/* cargodeck: reads arguments and hands them to the verb that was named. */
#include "config.h"

#include "cargodeck/commands.h"
#include "cargodeck/config.h"
#include "cargodeck/verbs.h"
#include "screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned width(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col > 100 ? 100 : size.ws_col;
	return 80;
}

static int print_help(const struct command_def *command)
{
	auto_str out = {0};
	command_write_help(&deck_commands, command, width(), &out);
	fputs(str_text(&out), stdout);
	return 0;
}

static int print_version(const struct command_line *line)
{
	if (command_line_has(line, "json"))
		puts("{\"name\":\"" PACKAGE_NAME "\",\"version\":\"" PACKAGE_VERSION "\"}");
	else
		puts(PACKAGE_NAME " " PACKAGE_VERSION);
	return 0;
}

static int help_verb(const struct command_line *line)
{
	struct fault fault;
	if (line->arguments.count == 0)
		return print_help(NULL);
	const struct command_def *command = command_find(&deck_commands, line->arguments.items[0]);
	if (command != NULL)
		return print_help(command);
	fault_set(&fault, FAULT_USAGE, "there is no command %s", line->arguments.items[0]);
	fault_mend(&fault, "cargodeck help lists all");
	return verb_fault(&fault);
}

static int run(const struct command_line *line)
{
	switch ((enum command_id)line->command->id) {
	case COMMAND_UP: return screen_run(line);
	case COMMAND_WATCH: return verb_watch(line);
	case COMMAND_BUILD: return verb_build(line);
	case COMMAND_JOB: return verb_job(line);
	case COMMAND_PS: return verb_ps(line);
	case COMMAND_LOGS: return verb_logs(line);
	case COMMAND_DOCTOR: return verb_doctor(line);
	case COMMAND_CHECK: return verb_check(line);
	case COMMAND_INIT: return verb_init(line);
	case COMMAND_WHY: return verb_why(line);
	case COMMAND_WAIT: return verb_wait(line);
	case COMMAND_START:
	case COMMAND_STOP:
	case COMMAND_RESTART: return verb_life(line);
	case COMMAND_DOWN: return verb_down(line);
	case COMMAND_COMPOSE_OVERRIDE: return verb_compose_override(line);
	case COMMAND_STATS: return verb_stats(line);
	case COMMAND_EVENTS: return verb_events(line);
	case COMMAND_INSPECT: return verb_inspect(line);
	case COMMAND_COMPOSE_CONFIG: return verb_compose_config(line);
	case COMMAND_OPEN_ADDRESS: return verb_open(line);
	case COMMAND_CONFIG: return verb_config(line, screen_check_keys);
	case COMMAND_VERSION: return print_version(line);
	case COMMAND_HELP: return help_verb(line);
	default: return 2; /* of the screen alone: the parser does not let it through */
	}
}

/* What libraries and children complain of ends there. It is kept small: the log
 * of the run before is enough. */
static void open_log(const char *path)
{
	struct stat status;
	auto_free char *folder = path_parent(path);
	if (!dir_make_all(folder, 0700, NULL))
		return;
	if (stat(path, &status) == 0 && status.st_size > 4 << 20) {
		auto_free char *old = mem_print("%s.old", path);
		rename(path, old);
	}
	log_open(path, NULL);
}

int main(int argc, char **argv)
{
	struct command_line line;
	struct fault fault;
	int status;
	auto_free char *log = path_home(PATH_STATE, "log");
	language_open();
	open_log(log);
	config_take_language();
	if (!command_parse(&deck_commands, argc, argv, &line, &fault))
		status = verb_fault(&fault);
	else if (line.version)
		status = print_version(&line);
	else if (line.help)
		status = print_help(line.command);
	else
		status = run(&line);
	command_line_finish(&line);
	log_close();
	return status;
}
