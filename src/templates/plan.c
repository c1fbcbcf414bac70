/* The files of a project: templates.json lists them; those that apply are
 * rendered and compared with what is there. Called by the deck for `init`. */
#include "render.h"

#include <sys/stat.h>

enum { FILES_MOST = 400, FILE_BYTES = 1 << 20 };

/* One line of templates.json, with what it is rendered for. */
struct entry {
	const char *templates; /* the folder */
	const char *root;
	const json_t *json;
	const char *facts_text; /* with `it`, where it is one of several */
	const json_t *facts;
};

static const char *text_of(const struct entry *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry->json, key));
	return text != NULL ? text : "";
}

static bool has(const struct entry *entry, const char *key)
{
	return json_is_true(json_object_get(entry->json, key));
}

/* ---- rendering ---- */

static char *read_template(void *folder, const char *name, size_t *len)
{
	if (name[0] == '/' || strstr(name, "..") != NULL)
		return NULL;
	auto_free char *path = path_join(folder, name);
	return file_read(path, FILE_BYTES, len, NULL);
}

static char *render_text(const struct entry *entry, const char *name, const char *text, size_t len, struct fault *fault)
{
	struct str out = {0};
	if (template_render(name, text, len, entry->facts_text, read_template, (void *)(uintptr_t)entry->templates, &out, fault))
		return str_steal(&out);
	str_finish(&out);
	return NULL;
}

static char *render_file(const struct entry *entry, struct fault *fault)
{
	const char *name = text_of(entry, "template");
	size_t len;
	auto_free char *text = read_template((void *)(uintptr_t)entry->templates, name, &len);
	if (text == NULL) {
		fault_set(fault, FAULT_INPUT, "templates.json names the template %s, which cannot be read", name);
		return NULL;
	}
	return render_text(entry, name, text, len, fault);
}

/* 1: it applies, 0: it does not, -1: a fault. */
static int applies(const struct entry *entry, struct fault *fault)
{
	const char *part = text_of(entry, "part"), *when = text_of(entry, "when");
	const json_t *chosen = json_object_get(json_object_get(json_object_get(entry->facts, "choices"), "parts"), part);
	if (json_is_false(chosen))
		return 0;
	if (when[0] == '\0')
		return 1;
	auto_free char *question = mem_print("%%%% if %s\ny\n%%%% end\n", when);
	auto_free char *answer = render_text(entry, "templates.json", question, strlen(question), fault);
	return answer == NULL ? -1 : answer[0] == 'y';
}

/* ---- what is there ---- */

/* Under another name: one that counts as the same file, or one that the survey
 * found in this role. The caller frees. */
static char *find_elsewhere(const struct entry *entry, const char *path)
{
	const char *role = text_of(entry, "role");
	size_t i;
	const json_t *item;
	json_array_foreach(json_object_get(entry->json, "names"), i, item) {
		const char *name = json_string_value(item);
		if (name != NULL && file_look_below(entry->root, name) != FILE_MISSING)
			return mem_copy_string(name);
	}
	json_array_foreach(json_object_get(entry->facts, "existing"), i, item) {
		const char *at = json_string_value(json_object_get(item, "path"));
		if (role[0] != '\0' && at != NULL && text_equal(role, json_string_value(json_object_get(item, "role"))) && strcmp(at, path) != 0)
			return mem_copy_string(at);
	}
	return NULL;
}

static enum plan_state compare(const struct plan_file *file)
{
	if (file->is_lines) {
		auto_free char *with = plan_add_lines(file->now, file->text);
		return strcmp(with, file->now) == 0 ? PLAN_SAME : PLAN_LINES;
	}
	return strcmp(file->now, file->text) == 0 ? PLAN_SAME : PLAN_DIFFERS;
}

static bool refuse_kind(const struct plan_file *file, struct fault *fault)
{
	fault_set(fault, FAULT_INPUT, "%s cannot be written: what is there is no file, or a part of its path is no folder", file->path);
	if (strcmp(file->part, "core") == 0)
		return fault_mend(fault, "move it away");
	return fault_mend(fault, "move it away, or leave the part %s out: --without %s", file->part, file->part);
}

/* What holds a NUL is no text: only what stands before it would be kept. */
static bool look_at_text(const struct entry *entry, struct plan_file *file, struct fault *fault)
{
	size_t len;
	auto_free char *whole = path_join(entry->root, file->path);
	file->found = mem_copy_string(file->path);
	file->now = file_read(whole, FILE_BYTES, &len, NULL);
	if (file->now == NULL || strlen(file->now) != len) {
		fault_set(fault, FAULT_INPUT, "%s cannot be read, is no text, or is larger than a megabyte", file->path);
		return fault_mend(fault, "make it readable, or move it away");
	}
	file->state = compare(file);
	return true;
}

static bool look(const struct entry *entry, struct plan_file *file, struct fault *fault)
{
	switch (file_look_below(entry->root, file->path)) {
	case FILE_MISSING:
		file->found = find_elsewhere(entry, file->path);
		file->state = file->found != NULL ? PLAN_ELSEWHERE : PLAN_NEW;
		break;
	case FILE_LINK:
		file->state = PLAN_LINK;
		break;
	case FILE_REGULAR:
		if (!look_at_text(entry, file, fault))
			return false;
		break;
	case FILE_FOLDER:
	case FILE_OTHER:
		return refuse_kind(file, fault);
	}
	file->is_wanted = file->state == PLAN_NEW || file->state == PLAN_LINES;
	return true;
}

/* ---- the list ---- */

static void finish_file(struct plan_file *file)
{
	free(file->path);
	free(file->part);
	free(file->text);
	free(file->found);
	free(file->now);
	free(file->says);
}

/* What lies over a file that is there under another name would lie over nothing. */
static bool lies_over_nothing(const struct entry *entry, const struct plan *plan)
{
	const char *over = text_of(entry, "over");
	for (size_t i = 0; over[0] != '\0' && i < plan->files.count; i++)
		if (strcmp(plan->files.items[i].path, over) == 0 && plan->files.items[i].state == PLAN_ELSEWHERE)
			return true;
	return false;
}

static bool add_file(const struct entry *entry, struct plan *plan, struct fault *fault)
{
	const char *path = text_of(entry, "path");
	if (plan->files.count >= FILES_MOST)
		return fault_set(fault, FAULT_INPUT, "more than %d files would be written", FILES_MOST);
	struct plan_file file = {.is_executable = has(entry, "executable"), .is_secret = has(entry, "secret"), .is_lines = has(entry, "lines")};
	file.path = render_text(entry, path, path, strlen(path), fault);
	file.text = file.path != NULL ? render_file(entry, fault) : NULL;
	file.part = mem_copy_string(text_of(entry, "part"));
	file.says = mem_copy_string(text_of(entry, "says"));
	bool good = file.text != NULL && look(entry, &file, fault);
	if (good)
		*array_add(&plan->files) = file;
	else
		finish_file(&file);
	return good;
}

/* For each item of a list of the facts, which the template knows as `it`. */
static bool add_each(struct entry *entry, const char *list, struct plan *plan, struct fault *fault)
{
	json_t *facts = json_copy((json_t *)(uintptr_t)entry->facts);
	bool good = true;
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(entry->facts, list), i, item) {
		json_object_set(facts, "it", item);
		auto_free char *text = json_dumps(facts, JSON_COMPACT);
		entry->facts_text = text;
		int does = good ? applies(entry, fault) : 0;
		good = good && does >= 0 && (does == 0 || add_file(entry, plan, fault));
	}
	json_decref(facts);
	return good;
}

static bool add_entry(struct entry *entry, struct plan *plan, struct fault *fault)
{
	const char *each = text_of(entry, "each"), *facts = entry->facts_text;
	if (lies_over_nothing(entry, plan))
		return true;
	if (each[0] != '\0') {
		bool good = add_each(entry, each, plan, fault);
		entry->facts_text = facts;
		return good;
	}
	int does = applies(entry, fault);
	return does >= 0 && (does == 0 || add_file(entry, plan, fault));
}

static json_t *read_list(const char *templates, struct fault *fault)
{
	auto_free char *path = path_join(templates, "templates.json");
	size_t len;
	auto_free char *text = file_read(path, FILE_BYTES, &len, fault);
	json_error_t error;
	if (text == NULL)
		return NULL;
	json_t *list = json_loadb(text, len, 0, &error);
	if (list == NULL)
		fault_set(fault, FAULT_INPUT, "%s:%d: %s", path, error.line, error.text);
	return list;
}

bool plan_open(const char *templates, const char *root, const char *facts_json, struct plan *plan, struct fault *fault)
{
	*plan = (struct plan){0};
	json_t *list = read_list(templates, fault), *facts = json_loads(facts_json, 0, NULL);
	bool good = list != NULL && (facts != NULL || fault_set(fault, FAULT_INPUT, "the facts are no JSON"));
	size_t i;
	const json_t *item;
	json_array_foreach(json_object_get(list, "files"), i, item) {
		struct entry entry = {.templates = templates, .root = root, .json = item, .facts_text = facts_json, .facts = facts};
		good = good && add_entry(&entry, plan, fault);
	}
	json_decref(list);
	json_decref(facts);
	if (!good)
		plan_close(plan);
	return good;
}

void plan_close(struct plan *plan)
{
	for (size_t i = 0; i < plan->files.count; i++)
		finish_file(&plan->files.items[i]);
	array_finish(&plan->files);
	*plan = (struct plan){0};
}

/* ---- where templates lie ---- */

static char *with_list(const char *folder, const char *below)
{
	char *templates = path_join(folder, below);
	auto_free char *list = path_join(templates, "templates.json");
	if (file_exists(list))
		return templates;
	free(templates);
	return NULL;
}

/* Beside the program or above it: as it lies in the tree, and as it is installed, wherever that was moved to. */
static char *beside_program(void)
{
	auto_free char *folder = path_own_folder();
	for (int i = 0; folder != NULL && i < 3; i++) {
		char *templates = with_list(folder, "share/templates");
		if (templates == NULL)
			templates = with_list(folder, "share/cargodeck/templates");
		if (templates != NULL)
			return templates;
		char *parent = path_parent(folder);
		free(folder);
		folder = parent;
	}
	return NULL;
}

char *templates_folder(void)
{
	char *beside = beside_program();
	if (beside != NULL)
		return beside;
	return file_exists(TEMPLATES_FOLDER "/templates.json") ? mem_copy_string(TEMPLATES_FOLDER) : NULL;
}
