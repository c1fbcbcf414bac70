/* The catalogue of practices, and one run through it: sources are read, every
 * check looks, allow lines let through what somebody has answered for. */
#include "checks.h"

#include <ctype.h>

enum { REASON_LIMIT = 200, ALLOW_LINES = 1000 };

static const struct practice_topic *const topics[] = {&topic_image, &topic_security, &topic_secrets, &topic_caching, &topic_observability,
	&topic_database, &topic_development, &topic_production, &topic_ci, &topic_reload};

const struct practice_topic *const *check_topics(size_t *count)
{
	*count = COUNT_OF(topics);
	return topics;
}

const struct practice *check_find(const char *id)
{
	for (size_t i = 0; i < COUNT_OF(topics); i++)
		for (size_t j = 0; j < topics[i]->count; j++)
			if (strcmp(topics[i]->practices[j].id, id) == 0)
				return &topics[i]->practices[j];
	return NULL;
}

const char *check_severity_name(enum check_severity severity)
{
	static const char *const names[] = {"low", "medium", "high"};
	return names[severity];
}

const char *check_state_name(enum check_state state)
{
	static const char *const names[] = {"kept", "broken", "not-applicable", "cannot-tell"};
	return names[state];
}

/* ---- which ---- */

/* "2.5", or its topic "2". */
static bool names(const struct strings *list, const char *id)
{
	size_t topic = strcspn(id, ".");
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		const char *each = list->items[i];
		if (strcmp(each, id) == 0 || (strlen(each) == topic && strncmp(each, id, topic) == 0))
			return true;
	}
	return false;
}

static bool is_wanted(const struct check_options *options, const char *id)
{
	bool all = options->only == NULL || options->only->count == 0;
	return (all || names(options->only, id)) && !names(options->skip, id);
}

/* ---- `# cargodeck: allow ID reason` ---- */

struct allow {
	char id[8];
	const char *file; /* borrowed of the tree */
	unsigned line;
	char *reason;
	bool is_used;
};
struct allows {
	struct allow *items;
	size_t count, cap;
};

/* Files of which somebody writes and everything may be said in a comment. */
static bool has_comments(const char *path)
{
	static const char *const ends[] = {".yaml", ".yml", ".toml", ".rs", ".sh", ".hcl", ".env", "ignore", ".example", ".conf", ".sql", ".json", ".jsonc"};
	const char *name = path_name(path);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (text_ends_with(name, ends[i]))
			return true;
	return strstr(name, "ockerfile") != NULL || strstr(name, "ontainerfile") != NULL || text_starts_with(name, ".env");
}

/* The reason behind the ids, without what ends a comment of another kind. */
static char *read_reason(const char *at)
{
	auto_str clean = {0};
	at += strspn(at, " \t");
	text_add_clean(&clean, at, strlen(at) < REASON_LIMIT ? strlen(at) : REASON_LIMIT, false);
	for (size_t end = clean.len; end > 0 && (isspace((unsigned char)clean.data[end - 1]) || text_ends_with(clean.data, "*/")); end = clean.len)
		str_cut(&clean, clean.len - (isspace((unsigned char)clean.data[end - 1]) ? 1 : 2));
	return mem_copy_string(str_text(&clean));
}

/* "2.3 REASON" or "2.3, 8.6 REASON". */
static void read_allow(struct allows *allows, const char *file, unsigned line, const char *text, size_t len, struct strings *notes)
{
	auto_free char *rest = mem_copy_bytes(text, len < 400 ? len : 400);
	const char *at = rest + strspn(rest, " \t");
	size_t first = allows->count;
	while (true) {
		size_t id = strspn(at, "0123456789.");
		bool ends = at[id] == '\0' || at[id] == ',' || isspace((unsigned char)at[id]);
		auto_free char *name = mem_copy_bytes(at, id < sizeof allows->items->id ? id : 0);
		if (!ends || check_find(name) == NULL) {
			if (allows->count == first)
				strings_print(notes, _("%s:%u allows what is no practice: name one, as in `allow 2.3 REASON`; it does not count"), file, line);
			break;
		}
		struct allow *allow = array_add(allows);
		memcpy(allow->id, name, id);
		allow->file = file;
		allow->line = line;
		at += id;
		at += strspn(at, " \t");
		if (*at != ',')
			break;
		at++;
		at += strspn(at, " \t");
	}
	for (size_t i = first; i < allows->count; i++)
		allows->items[i].reason = read_reason(at);
}

/* Behind a sign of comment alone: the words within a text are none. */
static bool stands_in_comment(const char *text, const char *at)
{
	while (at > text && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at > text && (at[-1] == '#' || at[-1] == ';' || (at > text + 1 && ((at[-1] == '/' && at[-2] == '/') || (at[-1] == '-' && at[-2] == '-') ||
		(at[-1] == '*' && at[-2] == '/'))));
}

static void find_allows(const struct sources *sources, struct allows *allows, struct strings *notes)
{
	for (size_t i = 0; i < sources->tree.files.count; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		/* most were read already, and their texts searched */
		if (file->is_link || !has_comments(file->path) || file->size > TREE_FILE_BYTES || tree_look(&sources->tree, file) == TREE_WITHOUT)
			continue;
		size_t len;
		auto_free char *text = tree_read(&sources->tree, file->path, &len);
		for (const char *at = text; at != NULL && (at = strstr(at, ALLOW_MARK)) != NULL && allows->count < ALLOW_LINES;) {
			const char *rest = at + strlen(ALLOW_MARK);
			if (stands_in_comment(text, at) && (*rest == ' ' || *rest == '\t'))
				read_allow(allows, file->path, text_line_at(text, (size_t)(at - text)), rest, strcspn(rest, "\r\n"), notes);
			at = rest;
		}
	}
}

/* A line lets through what is found in its own file. What cargo writes has no
 * comments: the manifest answers for it; for what has no place, any file. */
static bool is_place_of(const struct allow *allow, const char *file)
{
	if (file == NULL || strcmp(file, allow->file) == 0)
		return true;
	return strcmp(path_name(file), "Cargo.lock") == 0 && strcmp(path_name(allow->file), "Cargo.toml") == 0;
}

static struct allow *find_allow(struct allows *allows, const char *id, const char *file)
{
	for (size_t i = 0; i < allows->count; i++) {
		struct allow *allow = &allows->items[i];
		if (strcmp(allow->id, id) == 0 && allow->reason[0] != '\0' && is_place_of(allow, file)) {
			allow->is_used = true;
			return allow;
		}
	}
	return NULL;
}

/* Only where each place that breaks it is answered for. */
static void let_through(struct check_result *result, struct allows *allows)
{
	const struct allow *by = NULL;
	bool all = true;
	for (size_t i = 0; result->state == CHECK_BROKEN && i < result->evidence.count; i++) {
		const struct check_evidence *each = &result->evidence.items[i];
		const struct allow *allow = each->is_against ? find_allow(allows, result->practice->id, each->file) : NULL;
		all = all && (!each->is_against || allow != NULL);
		by = by != NULL ? by : allow;
	}
	if (by == NULL || !all)
		return;
	result->is_allowed = true;
	free(result->reason);
	result->reason = mem_print("%s (%s:%u)", by->reason, by->file, by->line);
}

static bool was_judged(const struct check_report *report, const char *id)
{
	for (size_t i = 0; i < report->results.count; i++)
		if (strcmp(report->results.items[i].practice->id, id) == 0)
			return true;
	return false;
}

static void note_allows(const struct allows *allows, struct check_report *report)
{
	for (size_t i = 0; i < allows->count; i++) {
		const struct allow *allow = &allows->items[i];
		if (allow->reason[0] == '\0')
			strings_print(&report->notes, _("%s:%u allows %s without a reason: write one behind it; it does not count"), allow->file, allow->line, allow->id);
		else if (!allow->is_used && was_judged(report, allow->id))
			strings_print(&report->notes, _("%s:%u allows %s, which is not broken there: the line can go"), allow->file, allow->line, allow->id);
	}
}

static void take_allows(const struct sources *sources, struct check_report *report)
{
	struct allows allows = {0};
	find_allows(sources, &allows, &report->notes);
	for (size_t i = 0; i < report->results.count; i++)
		let_through(&report->results.items[i], &allows);
	note_allows(&allows, report);
	for (size_t i = 0; i < allows.count; i++)
		free(allows.items[i].reason);
	array_finish(&allows);
}

/* ---- one run ---- */

static void run_check(const struct sources *sources, const struct practice *practice, struct check_report *report)
{
	struct check_result *result = array_add(&report->results);
	struct check check = {.sources = sources, .practice = practice, .result = result};
	result->practice = practice;
	practice->files(&check);
	if (sources->live != NULL && practice->live != NULL)
		practice->live(&check);
	verdict_reach(&check);
}

bool checks_run(const struct check_options *options, struct check_report *report, struct fault *fault)
{
	struct sources sources;
	*report = (struct check_report){0};
	if (!sources_open(options, &sources, fault))
		return false;
	report->root = mem_copy_string(options->root);
	for (size_t i = 0; i < COUNT_OF(topics); i++)
		for (size_t j = 0; j < topics[i]->count; j++)
			if (is_wanted(options, topics[i]->practices[j].id))
				run_check(&sources, &topics[i]->practices[j], report);
	strings_copy(&report->notes, &sources.notes);
	take_allows(&sources, report);
	sources_finish(&sources);
	return true;
}
