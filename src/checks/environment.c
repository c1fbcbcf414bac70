/* The environment as compose files write it, before compose fills it in: only
 * there can a variable be told from what is written out. And what of it is a
 * secret; values are looked at and never kept. */
#include "environment.h"

#include <ctype.h>
#include <strings.h>

enum { ENTRIES_LIMIT = 5000, MERGE_LIMIT = 50 };

/* ---- reading ---- */

static void add(const struct yaml_source *source, const char *service, const struct yaml_node *place, const char *name, size_t len, const char *value,
	struct environment *out)
{
	if (len == 0 || out->count >= ENTRIES_LIMIT)
		return;
	*array_add(out) = (struct environment_entry){source->path, place->line, service, mem_copy_bytes(name, len), value};
}

/* A map or a list; what a merge key brings counts too, one level of it. */
static void read_entries(const struct yaml_source *source, const char *service, const struct yaml_node *node, unsigned depth, struct environment *out)
{
	for (size_t i = 0; node != NULL && node->kind != YAML_SCALAR && i < node->items.count && out->count < ENTRIES_LIMIT; i++) {
		const struct yaml_node *item = node->items.items[i];
		const char *text = yaml_text(item);
		if (node->kind == YAML_LIST && text != NULL) {
			const char *equals = strchr(text, '=');
			add(source, service, item, text, equals != NULL ? (size_t)(equals - text) : strlen(text), equals != NULL ? equals + 1 : NULL, out);
		} else if (node->kind == YAML_LIST) {
			continue;
		} else if (yaml_is(node->keys.items[i], "<<")) {
			bool is_list = item->kind == YAML_LIST;
			for (size_t j = 0; depth < 2 && j < (is_list ? item->items.count : 1) && j < MERGE_LIMIT; j++)
				read_entries(source, service, is_list ? item->items.items[j] : item, depth + 1, out);
		} else if (yaml_text(node->keys.items[i]) != NULL) {
			const char *name = yaml_text(node->keys.items[i]);
			add(source, service, node->keys.items[i], name, strlen(name), text, out);
		}
	}
}

void environment_read(const struct yaml_source *source, struct environment *out)
{
	const struct yaml_node *services = compose_written(source);
	for (size_t i = 0; services != NULL && i < services->items.count; i++) {
		const char *name = yaml_text(services->keys.items[i]);
		const struct yaml_node *service = services->items.items[i];
		if (name == NULL || service->kind != YAML_MAP)
			continue;
		read_entries(source, name, yaml_get(service, "environment"), 0, out);
		read_entries(source, name, yaml_at(service, "build.args"), 0, out);
	}
}

void environment_finish(struct environment *environment)
{
	for (size_t i = 0; i < environment->count; i++)
		free(environment->items[i].name);
	array_finish(environment);
}

/* ---- what is secret ---- */

static bool ends_fold(const char *name, const char *end)
{
	size_t len = strlen(name), need = strlen(end);
	return len >= need && strcasecmp(name + len - need, end) == 0;
}

static bool holds_fold(const char *name, const char *part)
{
	size_t need = strlen(part);
	for (; *name != '\0'; name++)
		if (strncasecmp(name, part, need) == 0)
			return true;
	return false;
}

/* Words behind a secret's name that make it a setting of one. */
static bool is_setting(const char *name)
{
	static const char *const ends[] = {"_file", "_path", "_dir", "_name", "_id", "_url", "_uri", "_host", "_ttl", "_expiry", "_expires",
		"_expires_in", "_expiration", "_expire", "_lifetime", "_age", "_length", "_len", "_seconds", "_secs", "_sec", "_minutes",
		"_hours", "_days", "_duration", "_header", "_domain", "_secure", "_samesite", "_issuer", "_audience", "_algorithm", "_alg",
		"_type", "_method", "_enabled", "_user", "_username", "_prefix", "_count", "_limit", "_size", "_endpoint", "_provider",
		"_version", "_mode", "_interval", "_policy", "_format", "_auth_method", "_min", "_max", "_cost", "_iterations", "_rotation",
		"_location", "_schedule", "_hash_cost"};
	static const char *const parts[] = {"public", "allow_empty", "random_root", "keycloak", "keyspace", "_per_", "tokenizer", "no_password",
		"partition_key", "sort_key", "primary_key", "routing_key", "cache_key", "idempotency", "max_token", "min_token"};
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (ends_fold(name, ends[i]))
			return true;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (holds_fold(name, parts[i]))
			return true;
	return false;
}

bool name_is_secret(const char *name)
{
	static const char *const parts[] = {"password", "passwd", "passphrase", "secret", "token", "credential", "apikey"};
	static const char *const ends[] = {"_key", "_pass", "_pwd", "_pw", "_pat", "_salt"};
	if (is_setting(name))
		return false;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (holds_fold(name, parts[i]))
			return true;
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (ends_fold(name, ends[i]))
			return true;
	return false;
}

/* scheme://user:password@host: where the password is written out. */
bool has_password(const char *text)
{
	for (const char *at = text; (at = strstr(at, "://")) != NULL; at += 3) {
		const char *user = at + 3;
		size_t word = strcspn(user, " \t\n\"'`,;"), host = strcspn(user, "@"), colon = strcspn(user, ":/");
		if (host >= word || colon + 1 >= host || user[colon] != ':')
			continue;
		const char *password = user + colon + 1;
		size_t len = host - colon - 1;
		bool is_written = memchr(password, '$', len) == NULL && memchr(password, '/', len) == NULL && strchr("{<[*%", password[0]) == NULL;
		if (is_written && memchr(user, '{', host) == NULL)
			return true;
	}
	return false;
}

/* "3600", "15m": a number or a time of a setting. */
static bool is_measure(const char *value)
{
	const char *unit = value + strspn(value, "0123456789.");
	return unit > value && strlen(unit) <= 2 && strspn(unit, "smhdkMGB%") == strlen(unit);
}

static bool says_nothing(const char *value)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "none", "null", "trust", "disabled", "enabled", "0", "1"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return value[0] == '\0' || value[0] == '/' || text_starts_with(value, "./") || value[0] == '<';
}

/* A "$" for each ${…}: what is written by default in one is none of the value's. */
static char *without_variables(const char *value)
{
	struct str out = {0};
	unsigned open = 0;
	for (; *value != '\0'; value++) {
		if (value[0] == '$' && value[1] == '{') {
			if (open++ == 0)
				str_add_char(&out, '$');
			value++;
		} else if (open == 0) {
			str_add_char(&out, *value);
		} else {
			open -= *value == '}';
		}
	}
	return str_steal(&out);
}

bool value_is_secret(const char *name, const char *value)
{
	if (value == NULL)
		return false;
	auto_free char *written = without_variables(value);
	if (has_password(written))
		return true;
	if (is_measure(value) && !holds_fold(name, "pass") && !holds_fold(name, "secret"))
		return false;
	return name_is_secret(name) && !says_nothing(value) && strchr(value, '$') == NULL && strstr(value, "{{") == NULL &&
		strstr(value, "://") == NULL;
}

/* ---- .env files ---- */

void variables_finish(struct variables *variables)
{
	for (size_t i = 0; i < variables->count; i++) {
		free(variables->items[i].name);
		free(variables->items[i].value);
	}
	array_finish(variables);
}

void variables_read(const char *text, bool comments, struct variables *out)
{
	unsigned number = 0;
	for (const char *line = text; line != NULL && *line != '\0' && out->count < 2000;) {
		size_t len = strcspn(line, "\r\n");
		auto_free char *copy = mem_copy_bytes(line, len);
		char *name = copy + strspn(copy, " \t");
		line += len;
		line += *line == '\r' ? 1 : 0;
		line += *line == '\n' ? 1 : 0;
		number++;
		name += comments ? strspn(name, "# \t") : 0;
		if (text_starts_with(name, "export "))
			name += 7 + strspn(name + 7, " ");
		char *equals = strchr(name, '=');
		if (*name == '#' || equals == NULL || equals == name)
			continue;
		size_t name_len = (size_t)(equals - name);
		while (name_len > 0 && isspace((unsigned char)name[name_len - 1]))
			name_len--;
		const char *value = equals + 1 + strspn(equals + 1, " \t");
		char quote = *value == '"' || *value == '\'' ? *value : '\0';
		const char *end = quote != '\0' ? strchr(value + 1, quote) : strstr(value, " #");
		value += quote != '\0';
		size_t value_len = end != NULL ? (size_t)(end - value) : strlen(value);
		*array_add(out) = (struct variable){mem_copy_bytes(name, name_len), mem_copy_bytes(value, value_len), number};
	}
}
