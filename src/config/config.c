/* A person's settings: config.ini and the theme that it names. What is wrong
 * in them is remembered as a sentence and the default is taken, so that a
 * mistake there never keeps anybody from working. Opened once by main. */
#include "lines.h"

#include <stdio.h>
#include <unistd.h>

static void add_mistake(struct config *config, const char *path, unsigned line, const char *text)
{
	auto_free char *whole = line > 0 ? mem_print("%s:%u: %s", path, line, text) : mem_print("%s: %s", path, text);
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
	add_mistake(reading->config, reading->path, line, text);
}

static void take_key(struct reading *reading, const struct config_entry *entry)
{
	if (entry->whole[0] == '\0') {
		tell(reading, entry->line, "a key is missing: write None to take the keys away");
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

/* Names what would have been understood. */
static void tell_unknown(struct reading *reading, const struct config_entry *entry)
{
	auto_strings known = {0};
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_option *option = &config_options[i];
		if (strcmp(option->section, entry->section) == 0)
			strings_add(&known, option->name);
		if (strcmp(option->name, entry->name) != 0 || strcmp(option->section, entry->section) == 0)
			continue;
		auto_free char *moved = mem_print("%s belongs into the section [%s]", entry->name, option->section);
		tell(reading, entry->line, moved);
		return;
	}
	auto_free char *list = strings_join(&known, ", ", " and ");
	auto_free char *text = known.count > 0
		? mem_print("[%s] knows no \"%s\"; it knows %s", entry->section, entry->name, list)
		: mem_print("there is no section [%s]; there are screen, logs, notify, swap, keys and commands", entry->section);
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
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_option *option = &config_options[i];
		if (strcmp(option->section, entry->section) != 0 || strcmp(option->name, entry->name) != 0)
			continue;
		const char *value = option->type == CONFIG_TEXT ? entry->whole : entry->value;
		int64_t number;
		struct fault fault;
		if (!config_option_read(option, value, &number, &fault)) {
			take_before(config, (enum config_id)i);
			auto_free char *text = mem_print("%s; %s is taken", fault.text, config->texts[i]);
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

/* ---- the theme ---- */

/* COLORFGBG is "foreground;background" in the sixteen colours, as rxvt and
 * konsole set it: 7 and above 8 are light grounds. */
static const char *theme_by_ground(void)
{
	const char *value = getenv("COLORFGBG");
	const char *ground = value != NULL ? strrchr(value, ';') : NULL;
	if (ground == NULL)
		return "dark";
	int index = atoi(ground + 1);
	return index == 7 || (index > 8 && index <= 15) ? "light" : "dark";
}

/* A folder "themes" beside the program or above it: how it lies in the tree
 * that it was built in. NULL: none. The caller frees. */
static char *themes_beside_program(void)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	if (len <= 0)
		return NULL;
	self[len] = '\0';
	auto_free char *folder = path_parent(self);
	for (int up = 0; up < 4; up++) {
		char *themes = path_join(folder, "themes");
		auto_free char *sign = path_join(themes, "dark.ini");
		if (file_exists(sign))
			return themes;
		free(themes);
		char *parent = path_parent(folder);
		free(folder);
		folder = parent;
	}
	return NULL;
}

static void add_folder(struct strings *folders, char *folder)
{
	if (folder != NULL)
		strings_take(folders, folder);
}

static void find_folders(const struct config *config, const char *themes, struct strings *folders)
{
	if (config->path != NULL) {
		auto_free char *beside = path_parent(config->path);
		add_folder(folders, path_join(beside, "themes"));
	}
	add_folder(folders, path_home(PATH_CONFIG, "themes"));
	add_folder(folders, mem_copy_string(themes));
	add_folder(folders, mem_copy_string(THEMES_FOLDER));
	add_folder(folders, themes_beside_program());
}

/* False: no such file in any folder. A file with a mistake is found: the
 * mistake is told and what could be read of it is not used. */
static bool load_theme(struct config *config, const struct strings *folders, const char *name)
{
	auto_free char *file = mem_print("%s.ini", name);
	for (size_t i = 0; i < folders->count; i++) {
		auto_free char *path = path_join(folders->items[i], file);
		if (!file_exists(path))
			continue;
		struct fault fault;
		auto_free char *text = file_read(path, CONFIG_FILE_LIMIT, NULL, &fault);
		struct theme theme;
		if (text != NULL && theme_read(&theme, name, text, path, &fault)) {
			config->theme = theme;
			return true;
		}
		auto_str clean = {0};
		text_add_clean(&clean, fault.text, strlen(fault.text), false);
		strings_add(&config->mistakes, str_text(&clean));
		return true;
	}
	return false;
}

static void open_theme(struct config *config, const char *themes)
{
	auto_strings folders = {0};
	find_folders(config, themes, &folders);
	theme_read(&config->theme, "plain", theme_plain, "plain", NULL);
	const char *usual = theme_by_ground(), *kept = config->before != NULL ? config->before->theme.name : usual;
	const char *name = config->texts[CONFIG_THEME];
	if (strcmp(name, "auto") == 0 || strcmp(name, "plain") == 0) {
		if (name[0] == 'a')
			load_theme(config, &folders, usual);
		return;
	}
	bool is_name = name[0] != '\0' && strchr(name, '/') == NULL && strlen(name) < sizeof config->theme.name;
	if (is_name && load_theme(config, &folders, name)) {
		if (strcmp(config->theme.name, name) == 0)
			return;
		/* there was a mistake in it */
		if (config->before != NULL)
			config->theme = config->before->theme;
		else if (strcmp(name, usual) != 0)
			load_theme(config, &folders, usual);
		return;
	}
	auto_free char *text = mem_print("there is no theme \"%.64s\"; %s is taken", name, kept);
	add_mistake(config, config->path != NULL ? config->path : "theme", config->lines[CONFIG_THEME], text);
	if (config->before != NULL)
		config->theme = config->before->theme;
	else
		load_theme(config, &folders, usual);
}

/* ---- the whole ---- */

static void read_file(struct config *config, const char *path)
{
	struct fault fault;
	size_t len;
	auto_free char *text = file_read(path, CONFIG_FILE_LIMIT, &len, &fault);
	if (text == NULL) {
		auto_free char *told = mem_print("%s; the defaults are taken", fault.text);
		add_mistake(config, path, 0, told);
		return;
	}
	if (strlen(text) != len)
		add_mistake(config, path, 0, "the file holds a NUL byte; what stands behind it is not read");
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
	if (path != NULL || access(usual, F_OK) == 0)
		read_file(config, path != NULL ? path : usual);
	open_theme(config, themes);
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
	strings_finish(&config->mistakes);
	free(config->path);
	free(config);
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
