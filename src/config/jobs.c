/* A person's own jobs: lines of [jobs] in config.ini. Each is one command of
 * cargo, word by word and without a shell, with a sentence before it where the
 * person wrote one. Called by config.c. */
#include "lines.h"

#include <ctype.h>

/* The first "|" outside quotes ends the sentence. One with an apostrophe leaves
 * a quote open: then it is the first at all. */
static const char *find_bar(const char *text)
{
	char quote = '\0';
	const char *bar = NULL;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\\' && quote != '\'' && at[1] != '\0')
			at++;
		else if (quote == '\0' && (*at == '\'' || *at == '"'))
			quote = *at;
		else if (*at == quote)
			quote = '\0';
		else if (*at == '|' && quote == '\0' && bar == NULL)
			bar = at;
	}
	return bar != NULL || quote == '\0' ? bar : strchr(text, '|');
}

static char *copy_trimmed(const char *from, const char *to)
{
	auto_str clean = {0};
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	text_add_clean(&clean, from, (size_t)(to - from), false);
	return mem_copy_string(str_text(&clean));
}

/* What a shell would take; cargo would only wonder at it. */
static const char *find_shell_word(const struct strings *words)
{
	static const char *const known[] = {"|", "||", "&&", "&", ";", "<", ">", ">>", "2>&1"};
	for (size_t i = 0; i < words->count; i++)
		for (size_t k = 0; k < COUNT_OF(known); k++)
			if (strcmp(words->items[i], known[k]) == 0)
				return words->items[i];
	return NULL;
}

/* "+nightly" may stand before the subcommand. */
static bool take_words(struct config_job *job, struct fault *fault)
{
	if (!strings_split_words(&job->words, job->text))
		return fault_set(fault, FAULT_INPUT, "%s holds a quote that is not closed", job->name);
	size_t first = job->words.count > 0 && job->words.items[0][0] == '+' ? 1 : 0;
	if (first >= job->words.count)
		return fault_set(fault, FAULT_INPUT, "%s takes \"sentence | words of cargo\", or the words alone: clippy --workspace", job->name);
	if (!isalpha((unsigned char)job->words.items[first][0]))
		return fault_set(fault, FAULT_INPUT, "%s begins with \"%.40s\": begin with a command of cargo, as in clippy --workspace", job->name,
			job->words.items[first]);
	const char *shell = find_shell_word(&job->words);
	if (shell != NULL)
		return fault_set(fault, FAULT_INPUT, "\"%s\" in %s would be a word of cargo: a job is one command of cargo, without a shell", shell, job->name);
	return true;
}

bool config_job_read(struct config_job *job, const char *name, const char *text, struct fault *fault)
{
	const char *bar = find_bar(text), *words = bar != NULL ? bar + 1 : text;
	words += strspn(words, " \t");
	/* "cargo" itself may stand there too */
	if (text_starts_with(words, "cargo") && (words[5] == '\0' || isspace((unsigned char)words[5])))
		words += 5;
	job->name = mem_copy_string(name);
	if (bar != NULL)
		job->sentence = copy_trimmed(text, bar);
	job->text = copy_trimmed(words, words + strlen(words));
	if (!config_is_name(name))
		return fault_set(fault, FAULT_INPUT, "\"%s\" is no name for a job: write small letters, digits and -, at most 24", name);
	if (job->sentence != NULL && job->sentence[0] == '\0')
		return fault_set(fault, FAULT_INPUT, "%s has no sentence before the \"|\": write one, or take the sign away", name);
	return take_words(job, fault);
}

void config_job_finish(struct config_job *job)
{
	free(job->name);
	free(job->sentence);
	free(job->text);
	strings_finish(&job->words);
	*job = (struct config_job){0};
}
