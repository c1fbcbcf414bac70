/* What must not be shown: passwords, tokens and keys, told by the name of a
 * variable or option, or by the look of the value. Whoever shows environment,
 * commands, labels or configuration sends them through here; nothing is held. */
#include "cargodeck/base.h"

#include <ctype.h>
#include <strings.h>

enum { NAME_MOST = 64, TOKEN_LEAST = 16 };

/* ---- names ---- */

static bool has_part(const char *name, size_t len, const char *part)
{
	size_t need = strlen(part);
	for (size_t i = 0; i + need <= len; i++)
		if (strncasecmp(name + i, part, need) == 0)
			return true;
	return false;
}

static bool has_end(const char *name, size_t len, const char *part)
{
	size_t need = strlen(part);
	return len >= need && strncasecmp(name + len - need, part, need) == 0;
}

static bool is_equal(const char *name, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(name, word, len) == 0;
}

/* "API_KEY", "apiKey" and "api.key" have the word "key"; "KEYCLOAK_URL" has not. */
static bool has_word(const char *name, size_t len, const char *word)
{
	for (size_t from = 0; from < len;) {
		size_t to = from + 1;
		while (to < len && isalnum((unsigned char)name[to]) && !(isupper((unsigned char)name[to]) && islower((unsigned char)name[to - 1])))
			to++;
		if (is_equal(name + from, to - from, word))
			return true;
		from = to < len && !isalnum((unsigned char)name[to]) ? to + 1 : to;
	}
	return false;
}

bool secret_is_name(const char *name, size_t len)
{
	static const char *const parts[] = {"password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "authorization"};
	static const char *const words[] = {"pass", "pw", "key", "salt", "pat", "jwt", "cookie", "webhook", "private"};
	static const char *const ends[] = {"pass", "pwd", "_auth"};
	if (len > 4 * NAME_MOST)
		return true; /* nobody gives such names; what it is is not known */
	if (is_equal(name, len, "pwd") || is_equal(name, len, "oldpwd"))
		return false; /* the shell's folders */
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (has_part(name, len, parts[i]))
			return true;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (has_word(name, len, words[i]))
			return true;
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (has_end(name, len, ends[i]))
			return true;
	return false;
}

/* ---- options ---- */

/* Those that do not say by their name what they are. */
static const struct secret_program {
	const char *name, *option;
	bool is_joined; /* the value stands in the same word: -phunter2 */
} programs[] = {
	{"redis-cli", "-a", false}, {"valkey-cli", "-a", false}, {"curl", "-u", false}, {"curl", "--user", false}, {"sshpass", "-p", false},
	{"mysql", "-p", true}, {"mysqladmin", "-p", true}, {"mysqldump", "-p", true}, {"mariadb", "-p", true}, {"mariadb-admin", "-p", true},
	{"mongo", "-p", false}, {"mongosh", "-p", false}, {"ldapsearch", "-w", false}, {"rabbitmqadmin", "-p", false},
};

static const char *find_program(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT_OF(programs); i++)
		if (len == strlen(programs[i].name) && memcmp(name, programs[i].name, len) == 0)
			return programs[i].name;
	return NULL;
}

static bool is_option_of(const char *program, const char *word, size_t len, bool is_joined)
{
	for (size_t i = 0; program != NULL && i < COUNT_OF(programs); i++) {
		size_t need = strlen(programs[i].option);
		bool fits = is_joined ? len > need : len == need;
		if (strcmp(programs[i].name, program) == 0 && programs[i].is_joined == is_joined && fits && memcmp(word, programs[i].option, need) == 0)
			return true;
	}
	return false;
}

static bool is_named_option(const char *word)
{
	const char *name = word + strspn(word, "-");
	return name > word && strchr(name, '=') == NULL && secret_is_name(name, strlen(name));
}

/* ---- values ---- */

static bool is_end_of_word(char letter)
{
	return isspace((unsigned char)letter) || letter == '"' || letter == '\'' || letter == '`' || letter == '\0';
}

static bool is_name_letter(char letter)
{
	return isalnum((unsigned char)letter) || letter == '_' || letter == '-' || letter == '.';
}

/* Tokens that their makers mark by how they begin. */
static bool is_marked_token(const char *word, size_t len)
{
	static const char *const starts[] = {"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk_live_", "sk_test_",
		"rk_live_", "rk_test_", "whsec_", "sk-", "xoxb-", "xoxp-", "xoxa-", "xapp-", "AKIA", "ASIA", "AIza", "npm_", "pypi-", "hf_",
		"dckr_pat_", "SG.", "eyJ"};
	for (size_t i = 0; len >= TOKEN_LEAST && i < COUNT_OF(starts); i++)
		if (strncmp(word, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

struct scan {
	struct str *out;
	const char *at, *end;
	const char *program; /* the last one that was named, of those that are known; or NULL */
	const char *word_end, *last_at; /* of the word that was looked at last: its end, its last @ */
	bool is_masked;
};

/* Each letter is looked at once, however often "://" stands in a word. */
static void look_at_word(struct scan *scan)
{
	if (scan->word_end != NULL && scan->at < scan->word_end)
		return;
	scan->last_at = NULL;
	for (scan->word_end = scan->at; scan->word_end < scan->end && !is_end_of_word(*scan->word_end); scan->word_end++)
		if (*scan->word_end == '@')
			scan->last_at = scan->word_end;
}

static void mask(struct scan *scan)
{
	str_add(scan->out, SECRET_MASK);
	scan->is_masked = true;
}

static void copy_to(struct scan *scan, const char *to)
{
	str_add_bytes(scan->out, scan->at, (size_t)(to - scan->at));
	scan->at = to;
}

static void mask_word(struct scan *scan)
{
	const char *from = scan->at;
	while (scan->at < scan->end && !is_end_of_word(*scan->at))
		scan->at++;
	if (scan->at > from)
		mask(scan);
}

/* "http://host:8080/…@": what stands before the @ is hardly a password. */
static bool is_port(const char *colon, const char *last)
{
	const char *digit = colon + 1;
	while (digit < last && isdigit((unsigned char)*digit))
		digit++;
	return digit > colon + 1 && digit - colon <= 6 && digit < last && *digit == '/';
}

/* scheme://user:password@host (RFC 3986, 3.2.1); of http a user alone may be a
 * token. At the colon. */
static bool mask_user(struct scan *scan, const char *begin)
{
	look_at_word(scan);
	const char *user = scan->at + 3, *last = scan->last_at;
	bool is_http = scan->at - begin >= 4 && (strncmp(scan->at - 4, "http", 4) == 0 || (scan->at - begin >= 5 && strncmp(scan->at - 5, "https", 5) == 0));
	if (last == NULL || last < user)
		return false;
	const char *colon = memchr(user, ':', (size_t)(last - user)), *slash = memchr(user, '/', (size_t)(last - user));
	if (colon == NULL && (!is_http || slash != NULL))
		return false;
	if (colon != NULL && is_http && is_port(colon, last))
		return false;
	copy_to(scan, colon != NULL ? colon + 1 : user);
	mask(scan);
	scan->at = last;
	return true;
}

/* The value behind "name=", "name:" or "--name ", with its quotes. */
static void mask_value(struct scan *scan)
{
	char quote = scan->at < scan->end && (*scan->at == '"' || *scan->at == '\'') ? *scan->at : '\0';
	if (quote == '\0') {
		bool is_scheme = scan->end - scan->at > 7 && (strncasecmp(scan->at, "bearer ", 7) == 0 || strncasecmp(scan->at, "basic ", 6) == 0);
		if (is_scheme)
			copy_to(scan, (const char *)memchr(scan->at, ' ', 8) + 1);
		mask_word(scan);
		return;
	}
	copy_to(scan, scan->at + 1);
	const char *close = memchr(scan->at, quote, (size_t)(scan->end - scan->at));
	if (close != scan->at)
		mask(scan);
	scan->at = close != NULL ? close : scan->end;
}

static const char *after_blanks(const struct scan *scan, const char *at)
{
	while (at < scan->end && *at == ' ')
		at++;
	return at;
}

/* "redis-cli -a VALUE", "mysql -pVALUE". */
static bool mask_option(struct scan *scan, const char *end)
{
	size_t len = (size_t)(end - scan->at);
	if (is_option_of(scan->program, scan->at, len, true)) {
		copy_to(scan, scan->at + 2);
		mask_word(scan);
		return true;
	}
	if (!is_option_of(scan->program, scan->at, len, false) || end >= scan->end || *end != ' ')
		return false;
	copy_to(scan, after_blanks(scan, end));
	mask_value(scan);
	return true;
}

/* "user:password@tcp(db)", an address without a scheme; not "image:tag@sha256:…". */
static bool mask_bare_user(struct scan *scan, const char *colon)
{
	look_at_word(scan);
	const char *last = scan->last_at;
	bool is_scheme = scan->end - colon > 2 && colon[1] == '/' && colon[2] == '/';
	bool is_digest = last != NULL && scan->end - last > 7 && memcmp(last, "@sha256:", 8) == 0;
	if (last == NULL || last <= colon + 1 || is_scheme || is_digest || is_port(colon, last))
		return false;
	copy_to(scan, colon + 1);
	mask(scan);
	scan->at = last;
	return true;
}

/* At the first letter of a word: a name with a secret behind it, or a token. */
static bool mask_named(struct scan *scan)
{
	const char *name = scan->at, *end;
	while (name < scan->end && *name == '-')
		name++;
	for (end = name; end < scan->end && is_name_letter(*end); end++)
		;
	const char *program = find_program(name, (size_t)(end - name));
	scan->program = program != NULL ? program : scan->program;
	if (name > scan->at && mask_option(scan, end))
		return true;
	if (is_marked_token(name, (size_t)(end - name))) {
		mask_word(scan);
		return true;
	}
	if (end > name && end < scan->end && *end == ':' && mask_bare_user(scan, end))
		return true;
	if (end == name || !secret_is_name(name, (size_t)(end - name)))
		return false;
	const char *value = end;
	if (value < scan->end && (*value == '"' || *value == '\''))
		value++; /* of JSON */
	if (value < scan->end && (*value == '=' || *value == ':') && !(value + 2 < scan->end && value[1] == '/' && value[2] == '/'))
		value++;
	else if (!(name > scan->at && value < scan->end && *value == ' '))
		return false; /* neither "name=" nor "--name " */
	value = after_blanks(scan, value);
	if (name > scan->at && value < scan->end && *value == '-' && value[-1] == ' ')
		return false; /* another option: this one takes nothing */
	copy_to(scan, value);
	mask_value(scan);
	return true;
}

static bool is_private_key(const char *text, size_t len)
{
	return memmem(text, len, "-----BEGIN", 10) != NULL && memmem(text, len, "PRIVATE KEY", 11) != NULL;
}

bool secret_add_text(struct str *out, const char *text, size_t len)
{
	struct scan scan = {.out = out, .at = text, .end = text + len};
	bool is_start = true;
	if (is_private_key(text, len)) {
		str_add(out, SECRET_MASK);
		return true;
	}
	while (scan.at < scan.end) {
		char letter = *scan.at;
		if (is_start && (is_name_letter(letter) && mask_named(&scan))) {
			is_start = false;
			continue;
		}
		if (letter == ':' && scan.end - scan.at > 3 && scan.at[1] == '/' && scan.at[2] == '/' && mask_user(&scan, text)) {
			is_start = false;
			continue;
		}
		str_add_char(out, letter);
		scan.at++;
		is_start = !is_name_letter(letter);
	}
	return scan.is_masked;
}

/* DB_PASSWORD_FILE=/run/secrets/db names a file, not what is in it. */
static bool names_a_file(const char *name, size_t name_len, const char *value, size_t len)
{
	return len > 1 && (value[0] == '/' || (value[0] == '.' && value[1] == '/')) &&
		(has_end(name, name_len, "_file") || has_end(name, name_len, "_path") || has_end(name, name_len, "_dir"));
}

bool secret_add_value(struct str *out, const char *name, const char *value, size_t len)
{
	size_t name_len = strlen(name);
	if (len == 0)
		return false;
	if (!secret_is_name(name, name_len) || names_a_file(name, name_len, value, len))
		return secret_add_text(out, value, len);
	str_add(out, SECRET_MASK);
	return true;
}

bool secret_add_word(struct secret_command *command, struct str *out, const char *word)
{
	const char *slash = strrchr(word, '/'), *name = slash != NULL ? slash + 1 : word;
	const char *program = find_program(name, strlen(name));
	bool is_value = command->is_next && word[0] != '-';
	command->is_next = false;
	if (is_value) {
		str_add(out, word[0] != '\0' ? SECRET_MASK : "");
		return word[0] != '\0';
	}
	command->program = program != NULL ? program : command->program;
	command->is_next = is_named_option(word) || is_option_of(command->program, word, strlen(word), false);
	if (!is_option_of(command->program, word, strlen(word), true))
		return secret_add_text(out, word, strlen(word));
	str_print(out, "%.2s" SECRET_MASK, word);
	return true;
}
