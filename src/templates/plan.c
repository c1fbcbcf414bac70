/* Which files a project gets: the list in templates.json, rendered for what the
 * project is, and looked up in its folder. What is there already is never
 * replaced from here; write.c does what was agreed to. Called by the deck for
 * `init`. */
#include "render.h"

#include <ctype.h>

enum { MOST_BYTES = 1 << 20, MOST_FILES = 500 };

struct planning {
	const char *templates, *root;
	json_t *facts;
	struct plan *plan;
	struct fault *fault;
};

/* ---- templates ---- */

/* Beside the template that asks, else in the folder of them all. */
struct shelf {
	const char *folder, *beside;
};

static char *read_include(void *context, const char *name, size_t *len)
{
	const struct shelf *shelf = context;
	auto_free char *near = path_join(shelf->beside, name);
	char *text = file_exists(near) ? file_read(near, MOST_BYTES, len, NULL) : NULL;
	if (text != NULL)
		return text;
	auto_free char *far = path_join(shelf->folder, name);
	return file_read(far, MOST_BYTES, len, NULL);
}

static bool render_file(struct planning *planning, const char *name, struct str *out)
{
	size_t len;
	auto_free char *path = path_join(planning->templates, name);
	auto_free char *beside = path_parent(path);
	auto_free char *text = file_read(path, MOST_BYTES, &len, planning->fault);
	struct shelf shelf = {.folder = planning->templates, .beside = beside};
	return text != NULL && render_text(name, text, len, planning->facts, read_include, &shelf, out, planning->fault);
}

/* ---- lines that are added to what is there ---- */

struct piece {
	const char *text;
	size_t len; /* without blanks and the end of line */
};

/* The next line of a text; false at its end. */
static bool next_line(const char **at, struct piece *line)
{
	if (**at == '\0')
		return false;
	size_t len = strcspn(*at, "\n");
	*line = (struct piece){*at, len};
	*at += len + ((*at)[len] == '\n');
	while (line->len > 0 && isspace((unsigned char)line->text[line->len - 1]))
		line->len--;
	return true;
}

/* The NAME of NAME=…; len 0: it is no such line. */
static struct piece name_of(struct piece line)
{
	while (line.len > 0 && (*line.text == ' ' || *line.text == '\t'))
		line = (struct piece){line.text + 1, line.len - 1};
	if (line.len > 7 && memcmp(line.text, "export ", 7) == 0)
		line = (struct piece){line.text + 7, line.len - 7};
	size_t len = 0;
	while (len < line.len && name_has(line.text[len]))
		len++;
	size_t sign = len;
	while (sign < line.len && line.text[sign] == ' ')
		sign++;
	return (struct piece){line.text, sign < line.len && line.text[sign] == '=' ? len : 0};
}

static bool is_same(struct piece a, struct piece b)
{
	return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static bool has_line(const char *text, struct piece wanted)
{
	struct piece name = name_of(wanted), line;
	while (next_line(&text, &line))
		if (name.len > 0 ? is_same(name, name_of(line)) : is_same(wanted, line))
			return true;
	return false;
}

static void add_line(struct str *out, struct piece line, const char *end)
{
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		str_add(out, end);
	str_add_bytes(out, line.text, line.len);
	str_add(out, end);
}

/* `now` with the lines of `wanted` that it lacks at its end; a remark comes
 * along with the first line below it. NULL: it lacks none; the caller frees. */
static char *add_lines(const char *now, const char *wanted)
{
	const char *first = strchr(now, '\n');
	const char *end = first != NULL && first > now && first[-1] == '\r' ? "\r\n" : "\n";
	ARRAY(struct piece) remarks = {0};
	auto_str out = {0};
	struct piece line;
	str_add(&out, now);
	while (next_line(&wanted, &line)) {
		if (line.len > 0 && line.text[0] == '#') {
			*array_add(&remarks) = line;
			continue;
		}
		if (line.len > 0 && !has_line(str_text(&out), line)) {
			for (size_t i = 0; i < remarks.count; i++)
				add_line(&out, remarks.items[i], end);
			add_line(&out, line, end);
		}
		remarks.count = 0;
	}
	array_finish(&remarks);
	return out.len > strlen(now) ? str_steal(&out) : NULL;
}

/* ---- what is there ---- */

static const char *text_of(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));
	return text != NULL ? text : "";
}

/* Another file that does the same: by its name, else by what was found out. NULL: none; the caller frees. */
static char *find_elsewhere(const struct planning *planning, const json_t *entry, const char *path)
{
	const json_t *names = json_object_get(entry, "names"), *existing = json_object_get(planning->facts, "existing");
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		auto_free char *text = NULL;
		if (name != NULL && strcmp(name, path) != 0 && file_read_below(planning->root, name, MOST_BYTES, &text) != FILE_NONE)
			return mem_copy_string(name);
	}
	const char *role = text_of(entry, "role");
	for (size_t i = 0; role[0] != '\0' && i < json_array_size(existing); i++) {
		const json_t *other = json_array_get(existing, i);
		if (strcmp(text_of(other, "role"), role) == 0 && strcmp(text_of(other, "path"), path) != 0 && text_of(other, "path")[0] != '\0')
			return mem_copy_string(text_of(other, "path"));
	}
	return NULL;
}

static void look_at_text(struct plan_file *file)
{
	if (!file->is_lines) {
		file->state = strcmp(file->now, file->text) == 0 ? PLAN_SAME : PLAN_DIFFERS;
		return;
	}
	char *whole = add_lines(file->now, file->text);
	file->state = whole != NULL ? PLAN_LINES : PLAN_SAME;
	free(file->text);
	file->text = whole != NULL ? whole : mem_copy_string(file->now);
}

static void look(const struct planning *planning, const json_t *entry, struct plan_file *file)
{
	switch (file_read_below(planning->root, file->path, MOST_BYTES, &file->now)) {
	case FILE_LINK:
		file->state = PLAN_LINK;
		break;
	case FILE_OTHER:
		file->state = PLAN_BLOCKED;
		break;
	case FILE_TEXT:
		look_at_text(file);
		break;
	case FILE_NONE:
		file->found = find_elsewhere(planning, entry, file->path);
		file->state = file->found != NULL ? PLAN_ELSEWHERE : PLAN_NEW;
		break;
	}
	if (file->found == NULL && file->state != PLAN_NEW)
		file->found = mem_copy_string(file->path);
	file->is_wanted = file->state == PLAN_NEW || file->state == PLAN_LINES;
}

/* ---- one entry of the list ---- */

static bool render_path(struct planning *planning, const char *text, char **path)
{
	auto_str out = {0};
	if (!render_text("templates.json", text, strlen(text), planning->facts, NULL, NULL, &out, planning->fault))
		return false;
	if (!path_is_plain(str_text(&out)) || text_starts_with(str_text(&out), ".git/"))
		return fault_set(planning->fault, FAULT_INPUT, "\"%s\" is no path of a file in the project", str_text(&out));
	for (size_t i = 0; i < planning->plan->files.count; i++)
		if (strcmp(planning->plan->files.items[i].path, str_text(&out)) == 0)
			return fault_set(planning->fault, FAULT_INPUT, "two templates write %s", str_text(&out));
	*path = str_steal(&out);
	return true;
}

static bool applies(struct planning *planning, const json_t *entry, bool *is_met)
{
	const char *when = text_of(entry, "when");
	const json_t *parts = json_object_get(json_object_get(planning->facts, "choices"), "parts");
	*is_met = !json_is_false(json_object_get(parts, text_of(entry, "part")));
	if (!*is_met || when[0] == '\0')
		return true;
	json_t *own = json_object();
	struct names names = {.facts = planning->facts, .own = own};
	json_t *value = expression_read(&names, when, strlen(when), planning->fault);
	*is_met = expression_is_true(value);
	json_decref(own);
	json_decref(value);
	return value != NULL || fault_add(planning->fault, "templates.json: when of %s", text_of(entry, "path"));
}

/* What lies over a file that is there under another name would lie over nothing. */
static bool lies_over_nothing(const struct planning *planning, const char *over)
{
	for (size_t i = 0; i < planning->plan->files.count; i++) {
		const struct plan_file *file = &planning->plan->files.items[i];
		if (strcmp(file->path, over) == 0 && file->state == PLAN_ELSEWHERE)
			return true;
	}
	return false;
}

static bool add_file(struct planning *planning, const json_t *entry)
{
	auto_free char *path = NULL;
	auto_str text = {0};
	bool is_met;
	if (!applies(planning, entry, &is_met))
		return false;
	if (!is_met || lies_over_nothing(planning, text_of(entry, "over")))
		return true;
	if (planning->plan->files.count >= MOST_FILES)
		return fault_set(planning->fault, FAULT_INPUT, "more than %d files would be written", MOST_FILES);
	if (!render_path(planning, text_of(entry, "path"), &path) || !render_file(planning, text_of(entry, "template"), &text))
		return false;
	struct plan_file *file = array_add(&planning->plan->files);
	file->path = steal(&path);
	file->part = mem_copy_string(text_of(entry, "part"));
	file->text = str_steal(&text);
	file->is_executable = json_is_true(json_object_get(entry, "executable"));
	file->is_secret = json_is_true(json_object_get(entry, "secret"));
	file->is_lines = json_is_true(json_object_get(entry, "lines"));
	file->says = mem_copy_string(text_of(entry, "says"));
	look(planning, entry, file);
	return true;
}

static bool add_entry(struct planning *planning, const json_t *entry)
{
	const char *each = text_of(entry, "each");
	if (each[0] == '\0')
		return add_file(planning, entry);
	json_t *own = json_object();
	struct names names = {.facts = planning->facts, .own = own};
	const json_t *list = names_find(&names, each, strlen(each));
	bool good = true;
	for (size_t i = 0; good && i < json_array_size(list); i++) {
		json_object_set(planning->facts, "it", json_array_get(list, i));
		good = add_file(planning, entry);
	}
	json_object_del(planning->facts, "it");
	json_decref(own);
	return good;
}

/* ---- the list ---- */

static json_t *read_list(const char *templates, struct fault *fault)
{
	json_error_t error;
	auto_free char *path = path_join(templates, "templates.json");
	auto_free char *text = file_read(path, MOST_BYTES, NULL, fault);
	if (text == NULL)
		return NULL;
	json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (json_is_array(json_object_get(list, "files")))
		return list;
	if (list == NULL)
		fault_set(fault, FAULT_INPUT, "%s:%d: %s", path, error.line, error.text); /* no text */
	else
		fault_set(fault, FAULT_INPUT, "%s has no list \"files\"", path);
	json_decref(list);
	return NULL;
}

bool plan_open(const char *templates, const char *root, const char *facts_json, struct plan *plan, struct fault *fault)
{
	*plan = (struct plan){0};
	struct planning planning = {.templates = templates, .root = root, .plan = plan, .fault = fault};
	json_t *list = read_list(templates, fault);
	planning.facts = list != NULL ? facts_read(facts_json, fault) : NULL;
	bool good = planning.facts != NULL;
	const json_t *files = json_object_get(list, "files");
	for (size_t i = 0; good && i < json_array_size(files); i++)
		good = add_entry(&planning, json_array_get(files, i));
	json_decref(planning.facts);
	json_decref(list);
	if (!good)
		plan_close(plan);
	return good;
}

void plan_close(struct plan *plan)
{
	for (size_t i = 0; i < plan->files.count; i++) {
		struct plan_file *file = &plan->files.items[i];
		free(file->path);
		free(file->part);
		free(file->text);
		free(file->found);
		free(file->now);
		free(file->says);
	}
	array_finish(&plan->files);
}

/* ---- where templates lie ---- */

char *templates_folder(void)
{
	static const char sign[] = "templates.json";
	char *beside = path_beside_program("share/templates", sign);
	if (beside == NULL)
		beside = path_beside_program("share/cargodeck/templates", sign);
	if (beside == NULL && file_exists(TEMPLATES_FOLDER "/templates.json"))
		beside = mem_copy_string(TEMPLATES_FOLDER);
	return beside;
}
