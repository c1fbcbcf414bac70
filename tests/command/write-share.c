/* Writes the files of share/ that are made from the tables of commands and
 * settings, into the folder that is given. Run by `make update-share` and, to
 * compare, by test-share.sh. Not installed. */
#include "cargodeck/commands.h"
#include "cargodeck/config.h"

#include <stdio.h>

static void put_file(const char *folder, const char *name, const struct str *text)
{
	struct fault fault;
	auto_free char *path = path_join(folder, name);
	auto_free char *parent = path_parent(path);
	if (dir_make_all(parent, 0755, &fault) && file_write(path, str_text(text), text->len, 0644, &fault))
		return;
	fprintf(stderr, "%s\n", fault.text);
	exit(1);
}

static void put_manual(const char *folder)
{
	auto_strings names = {0}, meanings = {0};
	struct command_term terms[CONFIG_COUNT + 1] = {0};
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		struct str meaning = {0};
		config_option_describe(&config_options[i], &meaning);
		strings_take(&meanings, str_steal(&meaning));
		strings_print(&names, "[%s] %s", config_options[i].section, config_options[i].name);
	}
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		terms[i] = (struct command_term){names.items[i], meanings.items[i]};
	const struct command_chapter settings = {"SETTINGS", "These are read from config.ini at the start and whenever it is saved, as lines \"name = value\" "
		"below their \"[section]\". A mistake is told with its line, and the default is taken. "
		"Sizes may end in k, M or G, times in ms, s or min. "
		"Below [keys] stand keys for commands: restart = r Ctrl-R. Below [commands] stand own commands: name = key | sentence | line for "
		"the shell, where {service}, {container}, {file} and {project} are passed as one word each; a & at the end runs it without the terminal. "
		"`cargodeck config` prints all with their origin, `cargodeck config check` says each mistake with its line.", terms};
	auto_str text = {0};
	command_write_man(&deck_commands, &settings, 1, &text);
	put_file(folder, "man/cargodeck.1", &text);
}

static void put_completions(const char *folder)
{
	static const char *const names[] = {
		[COMMAND_BASH] = "completions/cargodeck.bash",
		[COMMAND_ZSH] = "completions/_cargodeck",
		[COMMAND_FISH] = "completions/cargodeck.fish",
	};
	for (int shell = COMMAND_BASH; shell <= COMMAND_FISH; shell++) {
		auto_str text = {0};
		command_write_completions(&deck_commands, shell, &text);
		put_file(folder, names[shell], &text);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: write-share FOLDER\n");
		return 2;
	}
	put_manual(argv[1]);
	put_completions(argv[1]);
	auto_str sample = {0};
	config_write_sample(&sample);
	put_file(argv[1], "config.ini.sample", &sample);
	return 0;
}
