/* What a container is, as rows that people read: a page for each tab of the
 * screen, which the verbs print too. What comes in went through facts.c.
 * A page keeps its texts; at most ROWS_MOST rows and 4 MiB of them. */
#include "container.h"

#include <stdio.h>
#include <time.h>

enum { ROWS_MOST = FACTS_MOST, BYTES_MOST = 4 << 20 };

void page_finish(struct page *page)
{
	array_finish(&page->rows);
	strings_finish(&page->texts);
	page->bytes = 0;
}

/* ---- rows ---- */

static const char *keep(struct page *page, char *text)
{
	if (text == NULL)
		return NULL;
	page->bytes += strlen(text);
	strings_take(&page->texts, text);
	return text;
}

static uint64_t id_of(uint64_t parent, const char *name)
{
	return (parent * 1099511628211u) ^ hash_bytes(name, strlen(name));
}

/* A row; NULL: the page is full, and its last row says so. Takes `value` over. */
static struct view_field *add(struct page *page, uint64_t parent, unsigned depth, const char *name, char *value)
{
	if (page->rows.count >= ROWS_MOST || page->bytes >= BYTES_MOST) {
		struct view_field *last = &page->rows.items[page->rows.count - 1];
		free(value);
		*last = (struct view_field){.id = last->id, .depth = last->depth, .name = "…", .value = _("more is not shown")};
		return NULL;
	}
	struct view_field *row = array_add(&page->rows);
	row->id = id_of(parent, name != NULL ? name : "");
	row->depth = depth;
	row->name = keep(page, mem_copy_string(name));
	row->value = keep(page, value);
	return row;
}

static void leaf(struct page *page, uint64_t parent, const char *name, char *value)
{
	if (value != NULL)
		add(page, parent, parent != 0, name, value);
}

/* Begins rows that belong together; close_group() counts them. */
static size_t open_group(struct page *page, const char *name, char *value)
{
	struct view_field *row = add(page, 0, 0, name, value);
	if (row != NULL)
		row->look = VIEW_FIELD_MUTED;
	return page->rows.count - 1;
}

static void close_group(struct page *page, size_t head)
{
	if (head < page->rows.count)
		page->rows.items[head].below = page->rows.count - 1 - head;
}

/* ---- values as people read them ---- */

static char *string_text(const char *text)
{
	return mem_copy_string(strcmp(text, FACTS_DEEPER) == 0 ? _(FACTS_DEEPER) : text);
}

static char *value_text(const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_STRING: return string_text(json_string_value(json));
	case JSON_INTEGER: return mem_print("%lld", (long long)json_integer_value(json));
	case JSON_REAL: return mem_print("%g", json_real_value(json));
	case JSON_TRUE: return mem_copy_string("true");
	case JSON_FALSE: return mem_copy_string("false");
	case JSON_NULL: return mem_copy_string("null");
	case JSON_OBJECT:
	case JSON_ARRAY: break;
	}
	return mem_copy_string("");
}

static char *text_of(const json_t *json, const char *name)
{
	return mem_copy_string(json_string_value(json_object_get(json, name)));
}

static const char *borrow(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));
	return text != NULL ? text : "";
}

/* A moment of the engine (RFC 3339, UTC, nanoseconds) as the clock on the wall
 * shows it. */
static char *moment_of(const json_t *json, const char *name)
{
	int64_t ns = clock_parse_rfc3339_ns(borrow(json, name));
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm wall;
	char text[32];
	if (ns <= 0 || localtime_r(&seconds, &wall) == NULL || strftime(text, sizeof text, "%F %T", &wall) == 0)
		return text_of(json, name);
	return mem_copy_string(text);
}

/* Words with blanks in them stand in quotes. */
static char *command_text(const json_t *list)
{
	auto_str out = {0};
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item) {
		const char *word = json_string_value(item);
		if (word == NULL)
			continue;
		bool is_plain = word[0] != '\0' && strpbrk(word, " '\"\\") == NULL;
		str_print(&out, is_plain ? "%s%s" : "%s'%s'", i > 0 ? " " : "", word);
		if (out.len > 4096)
			break;
	}
	return out.len > 0 ? str_steal(&out) : NULL;
}

static char *bytes_text(const json_t *json)
{
	char text[32];
	if (!json_is_integer(json))
		return NULL;
	format_bytes((uint64_t)json_integer_value(json), text, sizeof text);
	return mem_copy_string(text);
}

/* ---- overview ---- */

static void add_image(struct page *page, const json_t *image)
{
	size_t head = open_group(page, _("image"), text_of(image, "name"));
	uint64_t id = page->rows.items[head].id;
	page->rows.items[head].look = VIEW_FIELD_PLAIN;
	leaf(page, id, _("id"), text_of(image, "id"));
	leaf(page, id, _("digest"), json_is_string(json_object_get(image, "digest")) ? text_of(image, "digest") :
		mem_copy_string(_("none: it was never pulled or pushed")));
	leaf(page, id, _("created"), moment_of(image, "created"));
	close_group(page, head);
}

static void add_networks(struct page *page, const json_t *networks)
{
	size_t i, head = open_group(page, _("networks"), mem_copy_string(json_array_size(networks) == 0 ? _("none") : ""));
	uint64_t id = page->rows.items[head].id;
	const json_t *item;
	json_array_foreach(networks, i, item) {
		auto_free char *aliases = command_text(json_object_get(item, "aliases"));
		auto_str text = {0};
		str_print(&text, "%s%s%s", borrow(item, "address"), borrow(item, "address6")[0] != '\0' ? " " : "", borrow(item, "address6"));
		if (aliases != NULL)
			str_print(&text, _("  as %s"), aliases);
		leaf(page, id, borrow(item, "name"), str_steal(&text));
	}
	close_group(page, head);
}

static void add_ports(struct page *page, const json_t *ports)
{
	size_t i, head = open_group(page, _("ports"), mem_copy_string(json_array_size(ports) == 0 ? _("none") : ""));
	uint64_t id = page->rows.items[head].id;
	const json_t *item;
	json_array_foreach(ports, i, item) {
		json_int_t host = json_integer_value(json_object_get(item, "host"));
		bool is_six = strchr(borrow(item, "address"), ':') != NULL;
		leaf(page, id, borrow(item, "container"), host > 0 ? mem_print(is_six ? "[%s]:%lld" : "%s:%lld", borrow(item, "address"), (long long)host) :
			mem_copy_string(_("not published")));
	}
	close_group(page, head);
}

static void add_limits(struct page *page, const json_t *limits)
{
	size_t head = open_group(page, _("limits"), mem_copy_string(""));
	uint64_t id = page->rows.items[head].id;
	char *memory = bytes_text(json_object_get(limits, "memory_bytes"));
	const json_t *cpus = json_object_get(limits, "cpus"), *processes = json_object_get(limits, "processes");
	leaf(page, id, _("memory"), memory != NULL ? memory : mem_copy_string(_("none")));
	leaf(page, id, _("cpus"), json_is_real(cpus) ? value_text(cpus) : mem_copy_string(_("none")));
	leaf(page, id, _("processes"), json_is_integer(processes) ? value_text(processes) : mem_copy_string(_("none")));
	leaf(page, id, _("file system"), mem_copy_string(json_is_true(json_object_get(limits, "read_only")) ? _("read-only") : _("writable")));
	close_group(page, head);
}

static void add_health(struct page *page, const json_t *health)
{
	const char *status = json_string_value(json_object_get(health, "status"));
	size_t i, head = open_group(page, _("health"), mem_copy_string(json_is_object(health) ? view_word(status) : _("no health test")));
	uint64_t id = page->rows.items[head].id;
	const json_t *item;
	if (page->rows.items[head].value == NULL)
		page->rows.items[head].value = _("none yet");
	bool is_bad = text_equal(status, "unhealthy");
	page->rows.items[head].look = is_bad ? VIEW_FIELD_BAD : text_equal(status, "healthy") ? VIEW_FIELD_GOOD : VIEW_FIELD_MUTED;
	leaf(page, id, _("test"), command_text(json_object_get(health, "test")));
	json_array_foreach(json_object_get(health, "probes"), i, item) {
		json_int_t code = json_integer_value(json_object_get(item, "exit_code"));
		const char *output = borrow(item, "output");
		auto_free char *moment = moment_of(item, "time");
		struct view_field *row = add(page, id, 1, moment, code == 0 ? mem_print(_("passed 0  %s"), output) :
			mem_print(_("failed with %lld  %s"), (long long)code, output));
		if (row != NULL && code != 0)
			row->look = VIEW_FIELD_BAD;
	}
	close_group(page, head);
}

void page_overview(struct page *page, const json_t *facts)
{
	const json_t *restart = json_object_get(facts, "restart"), *code = json_object_get(facts, "exit_code");
	const char *state = view_word(json_string_value(json_object_get(facts, "state")));
	json_int_t count = json_integer_value(json_object_get(restart, "count"));
	leaf(page, 0, _("container"), text_of(facts, "container"));
	leaf(page, 0, _("id"), text_of(facts, "id"));
	leaf(page, 0, _("state"), json_is_integer(code) ? mem_print(_("%s, exit code %lld"), state, (long long)json_integer_value(code)) :
		mem_copy_string(state));
	leaf(page, 0, _("created"), moment_of(facts, "created"));
	leaf(page, 0, _("started"), moment_of(facts, "started"));
	add_image(page, json_object_get(facts, "image"));
	leaf(page, 0, _("entrypoint"), command_text(json_object_get(facts, "entrypoint")));
	leaf(page, 0, _("command"), command_text(json_object_get(facts, "command")));
	leaf(page, 0, _("user"), json_is_string(json_object_get(facts, "user")) ? text_of(facts, "user") :
		mem_copy_string(_("root, or as the image says")));
	leaf(page, 0, _("working folder"), text_of(facts, "working_dir"));
	add_health(page, json_object_get(facts, "health"));
	leaf(page, 0, _("restart"), mem_print(ngettext("%s, %lld time so far", "%s, %lld times so far", (unsigned long)count),
		borrow(restart, "policy")[0] != '\0' ? borrow(restart, "policy") : "no", (long long)count));
	add_networks(page, json_object_get(facts, "networks"));
	add_ports(page, json_object_get(facts, "ports"));
	add_limits(page, json_object_get(facts, "limits"));
}

/* ---- lists ---- */

void page_env(struct page *page, const json_t *facts)
{
	size_t i;
	const json_t *item;
	json_array_foreach(json_object_get(facts, "env"), i, item) {
		struct view_field *row = add(page, 0, 0, borrow(item, "name"), text_of(item, "value"));
		if (row == NULL)
			return;
		if (json_is_true(json_object_get(item, "masked")))
			row->look = VIEW_FIELD_MUTED;
	}
}

void page_mounts(struct page *page, const json_t *facts)
{
	size_t i;
	const json_t *item;
	json_array_foreach(json_object_get(facts, "mounts"), i, item) {
		const char *access = json_is_true(json_object_get(item, "read_only")) ? _("read-only") : _("writable");
		if (add(page, 0, 0, borrow(item, "target"), mem_print("%-6s %-*s %s", borrow(item, "type"), text_pad(access, 10), access,
			borrow(item, "source"))) == NULL)
			return;
	}
}

void page_labels(struct page *page, const json_t *facts)
{
	const char *name;
	json_t *item;
	json_object_foreach((json_t *)(uintptr_t)json_object_get(facts, "labels"), name, item)
		if (add(page, 0, 0, name, value_text(item)) == NULL)
			return;
}

/* ---- processes ---- */

static int column_of(const json_t *titles, const char *const *names)
{
	size_t i;
	const json_t *item;
	for (; *names != NULL; names++)
		json_array_foreach(titles, i, item)
			if (text_equal(json_string_value(item), *names))
				return (int)i;
	return -1;
}

static const char *cell(const json_t *process, int column)
{
	const char *text = column >= 0 ? json_string_value(json_array_get(process, (size_t)column)) : NULL;
	return text != NULL ? text : "-";
}

/* The columns are those of the ps in use (Engine API, ContainerTop). */
void page_processes(struct page *page, const json_t *top)
{
	static const char *const pid[] = {"PID", NULL}, *const user[] = {"UID", "USER", NULL}, *const time[] = {"TIME", NULL};
	static const char *const command[] = {"CMD", "COMMAND", NULL};
	const json_t *titles = json_object_get(top, "Titles"), *process;
	size_t i;
	int of_pid = column_of(titles, pid), of_user = column_of(titles, user), of_time = column_of(titles, time), of_command = column_of(titles, command);
	json_array_foreach(json_object_get(top, "Processes"), i, process) {
		json_t *shown = facts_text("", cell(process, of_command)), *who = facts_text("", cell(process, of_user));
		json_t *number = facts_text("", cell(process, of_pid)), *spent = facts_text("", cell(process, of_time));
		struct view_field *row = add(page, 0, 0, json_string_value(number), mem_print("%-10s %9s  %s", json_string_value(who),
			json_string_value(spent), json_string_value(shown)));
		json_decref(shown);
		json_decref(who);
		json_decref(number);
		json_decref(spent);
		if (row == NULL)
			return;
	}
}

/* ---- trees ---- */

static bool add_tree(struct page *page, const json_t *json, const char *name, uint64_t parent, unsigned depth, unsigned open)
{
	bool is_object = json_is_object(json), is_array = json_is_array(json);
	size_t i, count = is_object ? json_object_size(json) : is_array ? json_array_size(json) : 0, at = page->rows.count;
	const char *key;
	json_t *item;
	char *value = !is_object && !is_array ? value_text(json) : count == 0 ? mem_copy_string(is_object ? "{}" : "[]") :
		mem_print(is_object ? ngettext("%zu member", "%zu members", count) : ngettext("%zu item", "%zu items", count), count);
	struct view_field *row = add(page, parent, depth, name, value);
	if (row == NULL)
		return false;
	uint64_t id = row->id;
	row->look = is_object || is_array || json_is_null(json) ? VIEW_FIELD_MUTED : VIEW_FIELD_PLAIN;
	row->is_folded = count > 0 && depth >= open;
	bool good = true;
	json_object_foreach((json_t *)(uintptr_t)(is_object ? json : NULL), key, item)
		if (!(good = good && add_tree(page, item, key, id, depth + 1, open)))
			break;
	json_array_foreach(json, i, item) {
		char number[24];
		snprintf(number, sizeof number, "%zu", i);
		if (!(good = good && add_tree(page, item, number, id, depth + 1, open)))
			break;
	}
	page->rows.items[at].below = page->rows.count - 1 - at;
	return good;
}

void page_tree(struct page *page, const json_t *json, unsigned open)
{
	const char *key;
	json_t *item;
	json_object_foreach((json_t *)(uintptr_t)json, key, item)
		if (!add_tree(page, item, key, 0, 0, open))
			return;
}

/* ---- drift ---- */

void page_drift(struct page *page, const json_t *drift)
{
	size_t i;
	const json_t *item;
	json_array_foreach(drift, i, item) {
		const char *what = borrow(item, "what"), *which = borrow(item, "name");
		auto_free char *name = mem_print("%s%s%s", drift_text(what), which[0] != '\0' ? " " : "",
			strcmp(what, "limits") == 0 ? drift_text(which) : which);
		struct view_field *row = add(page, 0, 0, name, NULL);
		if (row == NULL)
			return;
		uint64_t id = row->id;
		size_t head = page->rows.count - 1;
		leaf(page, id, _("configured"), mem_copy_string(drift_text(borrow(item, "configured"))));
		leaf(page, id, _("running"), mem_copy_string(drift_text(borrow(item, "running"))));
		close_group(page, head);
	}
}
