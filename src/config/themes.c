/* Where themes lie and which one is taken: the folders, the theme that the
 * settings name, the list for the one who chooses, and what is light or dark
 * where nothing is said. Called by config.c, and by tui for another theme. */
#include "lines.h"

#include <dirent.h>
#include <stdio.h>

enum { MOST_THEMES = 64 };

/* ---- folders ---- */

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
	add_folder(folders, path_beside_program("themes", "dark.ini"));
}

/* ---- one theme ---- */

static bool is_theme_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) < sizeof((struct theme *)0)->name;
}

/* NULL: in no folder. The caller frees. */
static char *find_file(const struct config *config, const char *name)
{
	auto_free char *file = mem_print("%s.ini", name);
	for (size_t i = 0; is_theme_name(name) && i < config->theme_folders.count; i++) {
		char *path = path_join(config->theme_folders.items[i], file);
		if (file_exists(path))
			return path;
		free(path);
	}
	return NULL;
}

static bool read_theme_file(struct theme *theme, const char *name, const char *path, struct fault *fault)
{
	struct theme read;
	auto_free char *text = file_read(path, CONFIG_FILE_LIMIT, NULL, fault);
	if (text == NULL || !theme_read(&read, name, text, path, fault))
		return false;
	*theme = read;
	return true;
}

static void add_clean(struct strings *out, const char *text)
{
	auto_str clean = {0};
	text_add_clean(&clean, text, strlen(text), false);
	strings_add(out, str_text(&clean));
}

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

bool config_find_theme(const struct config *config, const char *name, struct theme *theme, struct fault *fault)
{
	if (strcmp(name, "auto") == 0)
		name = theme_by_ground();
	auto_free char *path = find_file(config, name);
	if (path != NULL)
		return read_theme_file(theme, name, path, fault);
	if (strcmp(name, "plain") == 0)
		return theme_read(theme, "plain", theme_plain, "plain", fault);
	return fault_set(fault, FAULT_INPUT, "there is no theme \"%.64s\"", name);
}

char *config_theme_file(const struct config *config)
{
	return find_file(config, config->theme.name);
}

/* ---- the theme of the settings ---- */

void config_themes_open(struct config *config, const char *themes)
{
	const char *name = config->texts[CONFIG_THEME], *usual = theme_by_ground();
	struct fault fault = {0};
	find_folders(config, themes, &config->theme_folders);
	theme_read(&config->theme, "plain", theme_plain, "plain", NULL);
	if (!config_theme_is_auto(config)) {
		const char *kept = config->before != NULL ? config->before->theme.name : usual;
		if (config_find_theme(config, name, &config->theme, &fault))
			return;
		auto_free char *file = find_file(config, name);
		auto_free char *text = mem_print(_("%s; %s is taken"), fault.text, kept);
		if (file != NULL) {
			add_clean(&config->mistakes, text);
		} else {
			config_add_mistake(config, config->path != NULL ? config->path : "theme", config->lines[CONFIG_THEME], text);
		}
		if (config->before != NULL)
			config->theme = config->before->theme; /* what was there stays */
		if (config->before != NULL || strcmp(name, usual) == 0)
			return;
	}
	auto_free char *file = find_file(config, usual);
	if (file != NULL && !read_theme_file(&config->theme, usual, file, &fault))
		add_clean(&config->mistakes, fault.text);
}

bool config_theme_is_auto(const struct config *config)
{
	return strcmp(config->texts[CONFIG_THEME], "auto") == 0;
}

void config_choose_theme(struct config *config, const char *name)
{
	char *copy = mem_copy_string(name);
	free(config->texts[CONFIG_THEME]);
	config->texts[CONFIG_THEME] = copy;
}

/* ---- the list ---- */

static bool is_listed(const struct strings *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

/* Adds the names of the themes in the folder that were in none before it. */
static void list_folder(const char *folder, struct strings *names)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	while (dir != NULL && names->count < MOST_THEMES && (entry = readdir(dir)) != NULL) {
		if (!text_ends_with(entry->d_name, ".ini"))
			continue;
		auto_free char *name = mem_print("%.*s", (int)(strlen(entry->d_name) - 4), entry->d_name);
		if (is_theme_name(name) && !is_listed(names, name))
			strings_add(names, name);
	}
	if (dir != NULL)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void config_list_themes(const struct config *config, struct theme_list *themes)
{
	auto_strings names = {0};
	for (size_t i = 0; i < config->theme_folders.count; i++)
		list_folder(config->theme_folders.items[i], &names);
	if (names.count > 0)
		qsort(names.items, names.count, sizeof *names.items, by_name);
	for (size_t i = 0; i < names.count; i++) {
		struct theme theme;
		struct fault fault = {0};
		if (config_find_theme(config, names.items[i], &theme, &fault))
			*array_add(&themes->list) = theme;
		else
			add_clean(&themes->mistakes, fault.text);
	}
}

void theme_list_finish(struct theme_list *themes)
{
	array_finish(&themes->list);
	strings_finish(&themes->mistakes);
}
