/* Mends that are edits: those of a report laid over the files, as a unified diff
 * to be looked at, and written. Lines that no edit names stay byte for byte. */
#include "checks.h"

#include <limits.h>
#include <sys/stat.h>

struct fix_line {
	const char *text; /* of the file as it was; with its end of line */
	size_t len;
	char *changed; /* or NULL: stays */
	struct strings before; /* new lines, without their ends */
};

struct fix_file {
	const char *path; /* relative */
	char *text; /* NULL: it is made */
	struct { struct fix_line *items; size_t count, cap; } lines; /* the last one is none: what is added at the end */
	bool has_returns; /* lines end with \r\n */
	bool is_changed;
	unsigned mode;
};

/* ---- one file ---- */

static void split_lines(struct fix_file *file)
{
	const char *at = file->text != NULL ? file->text : "";
	while (*at != '\0') {
		size_t len = strcspn(at, "\n");
		len += at[len] == '\n';
		*array_add(&file->lines) = (struct fix_line){.text = at, .len = len};
		at += len;
	}
	file->has_returns = file->lines.count > 0 && file->lines.items[0].len > 1 && file->lines.items[0].text[file->lines.items[0].len - 2] == '\r';
	*array_add(&file->lines) = (struct fix_line){.text = "", .len = 0};
}

/* A file of the project, not one that a link leads to. */
static bool open_file(const char *root, const char *path, struct fix_file *file)
{
	struct stat status;
	auto_free char *whole = path_join(root, path);
	auto_free char *folder = path_parent(whole);
	char real[PATH_MAX], real_root[PATH_MAX];
	*file = (struct fix_file){.path = path, .mode = 0644};
	if (realpath(root, real_root) == NULL || realpath(folder, real) == NULL || !path_is_below(real, real_root))
		return false;
	if (lstat(whole, &status) == 0) {
		if (!S_ISREG(status.st_mode))
			return false;
		size_t len;
		file->mode = status.st_mode & 0777;
		file->text = file_read(whole, TREE_FILE_BYTES, &len, NULL);
		if (file->text == NULL || strlen(file->text) != len)
			return false;
	}
	split_lines(file);
	return true;
}

static void close_file(struct fix_file *file)
{
	for (size_t i = 0; i < file->lines.count; i++) {
		free(file->lines.items[i].changed);
		strings_finish(&file->lines.items[i].before);
	}
	array_finish(&file->lines);
	free(file->text);
}

static void replace(struct fix_line *line, const struct check_edit *edit, struct fix_file *file)
{
	auto_free char *now = line->changed != NULL ? mem_copy_string(line->changed) : mem_copy_bytes(line->text, line->len);
	const char *at = edit->old_text[0] != '\0' ? strstr(now, edit->old_text) : NULL;
	if (at == NULL || strstr(at + 1, edit->old_text) != NULL)
		return;
	char *made = mem_print("%.*s%s%s", (int)(at - now), now, edit->new_text, at + strlen(edit->old_text));
	free(line->changed);
	line->changed = made;
	file->is_changed = true;
}

static void apply(struct fix_file *file, const struct check_edit *edit)
{
	size_t index = edit->line == 0 || edit->line > file->lines.count ? file->lines.count - 1 : edit->line - 1;
	struct fix_line *line = &file->lines.items[index];
	if (edit->old_text != NULL) {
		replace(line, edit, file);
		return;
	}
	if (strings_add_new(&line->before, edit->new_text))
		file->is_changed = true;
}

static void put_before(const struct fix_file *file, const struct fix_line *line, struct str *out)
{
	for (size_t i = 0; i < line->before.count; i++) {
		auto_strings lines = {0};
		strings_split(&lines, line->before.items[i], '\n');
		for (size_t j = 0; j < lines.count; j++)
			str_print(out, "%s%s", lines.items[j], file->has_returns ? "\r\n" : "\n");
	}
}

static char *whole_text(const struct fix_file *file)
{
	struct str out = {0};
	for (size_t i = 0; i < file->lines.count; i++) {
		const struct fix_line *line = &file->lines.items[i];
		/* a last line without an end gets one where lines follow it */
		if (line->before.count > 0 && out.len > 0 && out.data[out.len - 1] != '\n')
			str_add(&out, file->has_returns ? "\r\n" : "\n");
		put_before(file, line, &out);
		if (line->changed != NULL)
			str_add(&out, line->changed);
		else
			str_add_bytes(&out, line->text, line->len);
	}
	return str_steal(&out);
}

/* ---- all files of a report ---- */

static bool counts(const struct check_result *result)
{
	return result->state == CHECK_BROKEN && !result->is_allowed;
}

static void list_files(const struct check_report *report, struct strings *paths)
{
	for (size_t i = 0; i < report->results.count; i++)
		for (size_t j = 0; counts(&report->results.items[i]) && j < report->results.items[i].edits.count; j++)
			strings_add_new(paths, report->results.items[i].edits.items[j].file);
	strings_sort(paths);
}

static bool lay_over(const struct check_report *report, const char *root, const char *path, struct fix_file *file)
{
	if (!open_file(root, path, file)) {
		close_file(file);
		return false;
	}
	for (size_t i = 0; i < report->results.count; i++)
		for (size_t j = 0; counts(&report->results.items[i]) && j < report->results.items[i].edits.count; j++)
			if (strcmp(report->results.items[i].edits.items[j].file, path) == 0)
				apply(file, &report->results.items[i].edits.items[j]);
	if (file->is_changed)
		return true;
	close_file(file);
	return false;
}

size_t checks_write_diff(const struct check_report *report, const char *root, struct str *out)
{
	auto_strings paths = {0};
	size_t count = 0;
	list_files(report, &paths);
	for (size_t i = 0; i < paths.count; i++) {
		struct fix_file file;
		if (!lay_over(report, root, paths.items[i], &file))
			continue;
		auto_free char *text = whole_text(&file);
		diff_add(out, file.path, (struct diff_text){file.text, NULL}, (struct diff_text){text, NULL});
		close_file(&file);
		count++;
	}
	return count;
}

bool checks_apply(const struct check_report *report, const char *root, struct strings *changed, struct fault *fault)
{
	auto_strings paths = {0};
	bool good = true;
	list_files(report, &paths);
	for (size_t i = 0; i < paths.count && good; i++) {
		struct fix_file file;
		if (!lay_over(report, root, paths.items[i], &file))
			continue;
		auto_free char *whole = path_join(root, paths.items[i]);
		auto_free char *text = whole_text(&file);
		good = file_write(whole, text, strlen(text), file.mode, fault);
		if (good)
			strings_add(changed, paths.items[i]);
		close_file(&file);
	}
	return good;
}
