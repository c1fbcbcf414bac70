/* Variables that nobody writes out: crates of settings (envy, config, figment) make
 * their names of a struct's fields, with a prefix before them. */
#include "survey.h"

#include <ctype.h>

enum { FIELDS_MOST = 100, DEPTH_MOST = 3, BODY_MOST = 20000, CHAIN_MOST = 400 };

struct naming {
	struct surveyed *surveyed;
	const char *between; /* of a struct and its field; NULL: fields of structs are not gone into */
	bool is_required; /* where the type does not say otherwise */
	unsigned fields;
};

/* struct NAME { … }: behind its brace. */
static bool find_struct(const struct surveyed *surveyed, const char *name, struct rust_place *place)
{
	auto_free char *words = mem_print("struct %s {", name);
	*place = (struct rust_place){0};
	if (name[0] == '\0' || !rust_find(&surveyed->program->facts, words, place))
		return false;
	const char *open = strchr(place->source->code + place->offset, '{');
	place->offset = (size_t)(open + 1 - place->source->code);
	return true;
}

static void add_fields(struct naming *naming, const struct rust_place *body, const char *prefix, unsigned depth);

static void add_field(struct naming *naming, const struct rust_place *place, size_t at, size_t name_len, const char *type, bool has_default,
	const char *prefix, unsigned depth)
{
	auto_free char *name = mem_print("%s%.*s", prefix, (int)name_len, place->source->code + at);
	auto_free char *plain = mem_copy_bytes(type, strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"));
	struct rust_place nested;
	for (char *letter = name; *letter != '\0'; letter++)
		*letter = (char)toupper((unsigned char)*letter);
	if (naming->between != NULL && depth < DEPTH_MOST && find_struct(naming->surveyed, plain, &nested)) {
		auto_free char *below = mem_print("%s%s", name, naming->between);
		add_fields(naming, &nested, below, depth + 1);
		return;
	}
	if (!is_variable_name(name, strlen(name)) || naming->surveyed->reads.count >= READS_MOST)
		return;
	bool is_optional = has_default || strcmp(plain, "Option") == 0;
	*array_add(&naming->surveyed->reads) = (struct read){steal(&name), mem_copy_string(""), place->source, at, naming->is_required && !is_optional};
}

/* Each `name: Type` of a struct's body, with what its attributes say. */
static void add_fields(struct naming *naming, const struct rust_place *body, const char *prefix, unsigned depth)
{
	const char *code = body->source->code;
	bool has_default = false;
	for (size_t at = body->offset; at < body->source->len && at - body->offset < BODY_MOST && code[at] != '}' && naming->fields < FIELDS_MOST;) {
		at += strspn(code + at, " \t\r\n,");
		if (code[at] == '#') {
			size_t end = at + strcspn(code + at, "]");
			has_default = has_default || memmem(code + at, end - at, "default", 7) != NULL;
			at = end + (code[end] != '\0');
			continue;
		}
		if (strncmp(code + at, "pub", 3) == 0 && !is_name_letter(code[at + 3])) {
			at += 3 + strspn(code + at + 3, " ");
			at += code[at] == '(' ? strcspn(code + at, ")") + 1 : 0;
			at += strspn(code + at, " \t\r\n");
		}
		size_t len = 0;
		while (is_name_letter(code[at + len]))
			len++;
		const char *colon = code + at + len + strspn(code + at + len, " \t");
		if (len == 0 || *colon != ':')
			break;
		naming->fields++;
		add_field(naming, body, at, len, colon + 1 + strspn(colon + 1, " \t\r\n"), has_default, prefix, depth);
		has_default = false;
		for (int angle = 0; *colon != '\0' && *colon != '}' && (*colon != ',' || angle > 0); colon++)
			angle += (*colon == '<' || *colon == '(') - (*colon == '>' || *colon == ')');
		at = (size_t)(colon - code);
	}
}

/* The literal of the call in a chain: "APP" of .with_prefix("APP"); NULL: it is not called. The caller frees. */
static char *argument_of(const struct rust_place *place, const char *call)
{
	const char *code = place->source->code + place->offset;
	const char *end = memchr(code, ';', strnlen(code, CHAIN_MOST));
	size_t len = end != NULL ? (size_t)(end - code) : strnlen(code, CHAIN_MOST);
	const char *found = memmem(code, len, call, strlen(call));
	if (found == NULL)
		return NULL;
	const char *quote = found + strlen(call) + strspn(found + strlen(call), " \t\r\n("), *close = *quote == '"' ? strchr(quote + 1, '"') : NULL;
	return close != NULL ? mem_copy_bytes(place->source->text + (quote + 1 - place->source->code), (size_t)(close - quote - 1)) : mem_copy_string("");
}

/* The struct that the settings become: the type that is named there, else one that is called so. */
static bool find_settings(const struct surveyed *surveyed, const struct rust_place *place, struct rust_place *body)
{
	static const char *const names[] = {"Settings", "Config", "Configuration", "AppConfig", "AppSettings", "AppEnv", "Env", "Environment", "ServerConfig"};
	const char *code = place->source->code + place->offset, *type = memmem(code, strnlen(code, CHAIN_MOST), "::<", 3);
	if (type != NULL) {
		size_t len = 3;
		while (is_name_letter(type[len]))
			len++;
		auto_free char *name = mem_copy_bytes(type + 3, len - 3);
		if (find_struct(surveyed, name, body))
			return true;
	}
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (find_struct(surveyed, names[i], body))
			return true;
	return false;
}

static void take_config(struct surveyed *surveyed, const struct rust_place *place)
{
	struct rust_place body;
	auto_free char *prefix = argument_of(place, "with_prefix"), *separator = argument_of(place, ".separator"),
		*behind_prefix = argument_of(place, "prefix_separator");
	const char *between = separator != NULL && separator[0] != '\0' ? separator : "__";
	const char *first = behind_prefix != NULL && behind_prefix[0] != '\0' ? behind_prefix : separator != NULL && separator[0] != '\0' ? separator : "_";
	auto_free char *head = mem_print("%s%s", prefix != NULL ? prefix : "", prefix != NULL && prefix[0] != '\0' ? first : "");
	struct naming naming = {.surveyed = surveyed, .between = between};
	if (find_settings(surveyed, place, &body))
		add_fields(&naming, &body, head, 0);
}

static void take_plain(struct surveyed *surveyed, const struct rust_place *place, const char *call, bool is_required, const char *between)
{
	struct rust_place body;
	auto_free char *prefix = argument_of(place, call);
	struct naming naming = {.surveyed = surveyed, .between = between, .is_required = is_required};
	if (find_settings(surveyed, place, &body))
		add_fields(&naming, &body, prefix != NULL ? prefix : "", 0);
}

void settings_find(struct surveyed *surveyed)
{
	static const struct {
		const char *crate, *words, *call; /* call: that takes the prefix; NULL: config's */
		bool is_required;
		const char *between;
	} ways[] = {{"envy", "envy :: from_env", "from_env", true, NULL}, {"envy", "envy :: prefixed", "prefixed", true, NULL},
		{"config", "Environment :: with_prefix", NULL, false, NULL}, {"config", "Environment :: default", NULL, false, NULL},
		{"figment", "Env :: prefixed", "prefixed", false, "_"}, {"figment", "Env :: raw", "raw", false, "_"}};
	const struct rust_facts *facts = &surveyed->program->facts;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct rust_place place = {0};
		if (rust_crate(facts, ways[i].crate) == NULL)
			continue;
		while (rust_find(facts, ways[i].words, &place)) {
			if (!reach_has(surveyed->reach, place.source, place.offset))
				continue;
			if (ways[i].call == NULL)
				take_config(surveyed, &place);
			else
				take_plain(surveyed, &place, ways[i].call, ways[i].is_required, ways[i].between);
			break;
		}
	}
}
