/* Topic 3, what is written out where a variable should stand: in compose files,
 * Dockerfiles and the program. Values are looked at and never shown. */
#include "secrets.h"

#include <fnmatch.h>

bool reads_variable(const struct sources *sources, struct rust_place *place, char **name)
{
	static const char *const calls[] = {"env::var", "env::var_os"};
	static const char *const usual[] = {"HOME", "USER", "PATH", "PORT", "HOST", "TERM", "RUST_LOG", "RUST_BACKTRACE", "XDG_*", "CARGO_*",
		"OUT_DIR", "TMPDIR", "LOG_LEVEL", "NO_COLOR", "SHELL", "HOSTNAME", "TZ", "KUBERNETES_*", "INVOCATION_ID", "NOTIFY_SOCKET",
		"LISTEN_FDS", "SSH_*", "APPDATA", "USERPROFILE"};
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		for (*place = (struct rust_place){0}; rust_find(&sources->rust, calls[i], place);) {
			const char *text = place->source->text + place->offset;
			const char *quote = strchr(text, '('), *end;
			if (quote == NULL || quote - text > 24 || quote[1] != '"' || (end = strchr(quote + 2, '"')) == NULL)
				continue;
			char *found = mem_copy_bytes(quote + 2, (size_t)(end - quote - 2));
			bool skip = found[0] == '\0' || strlen(found) > 80;
			for (size_t j = 0; j < COUNT_OF(usual) && !skip; j++)
				skip = fnmatch(usual[j], found, 0) == 0;
			*name = found;
			if (!skip)
				return true;
			free(found);
			*name = NULL;
		}
	return false;
}

/* "<key>", "[<KEY>]": it says that something is to be put there. */
static bool is_to_be_filled(const char *value)
{
	size_t from = strspn(value, "[({'\""), len = strlen(value);
	while (len > from && strchr("])}'\"", value[len - 1]) != NULL)
		len--;
	return value[from] == '<' && len > from + 2 && value[len - 1] == '>';
}

/* Values that only have to be there: of a builder, of a stand-in for a cloud. */
bool is_stand_in(const char *value)
{
	if (is_to_be_filled(value))
		return true;
	static const char *const words[] = {"dummy", "placeholder", "unused", "test", "x", "none", "todo", "fake", "example", "local"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_equal_fold(value, words[i]))
			return true;
	return false;
}

/* ---- 3.2 written out ---- */

static bool is_for_tests(const char *path)
{
	static const char *const words[] = {"test", "tests", "testing", "ci", "e2e", "bench"};
	const char *name = path_name(path);
	for (const char *at = name; *at != '\0';) {
		size_t len = strcspn(at, ".-_");
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (strlen(words[i]) == len && strncmp(at, words[i], len) == 0)
				return true;
		at += len + (at[len] != '\0');
	}
	return false;
}

static void look_at_compose(struct check *check, const struct yaml_source *source)
{
	struct environment environment = {0};
	if (is_for_tests(source->path) || strstr(source->path, ".devcontainer/") != NULL)
		return;
	environment_read(source, &environment);
	bool said = false;
	for (size_t i = 0; i < environment.count; i++) {
		const struct environment_entry *entry = &environment.items[i];
		if (value_is_secret(entry->name, entry->value) && !is_stand_in(entry->value))
			check_against(check, entry->file, entry->line, "the secret in %s is written out", entry->name);
		else if (!said && entry->value != NULL && strchr(entry->value, '$') != NULL)
			check_for(check, entry->file, entry->line, "%s comes from a variable", entry->name), said = true;
	}
	environment_finish(&environment);
	const struct yaml_node *services = source->yaml != NULL ? yaml_get(yaml_root(source->yaml), "services") : NULL;
	for (size_t i = 0; services != NULL && services->kind == YAML_MAP && i < services->items.count && !said; i++) {
		const struct yaml_node *key = yaml_key(services->items.items[i], "env_file");
		if (key != NULL)
			check_for(check, source->path, key->line, "the environment comes from a file"), said = true;
	}
}

static void look_at_setting(struct check *check, const struct shipped *shipped, size_t index, const char *name, const char *value)
{
	const struct dockerfile *file = &shipped->source->file;
	const struct docker_line *line = &file->lines.items[index];
	bool is_arg = strcmp(line->word, "ARG") == 0, is_final = stage_has_line(file, shipped->stage, index);
	if (value != NULL && value_is_secret(name, value) && (is_final || !is_stand_in(value)))
		check_against(check, shipped->source->path, line->first, "%s writes the secret in %s out", line->word, name);
	else if (is_final && !is_arg && value != NULL && value[0] == '$' && name_is_secret(name))
		check_against(check, shipped->source->path, line->first, "ENV keeps the secret in %s in the image for ever", name);
	else if (is_final && is_arg && name_is_secret(name))
		check_against(check, shipped->source->path, line->first, "ARG leaves the secret in %s in the history of the image", name);
}

static void look_at_dockerfile(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	for (size_t i = 0; i < file->lines.count; i++) {
		const struct docker_line *line = &file->lines.items[i];
		if (strcmp(line->word, "ENV") != 0 && strcmp(line->word, "ARG") != 0)
			continue;
		auto_strings words = {0};
		bool json;
		dockerfile_words(line->rest, &words, &json);
		if (strcmp(line->word, "ENV") == 0 && words.count == 2 && strchr(words.items[0], '=') == NULL) {
			look_at_setting(check, shipped, i, words.items[0], words.items[1]);
			continue;
		}
		for (size_t j = 0; j < words.count; j++) {
			char *equals = strchr(words.items[j], '=');
			if (equals != NULL)
				*equals = '\0';
			look_at_setting(check, shipped, i, words.items[j], equals != NULL ? equals + 1 : NULL);
		}
	}
}

/* "postgres://user:password@host/db": an address to show how one looks. */
static bool shows_form(const char *address)
{
	static const char *const users[] = {"user", "username", "USER", "USERNAME", "u", "foo"};
	const char *user = strstr(address, "://");
	if (user == NULL)
		return true;
	user += 3;
	const char *colon = strchr(user, ':'), *at = colon != NULL ? strchr(colon, '@') : NULL;
	if (at == NULL)
		return true;
	size_t len = (size_t)(colon - user);
	bool plain = text_starts_with(at + 1, "host") || text_starts_with(at + 1, "HOST") || strstr(at, "example.") != NULL ||
		strstr(colon, "***") != NULL;
	for (size_t i = 0; i < COUNT_OF(users); i++)
		plain = plain || (strlen(users[i]) == len && strncmp(user, users[i], len) == 0);
	return plain;
}

static bool is_address(const char *text)
{
	static const char *const schemes[] = {"postgres://", "postgresql://", "mysql://", "mariadb://", "redis://", "rediss://", "amqp://",
		"amqps://", "mongodb://", "mongodb+srv://", "nats://"};
	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (text_starts_with(text, schemes[i]))
			return true;
	return false;
}

static void look_at_code(struct check *check)
{
	struct rust_place place = {0};
	while (rust_find_string(&check->sources->rust, "://", false, &place)) {
		const char *text = place.source->text + place.offset + 1;
		if (!is_address(text))
			continue;
		auto_free char *address = mem_copy_bytes(text, strcspn(text, "\""));
		if (has_password(address) && !shows_form(address))
			check_against(check, place.source->path, place.line, "an address with a password is written into the program");
	}
}

static bool is_direct(const struct sources *sources, const char *name)
{
	const struct rust_crate *crate = rust_crate(&sources->rust, name);
	return crate != NULL && crate->is_direct;
}

static void look_for_variables(struct check *check)
{
	static const char *const readers[] = {"envy", "envconfig", "figment", "config", "dotenvy", "dotenv", "confique", "config-rs", "twelf"};
	const struct sources *sources = check->sources;
	struct rust_place place;
	char *name = NULL;
	if (reads_variable(sources, &place, &name))
		check_for(check, place.source->path, place.line, "the program asks the environment for %s", name);
	else if (rust_has_feature(&sources->rust, "clap", "env"))
		check_for(check, sources->rust.graph_file, 0, "the program's arguments come from the environment too (clap with env)");
	else
		for (size_t i = 0; i < COUNT_OF(readers); i++)
			if (is_direct(sources, readers[i]))
				check_for(check, sources->rust.graph_file, 0, "the program's settings can come from the environment (%s)", readers[i]);
	free(name);
	/* by a name that is put together, or by a function of its own */
	place = (struct rust_place){0};
	if (check->result->evidence.count == 0 && rust_find(&sources->rust, "env::var", &place))
		check_for(check, place.source->path, place.line, "the program asks the environment");
}

void check_hardcoded(struct check *check)
{
	const struct sources *sources = check->sources;
	const struct shipped *shipped;
	for (size_t i = 0; i < sources->compose_files.count; i++)
		look_at_compose(check, &sources->compose_files.items[i]);
	for (size_t i = 0; i < sources->other_composes.count; i++)
		look_at_compose(check, &sources->other_composes.items[i]);
	for (size_t at = 0; (shipped = product_image(sources, &at)) != NULL;)
		look_at_dockerfile(check, shipped);
	look_at_code(check);
	look_for_variables(check);
	check_none(check, product_file(sources), "nothing here is set by the environment, and no secret is written out");
}

/* Of the image alone: that the container has secrets in its environment is what
 * this practice asks for. */
void live_hardcoded(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		size_t i;
		json_t *entry;
		if (!live_is_built(check->sources, container))
			continue;
		json_array_foreach((json_t *)(uintptr_t)live_at(container, "image.Config.Env"), i, entry) {
			auto_free char *name = mem_copy_string(json_string_value(entry));
			char *equals = name != NULL ? strchr(name, '=') : NULL;
			if (equals == NULL)
				continue;
			*equals = '\0';
			if (value_is_secret(name, equals + 1))
				check_live_against(check, live_service(container), "Config.Env of the image holds the secret %s", name);
		}
	}
}
