/* What is written of a plan: shown as a diff first, then put where it belongs,
 * each file by itself. Values of a file of secrets are masked, and so are those
 * that somebody wrote into another file. Called by the deck for `init`. */
#include "cargodeck/templates.h"

#include <ctype.h>

/* ---- secrets ---- */

/* How long a line is up to and with the = of NAME=, `export` and # before it counted; 0: it is no such line. */
static size_t name_len(const char *line, size_t len)
{
	size_t at = strspn(line, " \t#");
	if (len > at + 7 && memcmp(line + at, "export ", 7) == 0)
		at += 7;
	size_t start = at;
	while (at < len && (isalnum((unsigned char)line[at]) || line[at] == '_' || line[at] == '.'))
		at++;
	size_t end = at + strspn(line + at, " ");
	return at > start && end < len && line[end] == '=' ? end + 1 : 0;
}

/* Does the value leave its quotation mark open? Then the lines below belong to it. */
static char open_quote(const char *value, size_t len)
{
	while (len > 0 && *value == ' ')
		value++, len--;
	if (len == 0 || (*value != '"' && *value != '\''))
		return '\0';
	return memchr(value + 1, *value, len - 1) != NULL ? '\0' : *value;
}

static void mask_line(const char *line, size_t len, char *quote, struct str *out)
{
	size_t name = *quote == '\0' ? name_len(line, len) : 0;
	if (*quote != '\0') {
		*quote = memchr(line, *quote, len) != NULL ? '\0' : *quote;
		str_add(out, SECRET_MASK);
	} else if (name > 0) {
		*quote = line[strspn(line, " \t")] != '#' ? open_quote(line + name, len - name) : '\0';
		str_add_bytes(out, line, name);
		str_add(out, name < len ? SECRET_MASK : "");
	} else if (len == 0 || line[strspn(line, " \t")] == '#') {
		secret_add_text(out, line, len);
	} else {
		str_add(out, SECRET_MASK);
	}
}

/* With as many lines as the text has. NULL in, NULL out; the caller frees. */
static char *mask(const char *text, bool is_secret)
{
	struct str out = {0};
	char quote = '\0';
	for (; text != NULL && *text != '\0';) {
		size_t len = strcspn(text, "\n"), body = len > 0 && text[len - 1] == '\r' ? len - 1 : len;
		if (is_secret)
			mask_line(text, body, &quote, &out);
		else
			secret_add_text(&out, text, body);
		str_add_bytes(&out, text + body, len - body + (text[len] == '\n'));
		text += len + (text[len] == '\n');
	}
	return text != NULL ? str_steal(&out) : NULL;
}

/* ---- what is wanted ---- */

static bool may_be_written(const struct plan_file *file)
{
	return file->state == PLAN_NEW || file->state == PLAN_LINES || file->state == PLAN_DIFFERS;
}

bool plan_write_file_diff(const struct plan_file *file, struct str *out)
{
	if (!may_be_written(file))
		return false;
	auto_free char *before = mask(file->now, file->is_secret);
	/* what comes from a template alone is shown as it is */
	auto_free char *after = file->is_secret || file->is_lines ? mask(file->text, file->is_secret) : NULL;
	diff_add(out, file->path, (struct diff_text){file->now, before}, (struct diff_text){file->text, after});
	return true;
}

size_t plan_write_diff(const struct plan *plan, struct str *out)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->files.count; i++)
		count += plan->files.items[i].is_wanted && plan_write_file_diff(&plan->files.items[i], out);
	return count;
}

bool plan_apply(const struct plan *plan, const char *root, struct strings *written, struct fault *fault)
{
	bool good = true;
	for (size_t i = 0; i < plan->files.count; i++) {
		const struct plan_file *file = &plan->files.items[i];
		unsigned mode = file->is_secret ? 0600 : file->is_executable ? 0755 : 0644;
		if (!file->is_wanted || !may_be_written(file))
			continue;
		/* the first fault is told; what does not hang on it is written all the same */
		if (file_write_below(root, file->path, file->now, file->text, strlen(file->text), mode, good ? fault : NULL))
			strings_add(written, file->path);
		else
			good = false;
	}
	return good;
}
