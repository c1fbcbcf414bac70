/* Fuzzes the sanitiser and what stands on it: cleaned text must be valid UTF-8
 * without control letters, spans in order, and a store must give back what was
 * put in. */
#include "cargodeck/logs.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const struct str *text)
{
	auto_str again = {0};
	must(text->len < LOG_LINE_LIMIT + 64);
	must(strlen(str_text(text)) == text->len);
	text_add_clean(&again, str_text(text), text->len, false);
	must(text->len == again.len && memcmp(str_text(text), str_text(&again), again.len) == 0);
	must(memchr(str_text(text), '\t', text->len) == NULL);
}

static void check_spans(const struct log_span *spans, size_t count, size_t len)
{
	must(count <= LOG_SPAN_LIMIT);
	for (size_t i = 0; i < count; i++) {
		must(spans[i].at < len && (i == 0 || spans[i - 1].at < spans[i].at));
		must(spans[i].colour <= 0x1ffffff && spans[i].background <= 0x1ffffff && spans[i].style < 32);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log_span spans[LOG_SPAN_LIMIT];
	auto_str text = {0};
	size_t count = log_clean((const char *)data, size, &text, spans);
	check_text(&text);
	check_spans(spans, count, text.len);
	auto_str shown = {0};
	if (log_json_render(str_text(&text), text.len, &shown))
		check_text(&shown);
	struct log_store *store = log_store_open(size);
	struct log_line line;
	log_store_add(store, 1, true, "first", 5);
	log_store_add(store, 1, true, (const char *)data, size);
	must(log_store_get(store, 1, &line));
	must(line.len == text.len && memcmp(line.text, str_text(&text), text.len) == 0);
	must(line.span_count == count && line.level == log_level_find(str_text(&text), text.len));
	for (size_t i = 0; i < count; i++)
		must(line.spans[i].at == spans[i].at && line.spans[i].colour == spans[i].colour &&
			line.spans[i].background == spans[i].background && line.spans[i].style == spans[i].style);
	log_store_close(store);
	return 0;
}
