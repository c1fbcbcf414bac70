/* The reader of Dockerfiles: lines, stages, heredocs, variables, and what must
 * not upset it. */
#include "../unit.h"
#include "cargodeck/project.h"

static struct dockerfile read_good(const char *text, const struct strings *args)
{
	struct dockerfile file;
	struct fault fault = {0};
	if (!dockerfile_read(text, strlen(text), args, &file, &fault))
		fail_msg("%s", fault.text);
	return file;
}

static void check_bad(const char *text, size_t len, const char *part)
{
	struct dockerfile file;
	struct fault fault = {0};
	assert_false(dockerfile_read(text, len, NULL, &file, &fault));
	if (strstr(fault.text, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", fault.text, part);
	dockerfile_finish(&file);
}

static void joins_lines(void **state)
{
	(void)state;
	struct dockerfile file = read_good("# a comment\nFROM x\nRUN a \\\n  # inside\n\n  b && \\  \n\tc\\\\\nrun D\\\nE\n", NULL);
	assert_int_equal(file.lines.count, 3);
	assert_string_equal(file.lines.items[0].word, "FROM");
	assert_int_equal(file.lines.items[0].first, 2);
	assert_string_equal(file.lines.items[1].rest, "a  b &&  c\\\\");
	assert_int_equal(file.lines.items[1].first, 3);
	assert_int_equal(file.lines.items[1].last, 7);
	assert_string_equal(file.lines.items[1].raw, "RUN a \\\n  # inside\n\n  b && \\  \n\tc\\\\\n");
	assert_string_equal(file.lines.items[2].word, "RUN");
	assert_string_equal(file.lines.items[2].rest, "DE");
	dockerfile_finish(&file);
}

static void knows_escape(void **state)
{
	(void)state;
	struct dockerfile file = read_good("# syntax=docker/dockerfile:1\n#Escape = `\nFROM x\nRUN a `\n b\\\nCMD c\n", NULL);
	assert_int_equal(file.escape, '`');
	assert_int_equal(file.lines.count, 3);
	assert_string_equal(file.lines.items[1].rest, "a  b\\");
	dockerfile_finish(&file);
	/* after a comment it is one too */
	file = read_good("# hello\n# escape=`\nFROM x\nRUN a `\nCMD b\n", NULL);
	assert_int_equal(file.escape, '\\');
	assert_int_equal(file.lines.count, 3);
	dockerfile_finish(&file);
}

static void reads_heredocs(void **state)
{
	(void)state;
	struct dockerfile file = read_good(
		"FROM x\nRUN <<EOF\ncargo build\n# kept\nFROM nothing\nEOF\n"
		"COPY <<\"A\" <<-B /dir/\none\nA\n\ttwo\n\tB\nRUN echo \"<<NOT\" $((1<<2)) <<<word\nCMD x\n", NULL);
	assert_int_equal(file.stages.count, 1);
	assert_int_equal(file.lines.count, 5);
	assert_string_equal(file.lines.items[1].heredoc, "cargo build\n# kept\nFROM nothing\n");
	assert_string_equal(file.lines.items[2].heredoc, "one\ntwo\n");
	assert_int_equal(file.lines.items[2].last, 11);
	assert_null(file.lines.items[3].heredoc);
	dockerfile_finish(&file);
	static const char open[] = "FROM x\nRUN <<EOF\ncargo build\n EOF\n";
	check_bad(open, sizeof open - 1, "line 2 opens a heredoc that does not end: a line EOF is missing");
}

static void reads_stages(void **state)
{
	(void)state;
	struct dockerfile file = read_good(
		"ARG V=1\nFROM --platform=$BUILDPLATFORM rust:${V} AS Build\nFROM build as next\nFROM scratch\nFROM debian:${W:-slim}\n", NULL);
	assert_int_equal(file.stages.count, 4);
	assert_string_equal(file.stages.items[0].base, "rust:1");
	assert_int_equal(file.stages.items[0].base_stage, -1);
	assert_int_equal(file.stages.items[1].base_stage, 0);
	assert_null(file.stages.items[2].name);
	assert_string_equal(file.stages.items[3].base, "debian:slim");
	assert_int_equal(dockerfile_stage(&file, "BUILD"), 0);
	assert_int_equal(dockerfile_stage(&file, "2"), 2);
	assert_int_equal(dockerfile_stage(&file, NULL), 3);
	assert_int_equal(dockerfile_stage(&file, "4"), -1);
	assert_int_equal(dockerfile_stage(&file, "99999999999999999999"), -1);
	assert_int_equal(dockerfile_stage(&file, "none"), -1);
	dockerfile_finish(&file);
}

static void fills_in(void **state)
{
	(void)state;
	static const struct { const char *text, *expected; } cases[] = {
		{"$A ${A} x${A}y", "a a xay"},
		{"$NONE${NONE}.", "."},
		{"${NONE:-d} ${NONE-e} ${EMPTY:-f} ${EMPTY-g}", "d e f "},
		{"${A:+p} ${NONE:+q} ${EMPTY:+r}.${EMPTY+s}", "p  .s"},
		{"${NONE:-${A}-${NONE:-z}}", "a-z"},
		{"\\$A \\${A}", "$A ${A}"},
		{"${A", "${A"},
		{"$ $1 ${}", "$ $1 ${}"},
		{"$LATE", ""},
		{"$GIVEN $DEFAULTED", "outside own"},
		{"$OLD", "old style a"},
		{"$TARGETOS", "linux"},
	};
	auto_strings args = {0};
	strings_add(&args, "GIVEN=outside");
	struct dockerfile file = read_good(
		"ARG GIVEN=global\nARG DEFAULTED=global\nFROM base AS low\nENV A=a EMPTY=\"\"\nENV OLD old style $A\n"
		"FROM low\nARG GIVEN=own\nARG DEFAULTED=own\nARG TARGETOS\nRUN here\nENV LATE=x\n", &args);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *text = dockerfile_expand(&file, 9, cases[i].text);
		assert_string_equal(text, cases[i].expected);
	}
	auto_free char *global = dockerfile_expand(&file, 2, "$DEFAULTED");
	assert_string_equal(global, "");
	dockerfile_finish(&file);
}

static void knows_scopes(void **state)
{
	(void)state;
	/* a global ARG is seen in a stage only where the stage names it */
	struct dockerfile file = read_good("ARG A=1\nARG B=2\nFROM x\nARG B\nRUN y\nFROM z\nRUN w\n", NULL);
	auto_free char *first = dockerfile_expand(&file, 4, "[$A$B]");
	auto_free char *second = dockerfile_expand(&file, 6, "[$A$B]");
	assert_string_equal(first, "[2]");
	assert_string_equal(second, "[]");
	dockerfile_finish(&file);
}

static void splits_words(void **state)
{
	(void)state;
	static const struct { const char *rest, *joined; bool json; } cases[] = {
		{"[\"a\", \"b c\", \"\\u00e9\\\"\"]", "a|b c|é\"", true},
		{"[ -f x ] && y", "[|-f|x|]|&&|y", false},
		{"[\"a\", 1]", "[a,|1]", false},
		{"[]", "", true},
		{"a 'b c' \"d \\\" e\" f\\ g", "a|b c|d \" e|f g", false},
		{"  x  ", "x", false},
		{"\"open", "open", false},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_strings words = {0};
		bool json;
		dockerfile_words(cases[i].rest, &words, &json);
		auto_free char *joined = strings_join(&words, "|", NULL);
		assert_string_equal(joined, cases[i].joined);
		assert_int_equal(json, cases[i].json);
	}
}

static void refuses(void **state)
{
	(void)state;
	check_bad("", 0, "no FROM");
	check_bad("RUN x\n", 6, "no FROM");
	check_bad("# FROM x\n", 9, "no FROM");
	size_t size = (1 << 20) + 1;
	char *big = mem_alloc(size + 1);
	memset(big, '\n', size);
	memcpy(big, "FROM x", 6);
	check_bad(big, size, "1 MiB");
	struct dockerfile file;
	assert_true(dockerfile_read(big, size - 1, NULL, &file, NULL));
	assert_int_equal(file.lines.count, 1);
	dockerfile_finish(&file);
	free(big);
	struct str many = {0};
	str_add(&many, "FROM x\n");
	for (int i = 0; i < 2001; i++)
		str_add(&many, "RUN y\n");
	check_bad(many.data, many.len, "2000 instructions");
	str_finish(&many);
}

static void survives_junk(void **state)
{
	(void)state;
	static const char junk[] = "\xef\xbb\xbf" "FROM x\r\nRUN \0\xff\xfe${\r\n\\\n\\\n  \\";
	struct dockerfile file;
	assert_true(dockerfile_read(junk, sizeof junk - 1, NULL, &file, NULL));
	assert_string_equal(file.stages.items[0].base, "x");
	assert_string_equal(file.lines.items[1].word, "RUN");
	dockerfile_finish(&file);
	struct dockerfile loop = read_good("ARG A=${A:-${A:-${A}}}\nFROM $A\nFROM $A AS a\nFROM a AS a\n", NULL);
	assert_int_equal(loop.stages.items[2].base_stage, 1);
	dockerfile_finish(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_lines), cmocka_unit_test(knows_escape), cmocka_unit_test(reads_heredocs),
		cmocka_unit_test(reads_stages), cmocka_unit_test(fills_in), cmocka_unit_test(knows_scopes),
		cmocka_unit_test(splits_words), cmocka_unit_test(refuses), cmocka_unit_test(survives_junk),
	};
	return cmocka_run_group_tests_name("dockerfile", tests, NULL, NULL);
}
