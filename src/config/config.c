/* A person's settings: config.ini and the theme that it names. What is wrong
 * in them is remembered as a sentence and the default is taken, so that a
 * mistake there never keeps anybody from working. Opened once by main. */
#include "lines.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

void config_add_mistake(struct config *config, const char *path, unsigned line, const char *text)
{
	auto_free char *whole = path == NULL ? mem_copy_string(text) :
		line > 0 ? mem_print("%s:%u: %s", path, line, text) : mem_print("%s: %s", path, text);
	auto_str clean = {0};
	text_add_clean(&clean, whole, strlen(whole), false);
	strings_add(&config->mistakes, str_text(&clean));
}

struct reading {
	struct config *config;
	const char *path;
};

static void tell(void *data, unsigned line, const char *text)
{
	struct reading *reading = data;
	config_add_mistake(reading->config, reading->path, line, text);
}

static void take_key(struct reading *reading, const struct config_entry *entry)
{
	if (entry->whole[0] == '\0') {
		tell(reading, entry->line, _("a key is missing: write None to take the keys away"));
		return;
	}
	*array_add(&reading->config->keys) = (struct config_key){
		.command = mem_copy_string(entry->name), .keys = mem_copy_string(entry->whole), .line = entry->line};
}

static void take_command(struct reading *reading, const struct config_entry *entry)
{
	struct config *config = reading->config;
	struct config_command command = {.line = entry->line};
	struct fault fault;
	bool is_twice = false;
	for (size_t i = 0; i < config->commands.count; i++)
		is_twice = is_twice || strcmp(config->commands.items[i].name, entry->name) == 0;
	if (config->commands.count == CONFIG_COMMANDS_MOST)
		fault_set(&fault, FAULT_INPUT, "there are more than %d own commands: this one is left out", CONFIG_COMMANDS_MOST);
	else if (is_twice)
		fault_set(&fault, FAULT_INPUT, "there is a command \"%s\" above: give this one another name", entry->name);
	else if (config_command_read(&command, entry->name, entry->whole, &fault)) {
		*array_add(&config->commands) = command;
		/* its key is bound as a line of [keys] would be */
		*array_add(&config->keys) = (struct config_key){
			.command = mem_copy_string(command.name), .keys = mem_copy_string(command.key), .line = entry->line};
		return;
	}
	tell(reading, entry->line, fault.text);
	config_command_finish(&command);
}

static void take_job(struct reading *reading, const struct config_entry *entry)
{
	struct config *config = reading->config;
	struct config_job job = {.line = entry->line};
	struct fault fault;
	bool is_twice = false;
	for (size_t i = 0; i < config->jobs.count; i++)
		is_twice = is_twice || strcmp(config->jobs.items[i].name, entry->name) == 0;
	if (config->jobs.count == CONFIG_JOBS_MOST)
		fault_set(&fault, FAULT_INPUT, "there are more than %d own jobs: this one is left out", CONFIG_JOBS_MOST);
	else if (is_twice)
		fault_set(&fault, FAULT_INPUT, "there is a job \"%s\" above: give this one another name", entry->name);
	else if (config_job_read(&job, entry->name, entry->whole, &fault)) {
		*array_add(&config->jobs) = job;
		return;
	}
	tell(reading, entry->line, fault.text);
	config_job_finish(&job);
}

/* Names what would have been understood. */
static void tell_unknown(struct reading *reading, const struct config_entry *entry)
{
	auto_strings known = {0};
	if (entry->section[0] == '\0') {
		tell(reading, entry->line, _("no section stands above this line: begin with one as [screen]"));
		return;
	}
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_option *option = &config_options[i];
		if (strcmp(option->section, entry->section) == 0)
			strings_add(&known, option->name);
		if (strcmp(option->name, entry->name) != 0 || strcmp(option->section, entry->section) == 0)
			continue;
		auto_free char *moved = mem_print(_("%s belongs into the section [%s]"), entry->name, option->section);
		tell(reading, entry->line, moved);
		return;
	}
	auto_free char *list = strings_join(&known, ", ", _(" and "));
	auto_free char *text = known.count > 0
		? mem_print(_("[%s] knows no \"%s\"; it knows %s"), entry->section, entry->name, list)
		: mem_print(_("there is no section [%s]; there are screen, logs, notify, swap, keys, jobs and commands"), entry->section);
	tell(reading, entry->line, text);
}

/* A value that is wrong leaves what was there before. */
static void take_before(struct config *config, enum config_id id)
{
	if (config->before == NULL)
		return;
	free(config->texts[id]);
	config->texts[id] = mem_copy_string(config->before->texts[id]);
	config->numbers[id] = config->before->numbers[id];
	config->is_given[id] = config->before->is_given[id];
}

static void take_entry(void *data, const struct config_entry *entry)
{
	struct reading *reading = data;
	struct config *config = reading->config;
	if (strcmp(entry->section, "keys") == 0) {
		take_key(reading, entry);
		return;
	}
	if (strcmp(entry->section, "commands") == 0) {
		take_command(reading, entry);
		return;
	}
	if (strcmp(entry->section, "jobs") == 0) {
		take_job(reading, entry);
		return;
	}
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_option *option = &config_options[i];
		if (strcmp(option->section, entry->section) != 0 || strcmp(option->name, entry->name) != 0)
			continue;
		const char *value = option->type == CONFIG_TEXT ? entry->whole : entry->value;
		int64_t number;
		struct fault fault;
		if (!config_option_read(option, value, &number, &fault)) {
			take_before(config, (enum config_id)i);
			auto_free char *text = mem_print(_("%s; %s is taken"), fault.text, config->texts[i]);
			tell(reading, entry->line, text);
			return;
		}
		free(config->texts[i]);
		config->texts[i] = mem_copy_string(value);
		config->numbers[i] = number;
		config->is_given[i] = true;
		config->lines[i] = entry->line;
		return;
	}
	tell_unknown(reading, entry);
}

static void set_defaults(struct config *config)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		config->texts[i] = mem_copy_string(config_options[i].usual);
		config_option_read(&config_options[i], config_options[i].usual, &config->numbers[i], NULL);
	}
}

/* ---- the whole ---- */

/* A link that leads nowhere and a folder that is closed are mistakes, no file is
 * none. */
static bool is_there(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static void read_file(struct config *config, const char *path)
{
	struct fault fault;
	size_t len;
	auto_free char *text = file_read(path, CONFIG_FILE_LIMIT, &len, &fault);
	if (text == NULL) {
		/* the fault names the file */
		auto_free char *told = mem_print(_("%s; the defaults are taken"), fault.text);
		config_add_mistake(config, NULL, 0, told);
		return;
	}
	if (strlen(text) != len)
		config_add_mistake(config, path, 0, _("the file holds a NUL byte; what stands behind it is not read"));
	config->path = mem_copy_string(path);
	config_read(config, text, path);
}

void config_read(struct config *config, const char *text, const char *path)
{
	struct reading reading = {config, path};
	config_lines_read(&(struct config_lines){take_entry, tell, &reading}, text);
}

static struct config *open_config(const char *path, const char *themes, const struct config *before)
{
	struct config *config = mem_alloc(sizeof *config);
	config->before = before;
	set_defaults(config);
	auto_free char *usual = path == NULL ? path_home(PATH_CONFIG, "config.ini") : NULL;
	if (path != NULL || is_there(usual))
		read_file(config, path != NULL ? path : usual);
	config_themes_open(config, themes);
	config->before = NULL;
	return config;
}

struct config *config_open(const char *path, const char *themes)
{
	return open_config(path, themes, NULL);
}

struct config *config_open_again(const struct config *before, const char *themes)
{
	return open_config(NULL, themes, before);
}

void config_close(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		free(config->texts[i]);
	for (size_t i = 0; i < config->keys.count; i++) {
		free(config->keys.items[i].command);
		free(config->keys.items[i].keys);
	}
	array_finish(&config->keys);
	for (size_t i = 0; i < config->commands.count; i++)
		config_command_finish(&config->commands.items[i]);
	array_finish(&config->commands);
	for (size_t i = 0; i < config->jobs.count; i++)
		config_job_finish(&config->jobs.items[i]);
	array_finish(&config->jobs);
	strings_finish(&config->mistakes);
	strings_finish(&config->theme_folders);
	free(config->path);
	free(config);
}

void config_take_language(void)
{
	struct config *config = mem_alloc(sizeof *config);
	auto_free char *usual = path_home(PATH_CONFIG, "config.ini");
	set_defaults(config);
	if (is_there(usual))
		read_file(config, usual);
	language_choose(config_text(config, CONFIG_LANGUAGE));
	config_close(config);
}

const char *config_text(const struct config *config, enum config_id id)
{
	return config->texts[id];
}

int64_t config_number(const struct config *config, enum config_id id)
{
	return config->numbers[id];
}

bool config_is_on(const struct config *config, enum config_id id)
{
	return config->numbers[id] != 0;
}
