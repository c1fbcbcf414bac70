/* JSON with comments and trailing commas: blanked in a copy of the same length,
 * so that lines stay, before jansson reads it. */
#include "jsonc.h"

#include <ctype.h>

/* Behind the string that begins at `at`. */
static size_t string_end(const char *text, size_t len, size_t at)
{
	for (at++; at < len && text[at] != '"' && text[at] != '\n'; at++)
		if (text[at] == '\\' && at + 1 < len)
			at++;
	return at < len ? at + 1 : len;
}

static size_t blank_comment(char *text, size_t len, size_t at)
{
	const char *end = text[at + 1] == '/' ? memchr(text + at, '\n', len - at) : memmem(text + at + 2, len - at - 2, "*/", 2);
	size_t stop = end == NULL ? len : (size_t)(end - text) + (text[at + 1] == '*' ? 2 : 0);
	for (; at < stop; at++)
		if (text[at] != '\n')
			text[at] = ' ';
	return stop;
}

/* A comma with nothing but blanks before the bracket that closes. */
static void blank_commas(char *text, size_t len)
{
	size_t comma = len;
	for (size_t at = 0; at < len; at++) {
		if (text[at] == '"') {
			at = string_end(text, len, at) - 1;
			comma = len;
		} else if (text[at] == ',') {
			comma = at;
		} else if (!isspace((unsigned char)text[at])) {
			if (comma < len && (text[at] == ']' || text[at] == '}'))
				text[comma] = ' ';
			comma = len;
		}
	}
}

static char *without_comments(const char *text, size_t len)
{
	char *plain = mem_copy_bytes(text, len);
	for (size_t at = 0; at < len;) {
		if (plain[at] == '"')
			at = string_end(plain, len, at);
		else if (plain[at] == '/' && at + 1 < len && (plain[at + 1] == '/' || plain[at + 1] == '*'))
			at = blank_comment(plain, len, at);
		else
			at++;
	}
	blank_commas(plain, len);
	return plain;
}

json_t *jsonc_read(const char *text, size_t len, unsigned *line)
{
	json_error_t error;
	size_t mark = text_starts_with(text, "\xef\xbb\xbf") ? 3 : 0;
	auto_free char *plain = without_comments(text + mark, len - mark);
	json_t *json = json_loads(plain, 0, &error); /* jansson bounds the depth */
	*line = json == NULL && error.line > 0 ? (unsigned)error.line : 1;
	return json;
}

unsigned jsonc_line(const char *text, const char *key)
{
	auto_free char *quoted = mem_print("\"%s\"", key);
	auto_free char *plain = without_comments(text, strlen(text));
	for (const char *at = plain; (at = strstr(at, quoted)) != NULL; at++) {
		const char *behind = at + strlen(quoted);
		behind += strspn(behind, " \t\r\n");
		if (*behind == ':')
			return text_line_at(plain, (size_t)(at - plain));
	}
	return 0;
}

/* ---- launch.json ---- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

/* Behind "gdb-remote" or "target remote" in one of the commands; NULL: none. */
static const char *remote_in(const json_t *commands)
{
	static const char *const words[] = {"gdb-remote ", "target remote ", "target extended-remote ", "platform connect connect://"};
	for (size_t i = 0; i < json_array_size(commands); i++) {
		const json_t *command = json_array_get(commands, i);
		const char *text = json_is_object(command) ? text_of(command, "text") : json_string_value(command);
		for (size_t k = 0; text != NULL && k < COUNT_OF(words); k++) {
			const char *found = strstr(text, words[k]);
			if (found != NULL)
				return found + strlen(words[k]);
		}
	}
	return NULL;
}

/* Where a configuration connects to: cppdbg, gdb of Native Debug, CodeLLDB. */
static const char *remote_of(const json_t *configuration)
{
	static const char *const members[] = {"processCreateCommands", "targetCreateCommands", "setupCommands", "attachCommands", "initCommands",
		"preRunCommands"};
	const char *address = text_of(configuration, "miDebuggerServerAddress");
	if (address[0] != '\0')
		return address;
	if (json_is_true(json_object_get(configuration, "remote")) && text_of(configuration, "target")[0] != '\0')
		return text_of(configuration, "target");
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		const char *found = remote_in(json_object_get(configuration, members[i]));
		if (found != NULL)
			return found;
	}
	return NULL;
}

bool launch_remote(const struct sources *sources, struct launch *launch)
{
	static const char path[] = ".vscode/launch.json";
	size_t len;
	unsigned line;
	*launch = (struct launch){0};
	auto_free char *text = tree_find(&sources->tree, path) != NULL ? tree_read(&sources->tree, path, &len) : NULL;
	if (text == NULL)
		return false;
	launch->file = path;
	json_t *json = jsonc_read(text, len, &line);
	const json_t *list = json_object_get(json, "configurations");
	for (size_t i = 0; i < json_array_size(list) && i < 200 && launch->address == NULL; i++) {
		const json_t *one = json_array_get(list, i);
		const char *remote = remote_of(one);
		if (remote == NULL)
			continue;
		launch->address = mem_copy_bytes(remote, strcspn(remote, " \t\r\n"));
		launch->has_source_map = json_is_object(json_object_get(one, "sourceMap")) || json_is_object(json_object_get(one, "sourceFileMap")) ||
			json_is_object(json_object_get(one, "pathSubstitutions"));
		const char *found = strstr(text, launch->address);
		launch->line = found != NULL ? text_line_at(text, (size_t)(found - text)) : 0;
	}
	json_decref(json);
	return launch->address != NULL;
}

void launch_finish(struct launch *launch)
{
	free(launch->address);
	*launch = (struct launch){0};
}
