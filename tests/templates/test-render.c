/* The language of templates: what comes out, and where a fault is said to be. */
#include "../unit.h"
#include "cargodeck/templates.h"

#include <jansson.h>
#include <stdio.h>

static const char facts[] = "{\"name\": \"shop\", \"port\": 8080, \"half\": 0.5, \"yes\": true, \"nothing\": null, \"empty\": \"\", \"none\": [],"
	"\"kind\": \"service\", \"programs\": [{\"name\": \"api-one\", \"tags\": [\"a\", \"b\"]}, {\"name\": \"worker\"}], \"list\": [\"x\", 2],"
	"\"deep\": {\"er\": {\"est\": \"found\"}},"
	"\"bad\": \"a b\", \"quotes\": \"a \\\"b\\\" 'c' \\\\d\", \"shell\": \"$(reboot) `x` ${HOME}\", \"lines\": \"one\\nRUN two\","
	"\"flow\": \"${{ secrets.KEY }}\", \"odd\": \"a\\u2028b\\u0085c\\u0007\\ttab\", \"letters\": \"\xC3\xA9\"}";

static char *read_part(void *context, const char *name, size_t *len)
{
	(void)context;
	const char *text = strcmp(name, "part") == 0 ? "<@{name}@{x}>\n" : strcmp(name, "wrong") == 0 ? "ok\n\n@{gone}\n"
		: strcmp(name, "itself") == 0 ? "%% include itself\n" : strcmp(name, "sets") == 0 ? "%% set y = \"from there\"\n" : NULL;
	*len = text != NULL ? strlen(text) : 0;
	return mem_copy_string(text);
}

struct sample {
	const char *template, *wanted; /* what comes out, or the fault */
};

static const struct sample good[] = {
	/* text */
	{"", ""},
	{"plain\n", "plain\n"},
	{"no end", "no end"},
	{"a\r\n@{name}\r\n", "a\r\nshop\r\n"},
	{"@{name}:@{port} @{ half } @{yes}@{empty}\n", "shop:8080 0.5 true\n"},
	{"@{deep.er.est} @{programs.1.name} @{list.0}\n", "found worker x\n"},
	{"@@{name} a@b @ {x} ${x[@]}\n", "@{name} a@b @ {x} ${x[@]}\n"},
	{"%%%% x\n  %%% y\na %% b ${x%%/*}\n", "%%% x\n  %% y\na %% b ${x%%/*}\n"},
	{"%% # a remark @{gone}\n%%# another\nx\n", "x\n"},
	/* filters */
	{"@{programs.0.name|snake} @{programs.0.name|snake|upper} @{name|upper|lower}\n", "api_one API_ONE shop\n"},
	{"@{quotes|yaml} @{quotes|json} @{quotes|toml}\n", "\"a \\\"b\\\" 'c' \\\\d\" \"a \\\"b\\\" 'c' \\\\d\" \"a \\\"b\\\" 'c' \\\\d\"\n"},
	{"@{quotes|docker}\n", "\"a \\\"b\\\" 'c' \\\\d\"\n"},
	{"@{quotes|shell}\n", "'a \"b\" '\\''c'\\'' \\d'\n"},
	{"@{shell|docker}\n", "\"\\$(reboot) `x` \\${HOME}\"\n"},
	{"@{shell|compose}\n", "\"$$(reboot) `x` $${HOME}\"\n"},
	{"@{flow|workflow}\n", "\"${{ '${{' }} secrets.KEY }}\"\n"},
	{"@{lines|yaml} # @{lines|comment}\n", "\"one\\nRUN two\" # one RUN two\n"},
	{"@{odd|yaml} @{letters|yaml}\n", "\"a\\u2028b\\u0085c\\u0007\\ttab\" \"\xC3\xA9\"\n"},
	{"@{port|yaml} @{ name | upper | yaml }\n", "\"8080\" \"SHOP\"\n"},
	/* if */
	{"%% if kind == \"service\"\na\n%% else\nb\n%% end\n", "a\n"},
	{"%% if kind != \"service\"\na\n%% elif port == 8080\nb\n%% elif true\nc\n%% else\nd\n%% end\n", "b\n"},
	{"  %% if gone\na\n\t%% else\nb\n  %% end  \n", "b\n"},
	{"%%if yes\r\na\r\n%%end\r\n", "a\r\n"},
	{"%% if port < 8081 and not port < 8080 and not gone < 3\na\n%% end\n", "a\n"},
	{"%% if gone.too == nothing and not nothing\nx\n%% end\n", "x\n"},
	{"%% if \"x\" in list and 2 in list and not \"y\" in list\nx\n%% end\n", "x\n"},
	{"%% if \"x\" in gone\nx\n%% end\n", ""},
	{"%% if none or empty or 0 or false or \"\"\nx\n%% end\n", ""},
	{"%% if false and false or true\nx\n%% end\n%% if false and (false or true)\ny\n%% end\n", "x\n"},
	{"%% if not not yes and half\nx\n%% end\n", "x\n"},
	{"%% if name == \"sh\\\"op\" or \"a\\\\\" == \"a\"\nx\n%% end\n", ""},
	{"%% if \"orange\" == \"orange\" and android == nothing\nx\n%% end\n", "x\n"},
	{"%% if gone\n%% if @ nonsense\n%% end\n@{gone}\n%% set\n%% include gone\n%% for\n%% end\n%% end\n", ""},
	/* for and set */
	{"%% for p in programs\n@{p_index} @{p.name}\n%% if not p_last\n,\n%% end\n%% end\n", "0 api-one\n,\n1 worker\n"},
	{"%% for p in programs\n%% for t in p.tags\n@{p.name}.@{t} @{t_first}\n%% end\n%% end\n", "api-one.a true\napi-one.b false\n"},
	{"%% for x in gone\na\n%% end\n%% for x in none\nb\n%% end\n", ""},
	{"%% for name in list\n@{name}\n%% end\n@{name}\n%% if name_index == nothing\nback\n%% end\n", "x\n2\nshop\nback\n"},
	{"%% set x = name\n@{x}\n%% set x = port == 8080\n@{x}\n", "shop\ntrue\n"},
	{"%% if port == 8080 and name == \"shop\" or gone == 1\nx\n%% end\n%% if not name == \"shop\"\ny\n%% end\n", "x\n"},
	{"%% if (true or true) and false\nx\n%% elif true or true and false\ny\n%% end\n", "y\n"},
	{"%% if half == half and half != 0\nx\n%% end\n%% if gone != 1\ny\n%% end\n%% if gone != nothing\nz\n%% end\n", "x\ny\n"},
	{"%% set n = 0\n%% for p in programs\n%% if p.name == \"worker\"\n%% set n = p\n%% end\n%% end\n@{n.name}\n", "worker\n"},
	{"%% set x = 1\n%% include part\n%% include sets\n@{y|yaml}\n", "<shop1>\n\"from there\"\n"},
};

static const struct sample bad[] = {
	{"a\n@{gone}\n", "t:2: there is no gone"},
	{"@{deep.gone.x}", "t:1: there is no deep.gone.x"},
	{"@{nothing}", "t:1: there is no nothing"},
	{"@{programs}", "t:1: programs is a list or an object: go through it with for"},
	{"@{list|yaml}", "t:1: list is a list or an object: go through it with for"},
	{"\n\n@{bad}", "t:3: bad holds letters that need a filter (yaml, shell …)"},
	{"@{bad|upper}", "t:1: bad holds letters that need a filter (yaml, shell …)"},
	{"@{letters}", "t:1: letters holds letters that need a filter (yaml, shell …)"},
	{"@{lines|docker}", "t:1: lines: a value of a Dockerfile cannot hold a new line or a control letter"},
	{"@{lines|shell}", "t:1: lines: a word of the shell is not written with a new line or a control letter in it"},
	{"@{name|nice}", "t:1: name: there is no filter \"nice\""},
	{"@{name|}", "t:1: name: there is no filter \"\""},
	{"@{name||yaml}", "t:1: name: there is no filter \"\""},
	{"@{}", "t:1: \"\" is no name"},
	{"@{a..b}", "t:1: \"a..b\" is no name"},
	{"@{name\n}", "t:1: @{ is not closed with } in its line"},
	{"a\n%% if yes\nb\n", "t:2: this is not closed with %% end"},
	{"%% for x in gone\n%% if y\n%% end\n", "t:1: this is not closed with %% end"},
	{"%% end\n", "t:1: no block is open here"},
	{"a\n%% else\n", "t:2: no block is open here"},
	{"%% if yes\n%% else\n%% else\n%% end\n", "t:3: only %% end follows %% else"},
	{"%% if yes\n%% else\n%% elif yes\n%% end\n", "t:3: only %% end follows %% else"},
	{"%% for x in list\n%% else\n%% end\n", "t:2: a loop has no else"},
	{"%% if yes\n%% end if\n", "t:2: \"if\" is too much here"},
	{"%% if yes\n%% else if\n%% end\n", "t:2: \"if\" is too much here"},
	{"%% while yes\n", "t:1: \"while yes\" is no directive"},
	{"%%\n", "t:1: \"\" is no directive"},
	{"%% if\n%% end\n", "t:1: the expression ends where a value is missing"},
	{"%% if name ==\n%% end\n", "t:1: the expression ends where a value is missing"},
	{"%% if name = port\n%% end\n", "t:1: \"= port\" is not understood here"},
	{"%% if name and or port\n%% end\n", "t:1: \" port\" is not understood here"},
	{"%% if (name\n%% end\n", "t:1: a ) is missing"},
	{"%% if name)\n%% end\n", "t:1: \")\" is not understood here"},
	{"%% if \"name\n%% end\n", "t:1: the quotation mark before \"name\" is not closed"},
	{"%% if 12x\n%% end\n", "t:1: \"12x\" is not understood here"},
	{"%% if name in name\n%% end\n", "t:1: what stands behind \"in\" is no list"},
	{"%% for x in name\n%% end\n", "t:1: what stands behind \"in\" is no list"},
	{"%% for x of list\n%% end\n", "t:1: write it as %% for NAME in LIST"},
	{"%% for 1x in list\n%% end\n", "t:1: write it as %% for NAME in LIST"},
	{"%% set x\n", "t:1: write it as %% set NAME = VALUE"},
	{"%% set a.b = 1\n", "t:1: write it as %% set NAME = VALUE"},
	{"%% if yes\n%% for x in list\n\n@{gone}\n%% end\n%% end\n", "t:4: there is no gone"},
	{"x\n%% include gone\n", "t:2: there is no template gone"},
	{"%% include ../x\n", "t:1: \"../x\" is no name of a template"},
	{"%% include /etc/passwd\n", "t:1: \"/etc/passwd\" is no name of a template"},
	{"%% include\n", "t:1: \"\" is no name of a template"},
	{"x\n%% include wrong\n", "wrong:3: there is no gone"},
	{"%% include itself\n", "itself:1: blocks and includes are more than 32 deep"},
};

static bool render(const char *template, const char *facts_json, struct str *out, struct fault *fault)
{
	return template_render("t", template, strlen(template), facts_json, read_part, NULL, out, fault);
}

static void renders(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		auto_str out = {0};
		struct fault fault = {0};
		if (!render(good[i].template, facts, &out, &fault))
			fail_msg("%s: %s", good[i].template, fault.text);
		assert_string_equal(str_text(&out), good[i].wanted);
	}
}

static void says_what_is_wrong_and_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		auto_str out = {0};
		struct fault fault = {0};
		if (render(bad[i].template, facts, &out, &fault))
			fail_msg("%s is rendered", bad[i].template);
		assert_string_equal(fault.text, bad[i].wanted);
		assert_int_equal(fault.code, FAULT_INPUT);
	}
}

static void wants_an_object(void **state)
{
	(void)state;
	auto_str out = {0};
	struct fault fault = {0};
	assert_false(render("x", "[1]", &out, &fault));
	assert_string_equal(fault.text, "the facts are no JSON object");
	assert_false(render("x", "{\n\"a\": ", &out, &fault));
	assert_non_null(strstr(fault.text, "the facts are no JSON: line 2"));
	assert_false(render("x", "{\"a\": \"\\u0000\"}", &out, &fault));
	assert_false(template_render("t", "%% include x", 12, "{}", NULL, NULL, &out, &fault));
}

/* A name of a project's own files never ends the place that it is written to. */
static void holds_hostile_names(void **state)
{
	(void)state;
	static const char hostile[] = "{\"n\": \"a'; \\\"$(x)\\\" `y` \\\\\"}";
	static const struct sample samples[] = {
		{"@{n|shell}", "'a'\\''; \"$(x)\" `y` \\'"},
		{"@{n|docker}", "\"a'; \\\"\\$(x)\\\" `y` \\\\\""},
		{"@{n|yaml}", "\"a'; \\\"$(x)\\\" `y` \\\\\""},
	};
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		auto_str out = {0};
		assert_true(render(samples[i].template, hostile, &out, NULL));
		assert_string_equal(str_text(&out), samples[i].wanted);
	}
	for (const char *letter = " '\"`$(){}[]<>|&;*?!#%\\~^\n\t\r"; *letter != '\0'; letter++) {
		auto_str out = {0}, json = {0};
		str_print(&json, "{\"n\": \"a\\u%04xb\"}", (unsigned)*letter);
		assert_false(render("@{n}", str_text(&json), &out, NULL));
	}
}

/* ---- what is written is read back ---- */

static const char *const hostile_values[] = {"", "plain", "it's \"quoted\" \\ and \\n", "$(touch /tmp/x) `id` ${HOME} $HOME $$ !!", "-e", "- a: b # c",
	"{{x}} ${{ secrets.A }} %%", "*?[a-z]~ <>|&;()", "true", "null", "0x10", " both ends ", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA6\x80", "@{name} %% if"};
static const char *const control_values[] = {"one\nRUN two\r\n", "\ttab\x01\x1b[31m\x7f", "a\xC2\x85" "b\xE2\x80\xA8" "c\xEF\xBB\xBF" "d"};

static char *facts_with(const char *value)
{
	json_t *json = json_pack("{s:s}", "v", value);
	char *text = json_dumps(json, 0);
	json_decref(json);
	return text;
}

/* What stands in double quotes is JSON, which YAML 1.2 and TOML read alike. The caller frees. */
static char *read_quoted(const char *value, const char *filter)
{
	auto_free char *json = facts_with(value);
	auto_free char *template = mem_print("@{v|%s}", filter);
	auto_str out = {0};
	struct fault fault = {0};
	if (!render(template, json, &out, &fault))
		fail_msg("%s", fault.text);
	for (size_t i = 0; i < out.len; i++)
		assert_true((unsigned char)out.data[i] >= ' ' && out.data[i] != 127);
	json_t *back = json_loads(str_text(&out), JSON_DECODE_ANY, NULL);
	if (back == NULL)
		fail_msg("not read back: %s", str_text(&out));
	char *text = mem_copy_string(json_string_value(back));
	json_decref(back);
	return text;
}

static void check_quoted(const char *value)
{
	static const char *const filters[] = {"yaml", "json", "toml"};
	for (size_t i = 0; i < COUNT_OF(filters); i++) {
		auto_free char *back = read_quoted(value, filters[i]);
		assert_string_equal(back, value);
	}
	/* compose makes one of two dollars */
	auto_free char *compose = read_quoted(value, "compose");
	auto_str single = {0};
	for (const char *at = compose; *at != '\0'; at++) {
		assert_true(*at != '$' || at[1] == '$');
		at += *at == '$';
		str_add_char(&single, *at);
	}
	assert_string_equal(str_text(&single), value);
}

static void is_read_back_from_quotes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hostile_values); i++)
		check_quoted(hostile_values[i]);
	for (size_t i = 0; i < COUNT_OF(control_values); i++)
		check_quoted(control_values[i]);
}

/* A shell says what it understands, with a sign behind it: a new line at the end is seen. */
static void is_read_back_from_a_shell(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hostile_values); i++) {
		auto_free char *json = facts_with(hostile_values[i]);
		auto_str out = {0};
		char said[512] = "";
		assert_true(render("printf '%s|' @{v|shell}", json, &out, NULL));
		FILE *shell = popen(str_text(&out), "r");
		assert_non_null(shell);
		said[fread(said, 1, sizeof said - 1, shell)] = '\0';
		assert_int_equal(pclose(shell), 0);
		auto_free char *wanted = mem_print("%s|", hostile_values[i]);
		assert_string_equal(said, wanted);
	}
}

/* Docker's rule for a value in double quotes: \\ takes the meaning of what follows. */
static void is_read_back_from_a_dockerfile(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hostile_values); i++) {
		auto_free char *json = facts_with(hostile_values[i]);
		auto_str out = {0}, back = {0};
		assert_true(render("@{v|docker}", json, &out, NULL));
		assert_true(out.len >= 2 && out.data[0] == '"' && out.data[out.len - 1] == '"');
		for (size_t j = 1; j + 1 < out.len; j++) {
			assert_true(out.data[j] != '"' && out.data[j] != '$');
			j += out.data[j] == '\\';
			str_add_char(&back, out.data[j]);
		}
		assert_string_equal(str_text(&back), hostile_values[i]);
	}
}

static void keeps_controls_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		auto_free char *json = facts_with(control_values[i]);
		auto_str out = {0};
		assert_false(render("@{v|shell}", json, &out, NULL));
		assert_false(render("@{v|docker}", json, &out, NULL));
		assert_int_equal(out.len, 0);
	}
	for (size_t i = 0; i < COUNT_OF(control_values); i++) {
		auto_free char *json = facts_with(control_values[i]);
		auto_str out = {0};
		assert_true(render("@{v|comment}", json, &out, NULL));
		for (size_t j = 0; j < out.len; j++)
			assert_true((unsigned char)out.data[j] >= ' ' && out.data[j] != 127);
	}
}

/* YAML, and editors, end a line at these too. */
static void a_comment_is_one_line(void **state)
{
	(void)state;
	auto_free char *json = facts_with(control_values[2]);
	auto_str out = {0};
	assert_true(render("# @{v|comment}", json, &out, NULL));
	assert_null(strstr(str_text(&out), "\xC2\x85"));
	assert_null(strstr(str_text(&out), "\xE2\x80\xA8"));
}

static void keeps_its_bounds(void **state)
{
	(void)state;
	auto_str out = {0}, json = {0}, deep = {0}, loops = {0}, brackets = {0};
	struct fault fault = {0};
	str_add(&json, "{\"l\": [0");
	for (int i = 0; i < 200; i++)
		str_add(&json, ",1");
	str_add(&json, "]}");
	for (int i = 0; i < 4; i++)
		str_add(&loops, "%% for a in l\n");
	static const char ends[] = "%% end\n%% end\n%% end\n%% end\n";
	auto_free char *long_lines = mem_print("%s0123456789\n%s", str_text(&loops), ends);
	auto_free char *no_lines = mem_print("%s%s", str_text(&loops), ends);
	assert_false(render(long_lines, str_text(&json), &out, &fault));
	assert_string_equal(fault.text, "t:5: more than 1000000 bytes come out");
	str_clear(&out);
	assert_false(render(no_lines, str_text(&json), &out, &fault));
	assert_non_null(strstr(fault.text, "more than 1000000 lines are gone through"));
	for (int i = 0; i < 5000; i++)
		str_add(&deep, "%% if l\n");
	assert_false(render(str_text(&deep), str_text(&json), &out, &fault));
	assert_string_equal(fault.text, "t:32: blocks and includes are more than 32 deep");
	str_add(&brackets, "%% if ");
	for (int i = 0; i < 5000; i++)
		str_add(&brackets, "(");
	assert_false(render(str_text(&brackets), str_text(&json), &out, &fault));
	assert_string_equal(fault.text, "t:1: the expression is more than 32 deep");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renders),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(wants_an_object),
		cmocka_unit_test(holds_hostile_names),
		cmocka_unit_test(is_read_back_from_quotes),
		cmocka_unit_test(is_read_back_from_a_shell),
		cmocka_unit_test(is_read_back_from_a_dockerfile),
		cmocka_unit_test(keeps_controls_out),
		cmocka_unit_test(a_comment_is_one_line),
		cmocka_unit_test(keeps_its_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
