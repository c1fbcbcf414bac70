/* What a plan changes: as a diff to be looked at, and written. What is there is
 * read again before it is replaced; lines are added behind what is there. */
#include "render.h"

#include <stdio.h>

/* ---- lines ---- */

/* What makes two lines the same: NAME of NAME=VALUE (also behind export, and with
 * blanks before the sign, as Compose reads it), else all of it. */
struct key {
	const char *text;
	size_t len;
	bool is_name;
};

static struct key key_of(const char *line, size_t len)
{
	while (len > 0 && (*line == ' ' || *line == '\t'))
		line++, len--;
	while (len > 0 && strchr("\r \t", line[len - 1]) != NULL)
		len--;
	if (len > 7 && (memcmp(line, "export ", 7) == 0 || memcmp(line, "export\t", 7) == 0))
		return key_of(line + 7, len - 7);
	size_t name = 0;
	while (name < len && name_has(line[name]))
		name++;
	size_t sign = name;
	while (sign < len && (line[sign] == ' ' || line[sign] == '\t'))
		sign++;
	bool is_name = name > 0 && sign < len && line[sign] == '=';
	return (struct key){.text = line, .len = is_name ? name : len, .is_name = is_name};
}

static bool has_line(const char *text, const char *line, size_t len)
{
	struct key wanted = key_of(line, len);
	for (const char *at = text; *at != '\0';) {
		size_t here = strcspn(at, "\n");
		struct key key = key_of(at, here);
		if (key.is_name == wanted.is_name && key.len == wanted.len && memcmp(key.text, wanted.text, wanted.len) == 0)
			return true;
		at += here + (at[here] == '\n');
	}
	return false;
}

/* A line that counts for itself; the others say what the next one is for. */
static bool is_said(const char *line, size_t len)
{
	struct key key = key_of(line, len);
	return key.len > 0 && key.text[0] != '#';
}

char *plan_add_lines(const char *now, const char *text)
{
	struct str out = {0};
	auto_str words = {0}; /* comments above the next line */
	const char *first_end = strchr(now, '\n');
	const char *end = first_end != NULL && first_end > now && first_end[-1] == '\r' ? "\r\n" : "\n";
	str_add(&out, now);
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		if (len == 0) {
			str_clear(&words);
		} else if (!is_said(at, len)) {
			str_print(&words, "%.*s%s", (int)len, at, end);
		} else {
			if (!has_line(now, at, len)) {
				if (out.len > 0 && out.data[out.len - 1] != '\n')
					str_add(&out, end);
				str_add(&out, str_text(&words));
				str_print(&out, "%.*s%s", (int)len, at, end);
			}
			str_clear(&words);
		}
		at += len + (at[len] == '\n');
	}
	return str_steal(&out);
}

static char *new_text(const struct plan_file *file)
{
	return file->state == PLAN_LINES ? plan_add_lines(file->now, file->text) : mem_copy_string(file->text);
}

/* ---- as a diff ---- */

/* NULL stays NULL. */
static char *masked(const struct plan_file *file, const char *text)
{
	struct str out = {0};
	if (text == NULL || !file->is_secret)
		return mem_copy_string(text);
	secret_add_text(&out, text, strlen(text));
	str_add(&out, "");
	return str_steal(&out);
}

size_t plan_write_diff(const struct plan *plan, struct str *out)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->files.count; i++) {
		const struct plan_file *file = &plan->files.items[i];
		if (!file->is_wanted)
			continue;
		auto_free char *text = new_text(file);
		auto_free char *was = masked(file, file->now), *becomes = masked(file, text);
		diff_write(file->path, was, becomes, out);
		count++;
	}
	return count;
}

/* ---- written ---- */

/* Is it still what it was when it was looked at? */
static bool is_unchanged(const struct plan_file *file, const char *root)
{
	enum file_kind kind = file_look_below(root, file->path);
	if (file->now == NULL)
		return kind == FILE_MISSING;
	auto_free char *whole = path_join(root, file->path);
	size_t len;
	auto_free char *now = kind == FILE_REGULAR ? file_read(whole, 1 << 20, &len, NULL) : NULL;
	return now != NULL && len == strlen(file->now) && memcmp(now, file->now, len) == 0;
}

bool plan_apply(const struct plan *plan, const char *root, struct strings *written, struct fault *fault)
{
	for (size_t i = 0; i < plan->files.count; i++) {
		const struct plan_file *file = &plan->files.items[i];
		if (!file->is_wanted)
			continue;
		if (!is_unchanged(file, root)) {
			fault_set(fault, FAULT_FAILED, "%s was changed meanwhile and is left as it is", file->path);
			return fault_mend(fault, "run it again: what is written already stays");
		}
		auto_free char *text = new_text(file);
		if (!file_write_below(root, file->path, text, strlen(text), file->is_secret ? 0600 : file->is_executable ? 0755 : 0644, fault))
			return false;
		strings_add(written, file->path);
	}
	return true;
}
