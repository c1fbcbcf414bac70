/* What a person chose on the screen, by project: texts and numbers by name, in
 * one small JSON file each. Losing it costs a few keys, so a file that cannot
 * be read is laid aside and said. What another deck or a newer version wrote
 * stays. Opened by screen.c; the screen reads and puts. */
#include "cargodeck/config.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

enum { FILE_LIMIT = 256 << 10, ENTRIES_MOST = 256, NAME_MOST = 64, TEXT_MOST = 4096 };

struct remember {
	char *path;
	json_t *values; /* an object; of it strings and integers are ours, the rest is a newer version's */
	json_t *changed; /* the names whose values are not in the file yet */
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

/* An object, or NULL. The file must be there. */
static json_t *read_object(const char *path, struct fault *fault)
{
	json_error_t error;
	size_t len;
	auto_free char *text = file_read(path, FILE_LIMIT, &len, fault);
	json_t *json = text != NULL ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &error) : NULL;
	if (json_is_object(json))
		return json;
	if (text != NULL)
		fault_set(fault, FAULT_INPUT, "%s:%d: %s", path, json == NULL ? error.line : 1, json == NULL ? error.text : _("this is no object"));
	json_decref(json);
	return NULL;
}

/* One that cannot be read is laid aside: what is chosen now does not overwrite it. */
static void lay_aside(const struct remember *remember, struct fault *fault)
{
	auto_free char *aside = mem_print("%s.broken", remember->path), *why = mem_copy_string(fault->text);
	log_line("%s", why);
	fault_set(fault, FAULT_INPUT, "what was chosen in this project is forgotten: %s", why);
	if (rename(remember->path, aside) == 0)
		fault_mend(fault, "nothing is to be done; the file is kept as %s", aside);
	else
		fault_mend(fault, "take %s away", remember->path);
}

struct remember *remember_open(const char *project, struct fault *fault)
{
	struct fault own = {0};
	struct remember *remember = mem_alloc(sizeof *remember);
	auto_free char *name = file_name(project);
	remember->path = path_home(PATH_STATE, name);
	if (access(remember->path, F_OK) == 0) {
		remember->values = read_object(remember->path, &own);
		if (remember->values == NULL)
			lay_aside(remember, &own);
	}
	if (fault != NULL)
		*fault = own;
	if (remember->values == NULL)
		remember->values = json_object();
	remember->changed = json_object();
	return remember;
}

void remember_close(struct remember *remember)
{
	if (remember == NULL)
		return;
	json_decref(remember->values);
	json_decref(remember->changed);
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

static void note_change(struct remember *remember, const char *name)
{
	json_object_set_new(remember->changed, name, json_true());
	remember->is_changed = true;
}

/* Takes the value over; NULL takes the name away. */
static void put(struct remember *remember, const char *name, json_t *value)
{
	const json_t *before = json_object_get(remember->values, name);
	bool is_room = before != NULL || json_object_size(remember->values) < ENTRIES_MOST;
	if (value != NULL && is_fit(name, value) && is_room && !(before != NULL && json_equal(before, value))) {
		json_object_set(remember->values, name, value);
		note_change(remember, name);
	} else if (value == NULL && before != NULL) {
		json_object_del(remember->values, name);
		note_change(remember, name);
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

/* What is in the file, with what was changed here: another deck may have
 * written it meanwhile. The caller frees. */
static json_t *join(const struct remember *remember)
{
	struct fault fault;
	json_t *joined = file_exists(remember->path) ? read_object(remember->path, &fault) : NULL;
	const char *name;
	json_t *value;
	if (joined == NULL)
		return json_copy(remember->values);
	json_object_foreach(remember->changed, name, value) {
		json_t *now = json_object_get(remember->values, name);
		if (now != NULL)
			json_object_set(joined, name, now);
		else
			json_object_del(joined, name);
	}
	return joined;
}

bool remember_save(struct remember *remember, struct fault *fault)
{
	if (!remember->is_changed)
		return true;
	auto_free char *folder = path_parent(remember->path);
	json_t *joined = join(remember);
	auto_free char *text = json_dumps(joined, JSON_INDENT(1) | JSON_SORT_KEYS);
	json_decref(joined);
	remember->is_changed = false; /* what cannot be written is tried again with the next change */
	if (text == NULL || !dir_make_all(folder, 0700, fault) || !file_write(remember->path, text, strlen(text), 0600, fault))
		return false;
	json_object_clear(remember->changed);
	return true;
}
