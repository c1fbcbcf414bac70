/* `config`: every setting with its value and where it comes from; `config
 * check`: each mistake with its line. It asks no engine. */
#include "cargodeck/config.h"
#include "cargodeck/verbs.h"
#include "deck.h"

#include <stdio.h>
#include <unistd.h>

/* ---- where a value comes from ---- */

/* The variable that decides in the setting's place, or NULL. */
static const char *by_environment(const struct config *config, enum config_id id)
{
	const char *no_color = getenv("NO_COLOR"), *ground = getenv("COLORFGBG");
	if (id == CONFIG_COLOURS && strcmp(config_text(config, id), "auto") == 0 && no_color != NULL && no_color[0] != '\0')
		return "NO_COLOR";
	if (id == CONFIG_THEME && strcmp(config_text(config, id), "auto") == 0 && ground != NULL && ground[0] != '\0')
		return "COLORFGBG";
	return NULL;
}

static const char *value_of(const struct config *config, enum config_id id)
{
	if (by_environment(config, id) == NULL)
		return config_text(config, id);
	return id == CONFIG_COLOURS ? "none" : config->theme.name;
}

static void add_origin(const struct config *config, enum config_id id, struct str *out)
{
	const char *variable = by_environment(config, id);
	if (variable != NULL)
		str_print(out, _("environment %s"), variable);
	else if (config->is_given[id])
		str_print(out, "%s:%u", config->path, config->lines[id]);
	else
		str_add(out, _("default"));
}

/* ---- as text ---- */

static void print_clean(const char *text)
{
	auto_str clean = {0};
	text_add_clean(&clean, text, strlen(text), false);
	fputs(str_text(&clean), stdout);
}

static void print_line(const char *name, const char *value, const char *origin)
{
	printf("%-14s ", name);
	auto_str shown = {0};
	text_add_clean(&shown, value, strlen(value), false);
	printf("%-*s ", text_pad(str_text(&shown), 24), shown.len > 0 ? shown.data : "-");
	print_clean(origin);
	putchar('\n');
}

static void print_config(const struct config *config)
{
	const char *section = "";
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		auto_str origin = {0};
		add_origin(config, (enum config_id)i, &origin);
		if (strcmp(section, config_options[i].section) != 0)
			printf("%s[%s]\n", i > 0 ? "\n" : "", config_options[i].section);
		section = config_options[i].section;
		print_line(config_options[i].name, value_of(config, (enum config_id)i), str_text(&origin));
	}
	for (size_t i = 0; i < config->keys.count; i++) {
		auto_free char *origin = mem_print("%s:%u", config->path, config->keys.items[i].line);
		printf("%s", i == 0 ? "\n[keys]\n" : "");
		print_line(config->keys.items[i].command, config->keys.items[i].keys, origin);
	}
	for (size_t i = 0; i < config->commands.count; i++) {
		auto_free char *origin = mem_print("%s:%u", config->path, config->commands.items[i].line);
		printf("%s", i == 0 ? "\n[commands]\n" : "");
		print_line(config->commands.items[i].name, config->commands.items[i].sentence, origin);
	}
	for (size_t i = 0; i < config->jobs.count; i++) {
		const struct config_job *job = &config->jobs.items[i];
		auto_free char *origin = mem_print("%s:%u", config->path, job->line), *words = mem_print("cargo %s", job->text);
		printf("%s", i == 0 ? "\n[jobs]\n" : "");
		print_line(job->name, words, origin);
	}
}

/* ---- as JSON ---- */

static json_t *setting_json(const struct config *config, enum config_id id)
{
	const struct config_option *option = &config_options[id];
	const char *variable = by_environment(config, id);
	json_t *json = json_object();
	json_object_set_new(json, "section", json_string(option->section));
	json_object_set_new(json, "name", json_string(option->name));
	json_object_set_new(json, "value", verb_text_or_null(value_of(config, id)));
	json_object_set_new(json, "default", json_string(option->usual));
	json_object_set_new(json, "origin", json_string(variable != NULL ? "environment" : config->is_given[id] ? "file" : "default"));
	json_object_set_new(json, "variable", verb_text_or_null(variable));
	json_object_set_new(json, "line", config->is_given[id] ? json_integer(config->lines[id]) : json_null());
	json_object_set_new(json, "sentence", json_string(option->sentence));
	return json;
}

static json_t *mistakes_json(const struct strings *mistakes)
{
	json_t *array = json_array();
	for (size_t i = 0; i < mistakes->count; i++)
		json_array_append_new(array, verb_text_or_null(mistakes->items[i]));
	return array;
}

static json_t *keys_json(const struct config *config)
{
	json_t *array = json_array();
	for (size_t i = 0; i < config->keys.count; i++) {
		json_t *json = json_object();
		json_object_set_new(json, "command", verb_text_or_null(config->keys.items[i].command));
		json_object_set_new(json, "keys", verb_text_or_null(config->keys.items[i].keys));
		json_object_set_new(json, "line", json_integer(config->keys.items[i].line));
		json_array_append_new(array, json);
	}
	return array;
}

static json_t *commands_json(const struct config *config)
{
	json_t *array = json_array();
	for (size_t i = 0; i < config->commands.count; i++) {
		const struct config_command *command = &config->commands.items[i];
		json_t *json = json_object();
		json_object_set_new(json, "name", verb_text_or_null(command->name));
		json_object_set_new(json, "sentence", verb_text_or_null(command->sentence));
		json_object_set_new(json, "shell", verb_text_or_null(command->shell));
		json_object_set_new(json, "background", json_boolean(command->is_background));
		json_object_set_new(json, "line", json_integer(command->line));
		json_array_append_new(array, json);
	}
	return array;
}

static json_t *jobs_json(const struct config *config)
{
	json_t *array = json_array();
	for (size_t i = 0; i < config->jobs.count; i++) {
		const struct config_job *job = &config->jobs.items[i];
		json_t *json = json_object(), *words = json_array();
		for (size_t k = 0; k < job->words.count; k++)
			json_array_append_new(words, verb_text_or_null(job->words.items[k]));
		json_object_set_new(json, "name", verb_text_or_null(job->name));
		json_object_set_new(json, "sentence", verb_text_or_null(job->sentence));
		json_object_set_new(json, "words", words);
		json_object_set_new(json, "line", json_integer(job->line));
		json_array_append_new(array, json);
	}
	return array;
}

static void print_json(const struct config *config, const struct strings *mistakes, bool only_mistakes)
{
	json_t *whole = json_object(), *settings = json_array();
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		json_array_append_new(settings, setting_json(config, (enum config_id)i));
	json_object_set_new(whole, "file", verb_text_or_null(config->path));
	if (!only_mistakes) {
		json_object_set_new(whole, "settings", json_incref(settings));
		json_object_set_new(whole, "keys", keys_json(config));
		json_object_set_new(whole, "commands", commands_json(config));
		json_object_set_new(whole, "jobs", jobs_json(config));
	}
	json_object_set_new(whole, "mistakes", mistakes_json(mistakes));
	json_decref(settings);
	auto_free char *text = json_dumps(whole, JSON_INDENT(2));
	puts(text != NULL ? text : "{}");
	json_decref(whole);
}

/* ---- check ---- */

static void print_check(const struct config *config, const char *file, const struct strings *mistakes)
{
	auto_free char *usual = path_home(PATH_CONFIG, "config.ini");
	const char *path = config->path != NULL ? config->path : file != NULL ? file : usual;
	for (size_t i = 0; i < mistakes->count; i++)
		puts(mistakes->items[i]);
	if (mistakes->count > 0)
		return;
	auto_str clean = {0};
	text_add_clean(&clean, path, strlen(path), false);
	printf(config->path != NULL ? _("%s: no mistake\n") : _("%s: there is no such file; the defaults are taken\n"), str_text(&clean));
}

/* `check`, `check FILE` or nothing. */
static bool read_words(const struct command_line *line, bool *is_check, const char **file, struct fault *fault)
{
	*is_check = line->arguments.count > 0;
	*file = line->arguments.count > 1 ? line->arguments.items[1] : NULL;
	if (!*is_check || strcmp(line->arguments.items[0], "check") == 0)
		return true;
	fault_set(fault, FAULT_USAGE, "config knows no \"%s\"", line->arguments.items[0]);
	return fault_mend(fault, "cargodeck config check [FILE] looks for mistakes");
}

int verb_config(const struct command_line *line, void (*check_keys)(const struct config *config, struct strings *mistakes))
{
	struct fault fault;
	bool is_check;
	const char *file;
	auto_strings mistakes = {0};
	int status = 0;
	if (!read_words(line, &is_check, &file, &fault))
		return verb_fault(&fault);
	struct config *config = config_open(file, NULL);
	strings_copy(&mistakes, &config->mistakes);
	check_keys(config, &mistakes);
	if (command_line_has(line, "json"))
		print_json(config, &mistakes, is_check);
	else if (is_check)
		print_check(config, file, &mistakes);
	else
		print_config(config);
	if (is_check)
		status = mistakes.count > 0 ? 1 : 0;
	else
		for (size_t i = 0; i < mistakes.count && !command_line_has(line, "json"); i++)
			fprintf(stderr, "cargodeck: %s\n", mistakes.items[i]);
	config_close(config);
	return status;
}
