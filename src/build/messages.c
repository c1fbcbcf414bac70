/* Reads what cargo says: JSON lines on its standard output (The Cargo Book,
 * "External tools") and the progress line on its standard error. Bounded and
 * forgiving: unknown reasons and missing fields are no fault. */
#include "cargodeck/build.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>

static const char *get_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

const char *diagnostic_level_name(enum diagnostic_level level)
{
	switch (level) {
	case DIAGNOSTIC_ERROR: return N_("error");
	case DIAGNOSTIC_WARNING: return N_("warning");
	case DIAGNOSTIC_NOTE: return N_("note");
	}
	return N_("note");
}

void diagnostic_finish(struct diagnostic *diagnostic)
{
	free(diagnostic->code);
	free(diagnostic->message);
	free(diagnostic->file);
	free(diagnostic->rendered);
	free(diagnostic->package);
	*diagnostic = (struct diagnostic){0};
}

char *diagnostic_key(const struct diagnostic *diagnostic)
{
	return mem_print("%s|%s|%u|%u|%s", diagnostic->code != NULL ? diagnostic->code : "",
		diagnostic->file != NULL ? diagnostic->file : "", diagnostic->line, diagnostic->column, diagnostic->message);
}

void cargo_message_finish(struct cargo_message *message)
{
	diagnostic_finish(&message->diagnostic);
	free(message->executable);
	free(message->target);
	*message = (struct cargo_message){0};
}

static const json_t *primary_span(const json_t *spans)
{
	size_t i;
	json_t *span;
	json_array_foreach(spans, i, span)
		if (json_is_true(json_object_get(span, "is_primary")))
			return span;
	return json_array_get(spans, 0);
}

static unsigned get_count(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));
	return value > 0 && value < 100000000 ? (unsigned)value : 0;
}

/* "path+file:///src/api#shop-api@0.1.0", "registry+…#serde@1.0.0",
 * "path+file:///src/api#0.1.0", or before cargo 1.77 "shop-api 0.1.0 (path…)". */
static char *package_name(const char *id)
{
	if (id == NULL)
		return NULL;
	const char *hash = strrchr(id, '#');
	if (hash == NULL)
		return mem_copy_bytes(id, strcspn(id, " "));
	const char *name = hash + 1;
	if (strchr(name, '@') != NULL)
		return mem_copy_bytes(name, strcspn(name, "@"));
	/* the name is the folder's */
	auto_free char *path = mem_copy_bytes(id, (size_t)(hash - id));
	path[strcspn(path, "?")] = '\0';
	return mem_copy_string(path_name(path));
}

static void read_diagnostic(const json_t *object, const char *root, struct cargo_message *message)
{
	const json_t *inner = json_object_get(object, "message");
	const char *level = get_text(inner, "level");
	struct diagnostic *out = &message->diagnostic;
	/* a failure-note only says "for more information, try …" */
	if (level == NULL || get_text(inner, "message") == NULL || strcmp(level, "failure-note") == 0)
		return;
	message->kind = CARGO_DIAGNOSTIC;
	out->level = text_starts_with(level, "error") ? DIAGNOSTIC_ERROR
		: strcmp(level, "warning") == 0 ? DIAGNOSTIC_WARNING : DIAGNOSTIC_NOTE;
	auto_str clean = {0};
	text_add_clean(&clean, get_text(inner, "message"), strlen(get_text(inner, "message")), true);
	out->message = str_steal(&clean);
	out->code = mem_copy_string(get_text(json_object_get(inner, "code"), "code"));
	out->rendered = mem_copy_string(get_text(inner, "rendered"));
	out->package = package_name(get_text(object, "package_id"));
	const json_t *span = primary_span(json_object_get(inner, "spans"));
	const char *file = get_text(span, "file_name");
	if (file != NULL)
		out->file = root != NULL && file[0] != '<' ? path_join(root, file) : mem_copy_string(file);
	out->line = get_count(span, "line_start");
	out->column = get_count(span, "column_start");
}

static void read_artifact(const json_t *object, struct cargo_message *message)
{
	const json_t *target = json_object_get(object, "target");
	const json_t *kinds = json_object_get(target, "kind");
	size_t i;
	json_t *kind;
	message->kind = CARGO_ARTIFACT;
	message->executable = mem_copy_string(get_text(object, "executable"));
	message->target = mem_copy_string(get_text(target, "name"));
	message->fresh = json_is_true(json_object_get(object, "fresh"));
	json_array_foreach(kinds, i, kind)
		if (text_equal(json_string_value(kind), "bin"))
			message->is_bin = true;
}

bool cargo_message_read(const char *line, size_t len, const char *root, struct cargo_message *message)
{
	*message = (struct cargo_message){0};
	if (len == 0 || line[0] != '{')
		return false;
	json_t *object = json_loadb(line, len, 0, NULL);
	const char *reason = get_text(object, "reason");
	if (reason != NULL && strcmp(reason, "compiler-message") == 0) {
		read_diagnostic(object, root, message);
	} else if (reason != NULL && strcmp(reason, "compiler-artifact") == 0) {
		read_artifact(object, message);
	} else if (reason != NULL && strcmp(reason, "build-finished") == 0) {
		message->kind = CARGO_FINISHED;
		message->success = json_is_true(json_object_get(object, "success"));
	}
	bool good = json_is_object(object);
	json_decref(object);
	return good;
}

static const char *read_number(const char *at, const char *end, unsigned *out)
{
	unsigned value = 0;
	const char *start = at;
	for (; at < end && isdigit((unsigned char)*at) && at - start < 7; at++)
		value = value * 10 + (unsigned)(*at - '0');
	*out = value;
	return at > start ? at : NULL;
}

bool cargo_progress_read(const char *text, size_t len, unsigned *done, unsigned *total,
	char *crates, size_t crates_size)
{
	const char *end = text + len;
	const char *at = memmem(text, len, "Building [", 10);
	at = at != NULL ? memchr(at, ']', (size_t)(end - at)) : NULL;
	if (at == NULL)
		return false;
	for (at++; at < end && *at == ' '; at++)
		;
	at = read_number(at, end, done);
	if (at == NULL || at >= end || *at != '/')
		return false;
	at = read_number(at + 1, end, total);
	if (at == NULL || *total == 0 || *done > *total)
		return false;
	at += at < end && *at == ':';
	at += at < end && *at == ' ';
	auto_str clean = {0};
	while (end > at && end[-1] == ' ')
		end--;
	text_add_clean(&clean, at, (size_t)(end - at), false);
	snprintf(crates, crates_size, "%s", str_text(&clean));
	return true;
}
