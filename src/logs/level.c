/* Finding a line's level, in text that was cleaned: in JSON by its keys, in
 * logfmt by its key, else by a word near the start. The store calls it once a
 * line: it is one shallow pass and takes no memory. */
#include "logs.h"

#include <ctype.h>

enum { LOOK_AT = 512, WORDS_WITHIN = 96 };

/* ---- words ---- */

static enum log_level word_level(struct log_part word)
{
	static const struct {
		const char *word;
		enum log_level level;
	} words[] = {
		{"info", LOG_INFO}, {"warn", LOG_WARN}, {"error", LOG_ERROR}, {"debug", LOG_DEBUG}, {"trace", LOG_TRACE},
		{"warning", LOG_WARN}, {"fatal", LOG_ERROR}, {"panic", LOG_ERROR}, {"critical", LOG_ERROR}, {"notice", LOG_INFO},
		{"information", LOG_INFO}, {"log", LOG_INFO}, {"err", LOG_ERROR}, {"crit", LOG_ERROR}, {"alert", LOG_ERROR},
		{"emerg", LOG_ERROR}, {"emergency", LOG_ERROR}, {"severe", LOG_ERROR}, {"dpanic", LOG_ERROR}, {"wrn", LOG_WARN},
		{"inf", LOG_INFO}, {"dbg", LOG_DEBUG}, {"trc", LOG_TRACE}, {"verbose", LOG_DEBUG}, {"fine", LOG_DEBUG},
		{"statement", LOG_INFO}, {"hint", LOG_INFO}, {"detail", LOG_INFO},
	};
	if (word.len < 3 || word.len > 11)
		return LOG_NONE;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (log_part_is(word, words[i].word))
			return words[i].level;
	return LOG_NONE;
}

/* bunyan and pino: 10 trace … 60 fatal */
static enum log_level number_level(struct log_part number)
{
	unsigned value = 0;
	for (size_t i = 0; i < number.len && i < 3; i++) {
		if (number.text[i] < '0' || number.text[i] > '9')
			return LOG_NONE;
		value = value * 10 + (unsigned)(number.text[i] - '0');
	}
	if (number.len != 2 || value < 10)
		return LOG_NONE;
	return value >= 50 ? LOG_ERROR : value >= 40 ? LOG_WARN : value >= 30 ? LOG_INFO : value >= 20 ? LOG_DEBUG : LOG_TRACE;
}

static enum log_level letter_level(char letter)
{
	switch (letter) {
	case 'T': return LOG_TRACE;
	case 'D': return LOG_DEBUG;
	case 'I': return LOG_INFO;
	case 'W': return LOG_WARN;
	case 'E': case 'F': return LOG_ERROR;
	default: return LOG_NONE;
	}
}

static bool is_level_key(struct log_part key)
{
	return log_part_is(key, "level") || log_part_is(key, "lvl") || log_part_is(key, "severity") || log_part_is(key, "log.level") ||
		log_part_is(key, "levelname") || log_part_is(key, "loglevel");
}

static enum log_level value_level(struct log_part value)
{
	if (value.len == 1)
		return letter_level(value.text[0]);
	return value.len > 0 && isdigit((unsigned char)value.text[0]) ? number_level(value) : word_level(value);
}

/* ---- JSON ---- */

static enum log_level json_level(const char *at, const char *end)
{
	struct log_part key, value;
	at++;
	while (log_json_next(&at, end, &key, &value)) {
		if (at < end && is_level_key(key))
			return value_level(log_json_unquoted(value));
		/* {"log":{"level":…}}, as the Elastic common schema has it */
		if (log_part_is(key, "log") && value.len > 1 && value.text[0] == '{') {
			enum log_level inside = json_level(value.text, value.text + value.len);
			if (inside != LOG_NONE)
				return inside;
		}
	}
	return LOG_NONE;
}

/* ---- text ---- */

static bool opens(char letter)
{
	return letter == ' ' || letter == '[' || letter == '(' || letter == '<' || letter == '|' || letter == ':' || letter == '"';
}

static bool closes(char letter)
{
	return letter == ' ' || letter == ']' || letter == ')' || letter == '>' || letter == '|' || letter == ':' || letter == ',' ||
		letter == '"';
}

/* A word in capitals (INFO), one between brackets ([error], nginx), or one that
 * opens the line and has a colon or bracket behind (error[E0308]:). */
static enum log_level level_in_words(const char *text, size_t len)
{
	size_t within = len < WORDS_WITHIN ? len : WORDS_WITHIN;
	for (size_t at = 0; at < within;) {
		size_t stop = at;
		while (stop < len && isalpha((unsigned char)text[stop]))
			stop++;
		if (stop == at) {
			at++;
			continue;
		}
		bool begins = at == 0 || opens(text[at - 1]), ends = stop == len || closes(text[stop]);
		bool capitals = isupper((unsigned char)text[at]) && isupper((unsigned char)text[at + 1 < stop ? at + 1 : at]);
		bool bracketed = at > 0 && text[at - 1] == '[' && stop < len && text[stop] == ']';
		bool leads = at == 0 && stop < len && (text[stop] == ':' || text[stop] == '[');
		if (begins && ((capitals && ends) || bracketed || leads)) {
			enum log_level level = word_level((struct log_part){text + at, stop - at});
			if (level != LOG_NONE)
				return level;
		}
		at = stop;
	}
	return LOG_NONE;
}

static enum log_level logfmt_level(const char *text, size_t len)
{
	const char *end = text + len;
	for (const char *at = text; (at = memchr(at, '=', (size_t)(end - at))) != NULL; at++) {
		const char *key = at;
		while (key > text && key[-1] != ' ')
			key--;
		if (!is_level_key((struct log_part){key, (size_t)(at - key)}))
			continue;
		const char *value = at + 1;
		if (value < end && *value == '"')
			value++;
		const char *stop = value;
		while (stop < end && *stop != ' ' && *stop != '"')
			stop++;
		return value_level((struct log_part){value, (size_t)(stop - value)});
	}
	return LOG_NONE;
}

/* "I1123 14:02:11.204  1 main.go:7] …", as glog and klog write */
static bool is_glog(const char *text, size_t len)
{
	if (len < 8 || letter_level(text[0]) == LOG_NONE)
		return false;
	for (size_t i = 1; i < 5; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return text[5] == ' ' && isdigit((unsigned char)text[6]);
}

/* "thread 'main' (7) panicked at src/main.rs:3:5:" */
static bool is_panic(const char *text, size_t len)
{
	static const char start[] = "thread '", word[] = "panicked at ";
	return len > sizeof start && memcmp(text, start, sizeof start - 1) == 0 && memmem(text, len, word, sizeof word - 1) != NULL;
}

/* ---- public ---- */

enum log_level log_level_find(const char *text, size_t len)
{
	if (len > LOOK_AT)
		len = LOOK_AT;
	const char *end = text + len, *at = text;
	while (at < end && *at == ' ')
		at++;
	if (at < end && *at == '{')
		return json_level(at, end);
	if (is_glog(text, len))
		return letter_level(text[0]);
	if (is_panic(text, len))
		return LOG_ERROR;
	enum log_level level = level_in_words(text, len);
	return level != LOG_NONE ? level : logfmt_level(text, len);
}

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = {"", "trace", "debug", "info", "warn", "error"};
	return (size_t)level < COUNT_OF(names) ? names[level] : "";
}
