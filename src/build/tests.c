/* Reads what a run of tests writes for people: libtest's standard output, or the
 * standard error of nextest. A failing test is told with its output and the
 * place of its panic. Tests may write anything: every text is bounded and
 * cleaned, and odd lines are output. Called by job.c a line at a time. */
#include "cargodeck/build.h"

#include <ctype.h>
#include <stdio.h>

enum { FAILURES_MOST = 500, OUTPUT_MOST = 64 * 1024, NAME_MOST = 300, MESSAGE_MOST = 400, LINE_MOST = 4096 };

struct test_reader {
	enum test_format format;
	char *root;
	void (*failed_call)(void *data, const struct test_failure *failure);
	void *data;
	unsigned passed, failed, told;
	bool is_open; /* a failing test's output is being read */
	bool is_list; /* libtest: the names of those that failed are listed */
	struct strings names; /* libtest: of this program, told already */
	struct test_failure now;
	struct str output;
	bool is_cut, wants_message;
};

void test_failure_finish(struct test_failure *failure)
{
	free(failure->name);
	free(failure->message);
	free(failure->file);
	free(failure->output);
	*failure = (struct test_failure){0};
}

/* ---- cleaning ---- */

/* The byte after an escape sequence; `is_colour`: it sets colours. */
static const char *skip_escape(const char *at, const char *end, bool *is_colour)
{
	*is_colour = false;
	if (++at >= end)
		return at;
	if (*at == ']') { /* an operating system command, up to BEL or ST */
		while (at < end && *at != '\a' && *at != '\033')
			at++;
		return at < end && *at == '\a' ? at + 1 : at;
	}
	if (*at != '[') {
		/* "ESC ( B" chooses letters (ECMA-35, 13.2.1): intermediate bytes and a final one */
		while (at < end && *at >= 0x20 && *at <= 0x2f)
			at++;
		return at < end ? at + 1 : at;
	}
	for (at++; at < end && (isdigit((unsigned char)*at) || *at == ';'); at++)
		;
	*is_colour = at < end && *at == 'm';
	while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x40)
		at++;
	return at < end ? at + 1 : at;
}

void output_add_clean(struct str *out, const char *text, size_t len, bool keep_colours)
{
	const char *at = text, *end = text + len;
	while (at < end) {
		const char *escape = memchr(at, '\033', (size_t)(end - at)), *stop = escape != NULL ? escape : end;
		bool is_colour = false;
		text_add_clean(out, at, (size_t)(stop - at), true);
		if (escape == NULL)
			return;
		at = skip_escape(escape, end, &is_colour);
		if (is_colour && keep_colours)
			str_add_bytes(out, escape, (size_t)(at - escape));
	}
}

static char *clean_text(const char *text, size_t len, size_t most)
{
	auto_str out = {0};
	output_add_clean(&out, text, len < most ? len : most, false);
	return str_steal(&out);
}

/* ---- places ---- */

static const char *number_before(const char *from, const char *end, unsigned *number)
{
	const char *at = end;
	while (at > from && isdigit((unsigned char)at[-1]) && end - at < 8)
		at--;
	if (at == end || at == from || at[-1] != ':')
		return NULL;
	*number = 0;
	for (const char *digit = at; digit < end; digit++)
		*number = *number * 10 + (unsigned)(*digit - '0');
	return at - 1;
}

/* "src/lib.rs:11:72", with or without a colon at the end. */
static bool take_place(struct test_reader *reader, const char *text, size_t len)
{
	struct test_failure *now = &reader->now;
	const char *end = text + len;
	unsigned line, column;
	while (end > text && (end[-1] == ':' || end[-1] == ' ' || end[-1] == '\r'))
		end--;
	const char *at = number_before(text, end, &column);
	at = at != NULL ? number_before(text, at, &line) : NULL;
	if (at == NULL || at == text)
		return false;
	auto_free char *file = clean_text(text, (size_t)(at - text), LINE_MOST);
	/* the first one is it, but one in the standard library says little */
	if (now->file != NULL && !text_starts_with(now->file, "/rustc/"))
		return true;
	free(now->file);
	now->file = reader->root != NULL && !text_starts_with(file, "/rustc/") ? path_join(reader->root, file) : mem_copy_string(file);
	now->line = line;
	now->column = column;
	return true;
}

static const char *find(const char *line, size_t len, const char *text, size_t *rest)
{
	const char *at = memmem(line, len, text, strlen(text));
	if (at == NULL)
		return NULL;
	at += strlen(text);
	*rest = len - (size_t)(at - line);
	return at;
}

/* Since Rust 1.73 "panicked at FILE:LINE:COLUMN:" with the message below it,
 * before that "panicked at 'MESSAGE', FILE:LINE:COLUMN". */
static void look_for_panic(struct test_reader *reader, const char *line, size_t len)
{
	size_t rest;
	const char *at = find(line, len, " panicked at ", &rest);
	if (at == NULL) {
		at = find(line, len, "test did not panic as expected at ", &rest);
		if (at != NULL && take_place(reader, at, rest) && reader->now.message == NULL)
			reader->now.message = mem_copy_string(_("it did not panic as expected"));
		return;
	}
	const char *quote = rest > 1 && *at == '\'' ? memrchr(at + 1, '\'', rest - 1) : NULL;
	if (quote != NULL && (size_t)(quote - at) + 3 < rest && quote[1] == ',') {
		if (take_place(reader, quote + 3, rest - (size_t)(quote - at) - 3) && reader->now.message == NULL)
			reader->now.message = clean_text(at + 1, (size_t)(quote - at) - 1, MESSAGE_MOST);
	} else if (take_place(reader, at, rest)) {
		reader->wants_message = reader->now.message == NULL;
	}
}

/* ---- one failing test ---- */

static void add_output(struct test_reader *reader, const char *line, size_t len)
{
	if (reader->wants_message && len > 0) {
		reader->now.message = clean_text(line, len, MESSAGE_MOST);
		reader->wants_message = false;
	}
	look_for_panic(reader, line, len);
	if (reader->output.len > OUTPUT_MOST) {
		if (!reader->is_cut)
			str_add(&reader->output, _("(the rest is cut)\n"));
		reader->is_cut = true;
		return;
	}
	output_add_clean(&reader->output, line, len < LINE_MOST ? len : LINE_MOST, false);
	str_add_char(&reader->output, '\n');
}

/* A test of the documentation has its place in its name: "src/lib.rs - doc (line 2)". */
static void take_doc_place(struct test_reader *reader)
{
	struct test_failure *now = &reader->now;
	const char *dash = strstr(now->name, " - "), *number = strstr(now->name, "(line ");
	if (now->file != NULL || dash == NULL || number == NULL || number < dash)
		return;
	auto_free char *file = mem_copy_bytes(now->name, (size_t)(dash - now->name));
	auto_free char *place = mem_print("%s:%.7s", file, number + 6);
	place[strcspn(place, ")")] = '\0';
	auto_free char *whole = mem_print("%s:1", place);
	take_place(reader, whole, strlen(whole));
}

static bool is_chatter(const char *line, size_t len)
{
	static const char *const starts[] = {"running ", "test ", "failures:", "note:", "    ", "---- "};
	if (len == 0)
		return true;
	for (size_t i = 0; i < COUNT_OF(starts); i++)
		if (len >= strlen(starts[i]) && memcmp(line, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* Where it did not panic: the last of its first words, "Error: …" before all. */
static void take_first_words(struct test_reader *reader)
{
	const char *text = str_text(&reader->output), *error = text_starts_with(text, "Error: ") ? text : strstr(text, "\nError: ");
	if (error != NULL)
		text = error + (*error == '\n');
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		if (!is_chatter(text, len)) {
			reader->now.message = clean_text(text, len, MESSAGE_MOST);
			return;
		}
		text += len + (text[len] == '\n');
	}
}

static void end_failure(struct test_reader *reader)
{
	if (!reader->is_open)
		return;
	reader->is_open = reader->wants_message = reader->is_cut = false;
	take_doc_place(reader);
	if (reader->now.message == NULL)
		take_first_words(reader);
	while (reader->output.len > 1 && reader->output.data[reader->output.len - 2] == '\n')
		str_cut(&reader->output, reader->output.len - 1);
	reader->now.output = str_steal(&reader->output);
	if (reader->told++ < FAILURES_MOST)
		reader->failed_call(reader->data, &reader->now);
	test_failure_finish(&reader->now);
}

static void begin_failure(struct test_reader *reader, const char *name, size_t len)
{
	end_failure(reader);
	str_clear(&reader->output);
	reader->now.name = clean_text(name, len, NAME_MOST);
	reader->is_open = true;
}

/* ---- counts ---- */

/* Adds each "7 passed", "1 failed", "2 timed out" of a summary. */
static void take_counts(struct test_reader *reader, const char *at, const char *end)
{
	while (at < end) {
		if (!isdigit((unsigned char)*at)) {
			at++;
			continue;
		}
		unsigned number = 0;
		for (; at < end && isdigit((unsigned char)*at); at++)
			number = number < 10000000 ? number * 10 + (unsigned)(*at - '0') : number;
		at += at < end && *at == ' ';
		size_t left = (size_t)(end - at);
		if (left >= 6 && memcmp(at, "passed", 6) == 0)
			reader->passed += number;
		else if ((left >= 6 && memcmp(at, "failed", 6) == 0) || (left >= 9 && memcmp(at, "timed out", 9) == 0) ||
			(left >= 11 && memcmp(at, "exec failed", 11) == 0))
			reader->failed += number;
	}
}

/* ---- libtest ---- */

static bool starts(const char *line, size_t len, const char *text)
{
	return len >= strlen(text) && memcmp(line, text, strlen(text)) == 0;
}

static bool ends(const char *line, size_t len, const char *text)
{
	return len >= strlen(text) && memcmp(line + len - strlen(text), text, strlen(text)) == 0;
}

/* One that wrote nothing is only named in the list at the end. */
static void take_listed(struct test_reader *reader, const char *name, size_t len)
{
	auto_free char *clean = clean_text(name, len, NAME_MOST);
	if (strings_have(&reader->names, clean) || reader->names.count >= FAILURES_MOST)
		return;
	strings_add(&reader->names, clean);
	begin_failure(reader, name, len);
	end_failure(reader);
}

static void libtest_line(struct test_reader *reader, const char *line, size_t len)
{
	static const char block[] = " stdout ----";
	if (starts(line, len, "---- ") && ends(line, len, block) && len > 5 + sizeof block - 1) {
		begin_failure(reader, line + 5, len - 5 - (sizeof block - 1));
		reader->is_list = false;
		if (reader->names.count < FAILURES_MOST)
			strings_add_new(&reader->names, reader->now.name);
	} else if (len == 9 && starts(line, len, "failures:")) {
		end_failure(reader);
		reader->is_list = true;
	} else if (starts(line, len, "test result: ")) {
		const char *dot = memchr(line, '.', len);
		end_failure(reader);
		reader->is_list = false;
		strings_finish(&reader->names);
		if (dot != NULL)
			take_counts(reader, dot, line + len);
	} else if (reader->is_list && !reader->is_open && len > 4 && starts(line, len, "    ")) {
		take_listed(reader, line + 4, len - 4);
	} else if (reader->is_open) {
		add_output(reader, line, len);
	}
}

/* ---- nextest ---- */

/* "        FAIL [   0.008s] (1/6) lt tests::calm": the word, and where the name
 * begins. NULL: no such line. */
static const char *status_line(const char *line, size_t len, char *word, size_t word_size)
{
	const char *at = line, *end = line + len;
	while (at < end && *at == ' ')
		at++;
	const char *from = at;
	while (at < end && (isupper((unsigned char)*at) || *at == '-' || *at == '+' || isdigit((unsigned char)*at)))
		at++;
	if (at == from || at == line || (size_t)(at - from) >= word_size || end - at < 4 || at[0] != ' ' || at[1] != '[')
		return NULL;
	snprintf(word, word_size, "%.*s", (int)(at - from), from);
	const char *close = memchr(at, ']', (size_t)(end - at));
	if (close == NULL || close[-1] != 's')
		return NULL;
	for (at = close + 1; at < end && *at == ' '; at++)
		;
	if (at < end && *at == '(') {
		close = memchr(at, ')', (size_t)(end - at));
		for (at = close != NULL ? close + 1 : end; at < end && *at == ' '; at++)
			;
	}
	return at < end ? at : NULL;
}

static bool is_failing(const char *word)
{
	static const char *const well[] = {"PASS", "SLOW", "SKIP", "LEAK", "START", "RETRY", "TRY", "FLAKY", "XFAIL"};
	for (size_t i = 0; i < COUNT_OF(well); i++)
		if (strcmp(word, well[i]) == 0)
			return false;
	return true;
}

static void nextest_line(struct test_reader *reader, const char *line, size_t len)
{
	char word[24];
	size_t rest;
	const char *name = status_line(line, len, word, sizeof word);
	const char *summary = starts(line, len, "     Summary [") ? find(line, len, " run: ", &rest) : NULL;
	if (summary != NULL) {
		end_failure(reader);
		take_counts(reader, summary, line + len);
	} else if (name != NULL) {
		end_failure(reader);
		if (is_failing(word))
			begin_failure(reader, name, (size_t)(line + len - name));
	} else if (starts(line, len, "────") || starts(line, len, "  Cancelling ") || starts(line, len, "   Canceling ")) {
		end_failure(reader);
	} else if (reader->is_open && (starts(line, len, "  stdout ") || starts(line, len, "  stderr ") || starts(line, len, "--- STD"))) {
		return; /* a heading */
	} else if (reader->is_open) {
		size_t indent = starts(line, len, "    ") ? 4 : 0;
		add_output(reader, line + indent, len - indent);
	}
}

/* ---- public ---- */

struct test_reader *test_reader_open(enum test_format format, const char *root,
	void (*failed)(void *data, const struct test_failure *failure), void *data)
{
	struct test_reader *reader = mem_alloc(sizeof *reader);
	reader->format = format;
	reader->root = mem_copy_string(root);
	reader->failed_call = failed;
	reader->data = data;
	return reader;
}

void test_reader_line(struct test_reader *reader, const char *line, size_t len)
{
	while (len > 0 && line[len - 1] == '\r')
		len--;
	if (reader->format == TEST_LIBTEST)
		libtest_line(reader, line, len);
	else
		nextest_line(reader, line, len);
}

void test_reader_end(struct test_reader *reader)
{
	end_failure(reader);
}

void test_reader_counts(const struct test_reader *reader, unsigned *passed, unsigned *failed)
{
	*passed = reader->passed;
	/* a program that was ended has no summary */
	*failed = reader->failed > reader->told ? reader->failed : reader->told;
}

void test_reader_close(struct test_reader *reader)
{
	if (reader == NULL)
		return;
	test_failure_finish(&reader->now);
	strings_finish(&reader->names);
	str_finish(&reader->output);
	free(reader->root);
	free(reader);
}
