/* The variables that a program reads: std::env::var and its like, functions of the
 * project that pass a name on to it, clap's `env`. With each the default that stands
 * beside it, and whether the program can do without. */
#include "survey.h"

#include <ctype.h>

enum { CHAIN_MOST = 600, READERS_MOST = 100, ROUNDS = 3, NAME_MOST = 100, READER_MOST = 4000, ATTRIBUTES_MOST = 20, CONSTANTS_MOST = 200 };

struct span {
	size_t from, to; /* in the code of a source */
};

bool is_variable_name(const char *text, size_t len)
{
	bool has_letter = false;
	for (size_t i = 0; i < len; i++) {
		if (!isupper((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '_')
			return false;
		has_letter = has_letter || isupper((unsigned char)text[i]);
	}
	return has_letter && len > 1 && len < NAME_MOST && !isdigit((unsigned char)text[0]);
}

/* What cargo sets when it builds, and what every process has. */
static bool is_given(const char *name, bool is_macro)
{
	static const char *const always[] = {"CARGO", "CARGO_*", "OUT_DIR", "PATH", "HOME", "PWD", "USER", "HOSTNAME", "SHELL", "TMPDIR", NULL};
	static const char *const building[] = {"TARGET", "HOST", "PROFILE", "OPT_LEVEL", "DEBUG", "RUSTC", "RUSTDOC", "NUM_JOBS", "DEP_*", "VERGEN_*", NULL};
	return name_in(name, always) || (is_macro && name_in(name, building));
}

/* ---- calls ---- */

/* The name before the bracket that an argument stands behind: `var` of env::var("X"), env!("X"). Empty: none. */
static struct span callee(const struct rust_source *source, size_t offset)
{
	size_t at = offset;
	while (at > 0 && (isspace((unsigned char)source->code[at - 1]) || source->code[at - 1] == '&'))
		at--;
	if (at == 0 || source->code[at - 1] != '(')
		return (struct span){0, 0};
	for (at--; at > 0 && (isspace((unsigned char)source->code[at - 1]) || source->code[at - 1] == '!');)
		at--;
	if (at > 1 && source->code[at - 1] == '>') { /* var::<T>( */
		while (at > 0 && source->code[at - 1] != '<' && source->code[at - 1] != ';')
			at--;
		at -= at >= 3 && source->code[at - 1] == '<' ? 3 : 0;
	}
	size_t to = at;
	while (at > 0 && is_name_letter(source->code[at - 1]))
		at--;
	return (struct span){at, to};
}

static bool span_is(const struct rust_source *source, struct span span, const char *word)
{
	return span.to - span.from == strlen(word) && strncmp(source->code + span.from, word, span.to - span.from) == 0;
}

/* The place behind the bracket that closes the one that `at` stands in. */
static size_t behind_close(const struct rust_source *source, size_t at, char close)
{
	char open = close == ')' ? '(' : '[';
	size_t depth = 1, limit = at + CHAIN_MOST;
	for (; at < source->len && at < limit; at++) {
		depth += source->code[at] == open;
		depth -= source->code[at] == close;
		if (depth == 0)
			return at + 1;
	}
	return at;
}

/* From behind a call to the end of its expression: `.unwrap_or(…).parse()?`. */
static struct span chain_behind(const struct rust_source *source, size_t from)
{
	size_t at = from, depth = 0;
	for (; at < source->len && at - from < CHAIN_MOST; at++) {
		char letter = source->code[at];
		if (depth == 0 && strchr(";,{)]}", letter) != NULL)
			break;
		depth += letter == '(' || letter == '[' || letter == '{';
		depth -= (letter == ')' || letter == ']' || letter == '}') && depth > 0;
	}
	return (struct span){from, at};
}

/* The first literal or number in there; NULL: none. The caller frees. */
static char *first_value(const struct rust_source *source, struct span span)
{
	for (size_t at = span.from; at < span.to; at++) {
		const char *code = source->code + at;
		bool begins = at == 0 || !is_name_letter(code[-1]);
		if (*code == '"') {
			const char *close = memchr(code + 1, '"', source->len - at - 1);
			return close != NULL ? mem_copy_bytes(source->text + at + 1, (size_t)(close - code - 1)) : NULL;
		}
		if (begins && isdigit((unsigned char)*code))
			return mem_copy_bytes(code, strspn(code, "0123456789."));
		if (begins && (strncmp(code, "true", 4) == 0 || strncmp(code, "false", 5) == 0))
			return mem_copy_bytes(code, *code == 't' ? 4 : 5);
	}
	return NULL;
}

static const char *find_in(const struct rust_source *source, struct span span, const char *words)
{
	return memmem(source->code + span.from, span.to - span.from, words, strlen(words));
}

/* What stands behind the read: a default, or the end of the program. */
static void read_chain(const struct rust_source *source, struct span chain, struct read *read)
{
	const char *otherwise = find_in(source, chain, "unwrap_or");
	if (otherwise == NULL)
		otherwise = find_in(source, chain, "map_or");
	bool fails = find_in(source, chain, "?") != NULL || find_in(source, chain, "unwrap()") != NULL || find_in(source, chain, "expect(") != NULL;
	if (otherwise != NULL) {
		struct span rest = {(size_t)(otherwise - source->code), chain.to};
		char *value = first_value(source, rest);
		free(read->value);
		read->value = value != NULL ? value : mem_copy_string("");
	}
	read->is_required = otherwise == NULL && fails;
}

/* ---- functions that pass a name on ---- */

struct reader {
	char *name;
	enum { READER_OPEN, READER_STRICT, READER_DEFAULTED } kind;
};
struct readers {
	struct reader items[READERS_MOST];
	size_t count;
};

static const struct reader *find_reader(const struct readers *readers, const struct rust_source *source, struct span name)
{
	for (size_t i = 0; i < readers->count; i++)
		if (span_is(source, name, readers->items[i].name))
			return &readers->items[i];
	return NULL;
}

static bool is_env_call(const struct rust_source *source, struct span name)
{
	static const char *const names[] = {"var", "var_os"};
	bool is_var = false;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		is_var = is_var || span_is(source, name, names[i]);
	return is_var;
}

/* Is the name of a parameter given to what reads? Where its argument stands. */
static bool passes_on(const struct reach_function *function, const struct readers *readers, size_t *argument)
{
	const struct rust_source *source = function->source;
	size_t end = function->parameters > 0 ? behind_close(source, function->parameters + 1, ')') : 0;
	if (function->end - function->open > READER_MOST) /* what passes a name on is short */
		return false;
	for (size_t at = function->open; end > 0 && at < function->end; at++) {
		if (source->code[at] != '(')
			continue;
		size_t from = at + 1 + strspn(source->code + at + 1, " \t\r\n&"), to = from;
		while (to < function->end && is_name_letter(source->code[to]))
			to++;
		struct span name = callee(source, from);
		if (to == from || name.to == name.from || (!is_env_call(source, name) && find_reader(readers, source, name) == NULL))
			continue;
		if (!has_name(source->code + function->parameters, end - function->parameters, "str") &&
			!has_name(source->code + function->parameters, end - function->parameters, "AsRef") &&
			!has_name(source->code + function->parameters, end - function->parameters, "String"))
			continue;
		auto_free char *text = mem_copy_bytes(source->code + from, to - from);
		if (!has_name(source->code + function->parameters, end - function->parameters, text))
			continue;
		*argument = to;
		return true;
	}
	return false;
}

static void find_readers(const struct reach *reach, struct readers *readers)
{
	const struct reach_function *function;
	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t i = 0; (function = reach_each(reach, i)) != NULL && readers->count < READERS_MOST; i++) {
			struct span name = {function->name, function->name + function->name_len};
			size_t argument;
			if (find_reader(readers, function->source, name) != NULL || !passes_on(function, readers, &argument))
				continue;
			struct read read = {0};
			struct span chain = chain_behind(function->source, behind_close(function->source, argument, ')'));
			read_chain(function->source, chain, &read);
			bool strict = read.is_required && find_in(function->source, chain, "?") == NULL;
			bool has_default = read.value != NULL;
			free(read.value);
			readers->items[readers->count++] = (struct reader){mem_copy_bytes(function->source->code + name.from, function->name_len),
				strict ? READER_STRICT : has_default ? READER_DEFAULTED : READER_OPEN};
		}
}

/* ---- one read ---- */

static void add_read(struct surveyed *surveyed, const struct rust_source *source, size_t offset, char *name, char *value, bool is_required)
{
	if (surveyed->reads.count >= READS_MOST || is_given(name, false)) {
		free(name);
		free(value);
		return;
	}
	*array_add(&surveyed->reads) = (struct read){name, value != NULL ? value : mem_copy_string(""), source, offset, is_required};
}

/* The second argument of text("API", "api:8081"). */
static char *second_argument(const struct rust_source *source, size_t behind)
{
	size_t at = behind + strspn(source->code + behind, " \t\r\n");
	if (source->code[at] != ',')
		return NULL;
	size_t end = behind_close(source, at, ')');
	return first_value(source, (struct span){at, end > at ? end - 1 : at});
}

static void take_call(struct surveyed *surveyed, const struct readers *readers, const struct literal *literal, size_t behind)
{
	static const char *const macros[] = {"env", "option_env", "dotenv"};
	const struct rust_source *source = literal->source;
	struct span name = callee(source, literal->offset);
	const struct reader *reader = find_reader(readers, source, name);
	bool is_macro = false;
	for (size_t i = 0; i < COUNT_OF(macros); i++)
		is_macro = is_macro || span_is(source, name, macros[i]);
	auto_free char *text = mem_copy_bytes(literal->text, literal->len);
	char next = source->code[behind + strspn(source->code + behind, " \t\r\n")];
	if (name.to == name.from || (next != ')' && next != ',') || (reader == NULL && !is_macro && !is_env_call(source, name)) || is_given(text, is_macro))
		return;
	struct read read = {0};
	struct span chain = chain_behind(source, behind_close(source, behind, ')'));
	if (name.from > 0 && source->code[name.from - 1] == '.' && reader == NULL) { /* Arg::new("port").env("PORT").default_value("8080") */
		size_t len;
		const char *before = code_before(source, literal->offset, &len), *otherwise = find_in(source, chain, "default_value");
		if (!has_name(before, len, "Arg"))
			return;
		read.value = otherwise != NULL ? first_value(source, (struct span){(size_t)(otherwise - source->code), chain.to}) : NULL;
	} else {
		read_chain(source, chain, &read);
	}
	if (reader != NULL && reader->kind == READER_STRICT)
		read.is_required = true;
	if (reader != NULL && reader->kind == READER_DEFAULTED)
		read.is_required = false;
	if (read.value == NULL)
		read.value = second_argument(source, behind);
	if (read.value != NULL && reader != NULL)
		read.is_required = false;
	add_read(surveyed, source, literal->offset, steal(&text), read.value, read.is_required);
}

/* ---- clap ---- */

/* The attribute that a place stands in: behind "#[" and before its "]". False: in none. */
static bool attribute_around(const struct rust_source *source, size_t offset, struct span *out)
{
	size_t from = offset, limit = offset > CHAIN_MOST ? offset - CHAIN_MOST : 0;
	while (from > limit && !(source->code[from] == '[' && source->code[from - 1] == '#') && source->code[from] != ';' && source->code[from] != '}')
		from--;
	if (from == 0 || source->code[from] != '[' || source->code[from - 1] != '#')
		return false;
	*out = (struct span){from + 1, behind_close(source, from + 1, ']')};
	return out->to > offset;
}

/* The field behind an attribute: its name, and whether it may be left out. */
static struct span field_behind(const struct rust_source *source, size_t at, bool *is_optional)
{
	unsigned others = 0;
	for (at += strspn(source->code + at, " \t\r\n"); source->code[at] == '#' && others++ < ATTRIBUTES_MOST; at += strspn(source->code + at, " \t\r\n"))
		at = behind_close(source, at + 2 < source->len ? at + 2 : source->len, ']');
	if (strncmp(source->code + at, "pub", 3) == 0) {
		at += 3 + strspn(source->code + at + 3, " ");
		if (source->code[at] == '(')
			at = behind_close(source, at + 1, ')');
		at += strspn(source->code + at, " \t\r\n");
	}
	size_t to = at;
	while (to < source->len && is_name_letter(source->code[to]))
		to++;
	size_t type = to + strspn(source->code + to, " :\t\r\n");
	*is_optional = strncmp(source->code + type, "Option", 6) == 0 || strncmp(source->code + type, "bool", 4) == 0;
	return (struct span){at, to};
}

static void take_attribute(struct surveyed *surveyed, const struct rust_source *source, size_t offset, struct span attribute, char *name)
{
	bool is_optional;
	struct span field = field_behind(source, attribute.to, &is_optional);
	const char *otherwise = find_in(source, attribute, "default");
	char *value = otherwise != NULL ? first_value(source, (struct span){(size_t)(otherwise - source->code), attribute.to - 1}) : NULL;
	bool has_default = otherwise != NULL || is_optional;
	if (name == NULL) {
		name = mem_copy_bytes(source->code + field.from, field.to - field.from);
		for (char *at = name; *at != '\0'; at++)
			*at = (char)toupper((unsigned char)*at);
	}
	if (is_variable_name(name, strlen(name))) {
		add_read(surveyed, source, offset, name, value, !has_default);
	} else {
		free(name);
		free(value);
	}
}

/* #[arg(long, env)]: the field's own name. */
static void find_bare_env(struct surveyed *surveyed)
{
	static const char *const heads[] = {"# [ arg (", "# [ clap ("};
	for (size_t i = 0; i < COUNT_OF(heads); i++)
		for (struct rust_place place = {0}; rust_find(&surveyed->program->facts, heads[i], &place);) {
			const struct rust_source *source = place.source;
			struct span attribute = {place.offset, behind_close(source, place.offset + 2, ']')};
			for (const char *at = source->code + attribute.from; (at = memmem(at, (size_t)(source->code + attribute.to - at), "env", 3)) != NULL; at += 3) {
				const char *next = at + 3 + strspn(at + 3, " \t\r\n");
				if (is_name_letter(at[-1]) || (*next != ',' && *next != ')'))
					continue;
				take_attribute(surveyed, source, place.offset, attribute, NULL);
				break;
			}
		}
}

/* ---- all ---- */

static void take_literal(struct surveyed *surveyed, const struct readers *readers, const struct literal *literal)
{
	struct span attribute;
	const struct rust_source *source = literal->source;
	size_t behind = literal->offset + literal->len + 2;
	if (!is_variable_name(literal->text, literal->len) || !reach_has(surveyed->reach, source, literal->offset))
		return;
	bool names_it = code_ends_with(source, literal->offset, "env=") || code_ends_with(source, literal->offset, "from="); /* clap, confique; envconfig */
	if (names_it && attribute_around(source, literal->offset, &attribute))
		take_attribute(surveyed, source, literal->offset, attribute, mem_copy_bytes(literal->text, literal->len));
	else
		take_call(surveyed, readers, literal, behind);
}

/* const DB: &str = "DATABASE_URL"; … env::var(DB) */
static void take_constant(struct surveyed *surveyed, const struct readers *readers, const struct literal *literal, unsigned *looked)
{
	size_t len;
	const char *before = code_before(literal->source, literal->offset, &len), *name = memmem(before, len, "const ", 6);
	if (!is_variable_name(literal->text, literal->len) || name == NULL || !code_ends_with(literal->source, literal->offset, "="))
		return;
	name += 6;
	auto_free char *constant = mem_copy_bytes(name, strcspn(name, ": \t\r\n"));
	auto_free char *words = mem_print("( %s", constant);
	if (!is_variable_name(constant, strlen(constant)) || ++*looked > CONSTANTS_MOST)
		return;
	for (struct rust_place place = {0}; rust_find(&surveyed->program->facts, words, &place);) {
		const struct rust_source *source = place.source;
		size_t at = place.offset + 1 + strspn(source->code + place.offset + 1, " \t\r\n");
		struct span call = callee(source, at);
		if ((!is_env_call(source, call) && find_reader(readers, source, call) == NULL) || !reach_has(surveyed->reach, source, at))
			continue;
		struct read read = {0};
		read_chain(source, chain_behind(source, behind_close(source, at, ')')), &read);
		add_read(surveyed, literal->source, literal->offset, mem_copy_bytes(literal->text, literal->len), read.value, read.is_required);
		return;
	}
}

/* EnvFilter::from_default_env() and env_logger read RUST_LOG without a word. */
static void find_log_filter(struct surveyed *surveyed)
{
	static const char *const words[] = {"EnvFilter :: from_default_env", "EnvFilter :: try_from_default_env", "with_env_var",
		"env_logger :: init", "env_logger :: Builder", "env_logger :: builder", "env_logger :: try_init", "Env :: default", "pretty_env_logger :: init", NULL};
	struct rust_place place;
	for (size_t i = 0; i < surveyed->reads.count; i++)
		if (strcmp(surveyed->reads.items[i].name, "RUST_LOG") == 0)
			return;
	if (find_any(&surveyed->program->facts, words, &place) && reach_has(surveyed->reach, place.source, place.offset))
		add_read(surveyed, place.source, place.offset, mem_copy_string("RUST_LOG"), NULL, false);
}

void reads_find(struct surveyed *surveyed)
{
	struct readers *readers = mem_alloc(sizeof *readers);
	unsigned constants = 0;
	find_readers(surveyed->reach, readers);
	for (struct literal literal = {0}; literal_each(&surveyed->program->facts, &literal);) {
		take_literal(surveyed, readers, &literal);
		take_constant(surveyed, readers, &literal, &constants);
	}
	find_bare_env(surveyed);
	settings_find(surveyed);
	find_log_filter(surveyed);
	for (size_t i = 0; i < readers->count; i++)
		free(readers->items[i].name);
	free(readers);
}

void reads_finish(struct reads *reads)
{
	for (size_t i = 0; i < reads->count; i++) {
		free(reads->items[i].name);
		free(reads->items[i].value);
	}
	array_finish(reads);
}
