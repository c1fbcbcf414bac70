/* Topic 3, what is written out where a variable should stand: in compose files,
 * Dockerfiles and the program. Values are looked at and never shown. */
#include "secrets.h"

#include "compose-files.h"
#include "rust-asks.h"

#include <ctype.h>
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

static void look_at_compose(struct check *check, const struct yaml_source *source)
{
	struct environment environment = {0};
	if (layer_role(source->path) == LAYER_TEST || strstr(source->path, ".devcontainer/") != NULL)
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
	const struct yaml_node *services = compose_written(source);
	for (size_t i = 0; services != NULL && i < services->items.count && !said; i++) {
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
		env_line_read(line, &words);
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

static bool is_token_letter(char letter)
{
	return isalnum((unsigned char)letter) || letter == '_' || letter == '-' || letter == '.';
}

/* Says by itself that it opens nothing: AKIAIOSFODNN7EXAMPLE, ghp_xxxxxxxx. */
static bool is_sample(const char *text, size_t len)
{
	static const char *const words[] = {"example", "xxxx", "your", "placeholder", "0000000", "dummy", "fake"};
	auto_free char *copy = mem_copy_bytes(text, len);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasestr(copy, words[i]) != NULL)
			return true;
	return false;
}

/* Whose token the text has in it, by how its maker marks them; NULL: none. */
static const char *token_in(const char *text, size_t len)
{
	static const struct {
		const char *start, *maker;
		size_t least; /* letters behind the start */
	} kinds[] = {{"AKIA", "AWS", 16}, {"ASIA", "AWS", 16}, {"ghp_", "GitHub", 30}, {"gho_", "GitHub", 30}, {"ghu_", "GitHub", 30},
		{"ghs_", "GitHub", 30}, {"ghr_", "GitHub", 30}, {"github_pat_", "GitHub", 30}, {"glpat-", "GitLab", 18}, {"sk_live_", "Stripe", 16},
		{"rk_live_", "Stripe", 16}, {"xoxb-", "Slack", 20}, {"xoxp-", "Slack", 20}, {"xoxa-", "Slack", 20}, {"xoxr-", "Slack", 20},
		{"AIza", "Google", 35}, {"npm_", "npm", 36}, {"dckr_pat_", "Docker Hub", 20}, {"SG.", "SendGrid", 40}};
	for (size_t at = 0; at < len; at++) {
		if (at > 0 && is_token_letter(text[at - 1]))
			continue;
		for (size_t i = 0; i < COUNT_OF(kinds); i++) {
			size_t begin = strlen(kinds[i].start), end = at;
			bool has_digit = false;
			if (len - at < begin + kinds[i].least || strncmp(text + at, kinds[i].start, begin) != 0)
				continue;
			for (end = at + begin; end < len && is_token_letter(text[end]); end++)
				has_digit = has_digit || isdigit((unsigned char)text[end]);
			bool is_whole = strcmp(kinds[i].maker, "AWS") != 0 || end - at == 20;
			if (end - at >= begin + kinds[i].least && is_whole && has_digit && !is_sample(text + at, end - at))
				return kinds[i].maker;
		}
	}
	return NULL;
}

/* With what lies below its first line: code that reads keys names that line alone. */
static bool has_private_key(const char *text, size_t len)
{
	static const char head[] = "PRIVATE KEY-----";
	const char *found = memmem(text, len, head, sizeof head - 1);
	size_t left = found != NULL ? (size_t)(text + len - found) - (sizeof head - 1) : 0, letters = 0;
	for (size_t i = 0; i < left && letters < 64; i++) {
		char letter = found[sizeof head - 1 + i];
		if (letter == '-')
			break;
		letters += isalnum((unsigned char)letter) || letter == '+' || letter == '/';
	}
	return letters >= 64;
}

/* The constant whose value the literal is: `const NAME: &str = "…"`. The caller frees; NULL: of none. */
static char *constant_of(const struct literal *literal)
{
	static const char *const words[] = {"const", "static"};
	size_t len;
	const char *before = code_before(literal->source, literal->offset, &len);
	if (!code_ends_with(literal->source, literal->offset, "=") && !code_ends_with(literal->source, literal->offset, "=b"))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t word = strlen(words[i]);
		for (const char *at = before; (at = memmem(at, len - (size_t)(at - before), words[i], word)) != NULL; at += word) {
			const char *name = at + word, *end = before + len;
			if ((at > before && is_token_letter(at[-1])) || name >= end || !isspace((unsigned char)*name))
				continue;
			while (name < end && isspace((unsigned char)*name))
				name++;
			const char *stop = name;
			while (stop < end && (isalnum((unsigned char)*stop) || *stop == '_'))
				stop++;
			if (stop > name && stop < end && *stop == ':')
				return mem_copy_bytes(name, (size_t)(stop - name));
		}
	}
	return NULL;
}

/* The name of a variable, a field or a header: PASSWORD_VAR = "DB_PASSWORD". */
static bool is_name_of_one(const char *name, const char *value)
{
	bool is_large = true;
	auto_free char *plain = mem_copy_string(value);
	for (char *at = plain; *at != '\0'; at++) {
		is_large = is_large && (isupper((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '_');
		*at = *at == '-' || *at == '.' || *at == ' ' ? '_' : *at;
	}
	return is_large || strcasestr(name, plain) != NULL || strcasestr(plain, name) != NULL;
}

/* Passwords, and what else would be random: there a digit tells it from a word. */
static bool is_secret_constant(const char *name, const char *value)
{
	static const char *const others[] = {"field", "header", "cookie", "param", "column", "env", "var", "label", "prompt", "regex",
		"pattern", "message", "msg", "error", "help", "placeholder", "mask", "charset", "alphabet", "scope", "query", "sql", "test"};
	static const char *const passwords[] = {"password", "passwd", "passphrase", "jwt_secret", "secret_key", "client_secret"};
	bool is_password = false, has_digit = strpbrk(value, "0123456789") != NULL;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		const char *found = strcasestr(name, others[i]);
		size_t len = strlen(others[i]);
		if (found != NULL && (found == name || found[-1] == '_') && (found[len] == '\0' || found[len] == '_' || found[len] == 's' || found[len] == 'S'))
			return false;
	}
	for (size_t i = 0; i < COUNT_OF(passwords); i++)
		is_password = is_password || strcasestr(name, passwords[i]) != NULL;
	if (!value_is_secret(name, value) || is_name_of_one(name, value) || is_stand_in(value) || is_sample(value, strlen(value)) ||
		strpbrk(value, " {}<>*/:") != NULL)
		return false;
	return is_password || (has_digit && strlen(value) >= 16);
}

/* Constants and tokens of the program; what they are is not shown. */
static void look_at_literals(struct check *check)
{
	for (struct literal literal = {0}; literal_each(&check->sources->rust, &literal);) {
		const char *maker = token_in(literal.text, literal.len);
		auto_free char *name = maker == NULL && literal.len > 3 && literal.len < 200 ? constant_of(&literal) : NULL;
		auto_free char *value = name != NULL ? mem_copy_bytes(literal.text, literal.len) : NULL;
		bool had_against = has_against(check);
		if (maker != NULL)
			check_against(check, literal.source->path, literal_line(&literal), "a token of %s is written into the program", maker);
		else if (has_private_key(literal.text, literal.len))
			check_against(check, literal.source->path, literal_line(&literal), "a private key is written into the program");
		else if (name != NULL && is_secret_constant(name, value))
			check_against(check, literal.source->path, literal_line(&literal), "the secret in the constant %s is written into the program", name);
		if (!had_against && has_against(check))
			check_mend(check, "Let the program read it from the environment or a file, and replace it where it is taken: git keeps what was written");
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
	for (size_t at = 0; (shipped = own_image(sources, &at)) != NULL;)
		look_at_dockerfile(check, shipped);
	look_at_code(check);
	look_at_literals(check);
	look_for_variables(check);
	check_none(check, main_place(sources), "nothing here is set by the environment, and no secret is written out");
}

/* Of the image alone: that the container has secrets in its environment is what
 * this practice asks for. */
void live_hardcoded(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		size_t i;
		json_t *entry;
		if (!live_is_own(check->sources, container))
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
