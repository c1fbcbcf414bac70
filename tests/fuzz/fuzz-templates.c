/* Fuzzes templates: whatever stands in one, it is rendered within its bounds or
 * the fault names a line; what a filter quotes never leaves its quotes. The first
 * line is a value of the facts, the rest the template. */
#include "cargodeck/templates.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static char *read_part(void *template, const char *name, size_t *len)
{
	*len = strlen(template);
	return strcmp(name, "self") == 0 ? mem_copy_string(template) : NULL;
}

/* The facts, with `value` as the letters that it has; what is no UTF-8 is left out. */
static char *make_facts(const char *value, size_t len)
{
	auto_str clean = {0}, json = {0};
	text_add_clean(&clean, value, len, true);
	str_add(&json, "{\"kind\": \"service\", \"list\": [{\"name\": \"a-b\"}, {\"name\": \"c\"}], \"port\": 80, \"value\": \"");
	for (const char *at = str_text(&clean); *at != '\0'; at++) {
		if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ')
			str_print(&json, "\\u%04x", (unsigned)(unsigned char)*at);
		else
			str_add_char(&json, *at);
	}
	str_add(&json, "\"}");
	return str_steal(&json);
}

/* In single quotes a shell sees nothing but their end. */
static void check_shell(const char *text, size_t len)
{
	must(len >= 2 && text[0] == '\'' && text[len - 1] == '\'');
	for (size_t i = 1; i + 1 < len; i++) {
		must(text[i] != '\n' && text[i] != '\r');
		if (text[i] == '\'') {
			must(i + 4 < len && memcmp(text + i, "'\\''", 4) == 0);
			i += 3;
		}
	}
}

static void check_doubled(const char *text, size_t len)
{
	must(len >= 2 && text[0] == '"' && text[len - 1] == '"');
	for (size_t i = 1; i + 1 < len; i++) {
		must(text[i] != '"' && text[i] != '\n' && text[i] != '\r');
		if (text[i] == '\\')
			must(++i + 1 < len);
	}
}

static void check_filters(const char *facts)
{
	static const char *const filters[] = {"@{value|shell}", "@{value|yaml}", "@{value|compose}", "@{value|workflow}", "@{value|docker}", "@{value|comment}"};
	for (size_t i = 0; i < COUNT_OF(filters); i++) {
		auto_str out = {0};
		if (!template_render("t", filters[i], strlen(filters[i]), facts, NULL, NULL, &out, NULL))
			continue;
		if (i == 0)
			check_shell(str_text(&out), out.len);
		else if (i < 5)
			check_doubled(str_text(&out), out.len);
		else
			must(strpbrk(str_text(&out), "\n\r") == NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *input = mem_copy_bytes((const char *)data, size);
	const char *line = memchr(input, '\n', size);
	size_t first = line != NULL ? (size_t)(line - input) : size;
	auto_free char *facts = make_facts(input, first);
	const char *template = input + first + (line != NULL);
	size_t len = size - (size_t)(template - input);
	struct fault fault = {0};
	auto_str out = {0};
	bool good = template_render("t", template, len, facts, read_part, input + (template - input), &out, &fault);
	must(good ? fault.code == FAULT_NONE && out.len <= 1000000 : fault.text[0] != '\0');
	must(good || text_starts_with(fault.text, "t:") || text_starts_with(fault.text, "self:"));
	check_filters(facts);
	return 0;
}
