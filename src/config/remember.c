/* What a person chose on the screen, by project: texts and numbers by name, in
 * one small JSON file each. Losing it costs a few keys, so a file that cannot
 * be read is left behind with a line in the log. Opened by screen.c; the screen
 * reads and puts. */
#include "cargodeck/config.h"

#include <jansson.h>
#include <stdio.h>

enum { FILE_LIMIT = 256 << 10, ENTRIES_MOST = 256, NAME_MOST = 64, TEXT_MOST = 4096 };

struct remember {
	char *path;
	json_t *values; /* an object of strings and integers */
	bool is_changed;
};

/* A project's name as a file's: most are one already. */
static char *file_name(const char *project)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t len = strspn(project, letters);
	if (len > 0 && len <= 100 && project[len] == '\0')
		return mem_print("chosen/%s.json", project);
	return mem_print("chosen/.%016llx.json", (unsigned long long)hash_bytes(project, strlen(project)));
}

static bool is_fit(const char *name, const json_t *value)
{
	return name[0] != '\0' && strlen(name) <= NAME_MOST &&
		(json_is_integer(value) || (json_is_string(value) && json_string_length(value) <= TEXT_MOST));
}

/* Only what could have been put: the rest is left out. */
static void take_values(struct remember *remember, json_t *json)
{
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value)
		if (is_fit(name, value) && json_object_size(remember->values) < ENTRIES_MOST)
			json_object_set(remember->values, name, value);
}

static void read_file(struct remember *remember)
{
	struct fault fault;
	json_error_t error;
	size_t len;
	if (!file_exists(remember->path))
		return;
	auto_free char *text = file_read(remember->path, FILE_LIMIT, &len, &fault);
	json_t *json = text != NULL ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &error) : NULL;
	if (json_is_object(json))
		take_values(remember, json);
	else
		log_line("%s cannot be read, and what was chosen is forgotten: %s", remember->path, text == NULL ? fault.text : json == NULL ? error.text : "it is no object");
	json_decref(json);
}

struct remember *remember_open(const char *project)
{
	struct remember *remember = mem_alloc(sizeof *remember);
	auto_free char *name = file_name(project);
	remember->path = path_home(PATH_STATE, name);
	remember->values = json_object();
	read_file(remember);
	return remember;
}

void remember_close(struct remember *remember)
{
	if (remember == NULL)
		return;
	json_decref(remember->values);
	free(remember->path);
	free(remember);
}

const char *remember_text(const struct remember *remember, const char *name)
{
	return json_string_value(json_object_get(remember->values, name));
}

int64_t remember_number(const struct remember *remember, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(remember->values, name);
	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

/* Takes the value over; NULL takes the name away. */
static void put(struct remember *remember, const char *name, json_t *value)
{
	const json_t *before = json_object_get(remember->values, name);
	bool is_room = before != NULL || json_object_size(remember->values) < ENTRIES_MOST;
	if (value != NULL && is_fit(name, value) && is_room && !(before != NULL && json_equal(before, value))) {
		json_object_set(remember->values, name, value);
		remember->is_changed = true;
	} else if (value == NULL && before != NULL) {
		json_object_del(remember->values, name);
		remember->is_changed = true;
	}
	json_decref(value);
}

void remember_put_text(struct remember *remember, const char *name, const char *text)
{
	put(remember, name, text != NULL ? json_string(text) : NULL);
}

void remember_put_number(struct remember *remember, const char *name, int64_t number)
{
	put(remember, name, json_integer(number));
}

bool remember_is_changed(const struct remember *remember)
{
	return remember->is_changed;
}

bool remember_save(struct remember *remember, struct fault *fault)
{
	if (!remember->is_changed)
		return true;
	auto_free char *folder = path_parent(remember->path);
	auto_free char *text = json_dumps(remember->values, JSON_INDENT(1) | JSON_SORT_KEYS);
	remember->is_changed = false; /* what cannot be written is not tried again and again */
	return text != NULL && dir_make_all(folder, 0700, fault) && file_write(remember->path, text, strlen(text), 0600, fault);
}
