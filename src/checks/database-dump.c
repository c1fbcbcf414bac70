/* 6.5: what a script or command that dumps does: whether it notices that the dump
 * failed, hears that it is told to stop, keeps its folder small, and can be gone
 * back to. */
#include "database.h"

#include "writings.h"

static const char *const dump_programs[] = {"pg_dump", "pg_dumpall", "pg_basebackup", "pgbackrest", "wal-g", "barman",
	"mysqldump", "mariadb-dump", "mariadb-backup", "xtrabackup", "mongodump"};

bool has_dump(const char *text)
{
	for (size_t i = 0; text != NULL && i < COUNT_OF(dump_programs); i++)
		if (strstr(text, dump_programs[i]) != NULL)
			return true;
	return false;
}

/* The line of the file where a part of the text stands. */
static unsigned line_of(const struct dump *dump, const char *at)
{
	return dump->line > 0 || at == NULL ? dump->line : text_line_at(dump->text, (size_t)(at - dump->text));
}

/* ---- does it notice a failure? ---- */

/* "pg_dump … | gzip": the shell tells what gzip said, not pg_dump. */
static const char *piped_dump(const char *text)
{
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		auto_free char *line = mem_copy_bytes(at, len);
		const char *dump = line[strspn(line, " \t")] != '#' ? strstr(line, "pg_dump") : NULL;
		if (dump == NULL && line[strspn(line, " \t")] != '#')
			dump = strstr(line, "mysqldump");
		const char *pipe = dump != NULL ? strchr(dump, '|') : NULL;
		if (pipe != NULL && pipe[1] != '|' && strcspn(dump, ";&") > (size_t)(pipe - dump))
			return at;
		at += len + (at[len] == '\n');
	}
	return NULL;
}

static bool checks_pipes(const char *text)
{
	return strstr(text, "pipefail") != NULL || strstr(text, "PIPESTATUS") != NULL;
}

/* "pg_dump postgres://user:password@…": ps shows it to all. */
static bool shows_password(const char *text)
{
	for (const char *at = text; (at = strstr(at, "pg_dump")) != NULL; at++) {
		size_t len = strcspn(at, "\n;|");
		auto_free char *command = mem_copy_bytes(at, len);
		const char *address = strstr(command, "://"), *sign = address != NULL ? strchr(address, '@') : NULL;
		const char *colon = address != NULL ? strchr(address + 3, ':') : NULL;
		if (sign != NULL && colon != NULL && colon < sign && colon[1] != '$' && colon[1] != '{')
			return true;
	}
	return false;
}

void dump_judge(struct check *check, const struct dump *dump)
{
	const char *piped = piped_dump(dump->text);
	if (piped != NULL && !checks_pipes(dump->text)) {
		check_against(check, dump->file, line_of(dump, piped),
			"the dump goes through a pipe, and the shell passes over that pg_dump failed: it needs set -o pipefail, or pg_dump "
			"-Fc without a pipe");
		check_mend(check, "Dump with pg_dump -Fc --file, or set -o pipefail in a shell that knows it");
	}
	if (shows_password(dump->text))
		check_against(check, dump->file, dump->line, "the password stands in the command line of pg_dump: the process list shows it");
}

/* ---- does it hear that it is to stop? ---- */

/* What its shell does all day. */
struct loop {
	const char *endless; /* where it begins to go on without end, in the text; NULL: it does not */
	const char *sleeps; /* the sleep that it waits for itself; NULL: none */
	bool has_trap, execs;
};

/* "while :", "while true", "until false", "while sleep 60". */
static bool is_endless(const struct strings *words)
{
	const char *first = words->count > 1 ? words->items[0] : "", *second = words->count > 1 ? words->items[1] : "";
	bool is_true = strcmp(second, ":") == 0 || strcmp(second, "true") == 0 || strcmp(second, "sleep") == 0 || strcmp(second, "/bin/true") == 0;
	bool is_one = strcmp(second, "[") == 0 && words->count == 4 && strcmp(words->items[2], "1") == 0;
	return (strcmp(first, "while") == 0 && (is_true || is_one)) || (strcmp(first, "until") == 0 && strcmp(second, "false") == 0);
}

static bool traps_stop(const struct strings *words, size_t at)
{
	static const char *const signals[] = {"TERM", "SIGTERM", "15"};
	bool found = false;
	for (size_t i = 0; at + 2 < words->count && i < COUNT_OF(signals); i++)
		found = found || (strcmp(words->items[at], "trap") == 0 && strings_have(words, signals[i]));
	return found;
}

static struct loop read_loop(const char *text)
{
	struct shell_commands commands = {0};
	struct loop loop = {0};
	shell_split(text, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct shell_command *command = &commands.items[i];
		const struct strings *words = &command->words;
		size_t at = command_at(words);
		const char *behind = command->start + command->len, *first = command->start + strspn(command->start, " \t\n");
		bool is_background = behind[0] == '&' && behind[1] != '&';
		if (at >= words->count || words->items[0][0] == '#')
			continue;
		if (loop.endless == NULL && is_endless(words))
			loop.endless = first;
		loop.has_trap = loop.has_trap || traps_stop(words, at);
		loop.execs = loop.execs || (strcmp(words->items[0], "exec") == 0 && strpbrk(words->items[at], "<>") == NULL);
		if (strcmp(words->items[at], "sleep") == 0 && !is_background)
			loop.sleeps = first;
	}
	shell_commands_finish(&commands);
	return loop;
}

/* Does an init process stand before it, which passes signals on? */
static bool has_init(const struct check *check, const struct dump *dump)
{
	const json_t *entrypoint = json_object_get(dump->service, "entrypoint");
	const json_t *words = json_array_size(entrypoint) > 0 ? entrypoint : json_object_get(dump->service, "command");
	const char *own = json_string_value(json_array_get(words, 0));
	struct image_start start = {0};
	if (dump->shipped != NULL)
		image_start(check->sources, dump->shipped, &start);
	const char *first = start.words.count > 0 ? start.words.items[0] : own != NULL ? own : "";
	bool found = json_is_true(json_object_get(dump->service, "init")) || is_init_program(path_name(first));
	if (dump->shipped != NULL)
		image_start_finish(&start);
	return found;
}

/* The kernel gives the first process no signal that it has not asked for, and a
 * shell looks at its traps when what it waits for has ended. */
static void judge_loop(struct check *check, const struct dump *dump, const struct loop *loop)
{
	if (loop->endless == NULL || loop->execs || (loop->has_trap && loop->sleeps == NULL) || has_init(check, dump))
		return;
	if (loop->has_trap)
		check_against(check, dump->file, line_of(dump, loop->sleeps),
			"%s hears that it is to stop when its sleep is over: before that each stop ends with a kill", dump->name);
	else
		check_against(check, dump->file, line_of(dump, loop->endless),
			"%s is a shell in a loop without a trap: as the first process it passes over SIGTERM, and each stop ends with a kill", dump->name);
	check_mend(check, "Write trap 'exit 0' TERM before the loop, and in it sleep 86400 & wait $!");
}

/* ---- does its folder stay small? ---- */

enum { DATES_WITHIN = 64 << 10 }; /* bytes of a script that are looked at for them */

/* $(date +%F), not $(date +%u), which comes again. */
static bool is_new_each_time(const char *date)
{
	static const char *const parts[] = {"%F", "%Y", "%y", "%s", "%D", "%G", "%c", " -I", " --iso"};
	size_t len = 0;
	while (len < 80 && date[len] != '\0' && strchr(")`\n", date[len]) == NULL)
		len++;
	auto_free char *inside = mem_copy_bytes(date, len);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (strstr(inside, parts[i]) != NULL)
			return true;
	return false;
}

/* A line that only tells of it: echo "$(date +%F) done". */
static bool is_told(const char *text, const char *at)
{
	const char *line = at;
	while (line > text && line[-1] != '\n')
		line--;
	line += strspn(line, " \t");
	return text_starts_with(line, "echo ") || text_starts_with(line, "printf ") || text_starts_with(line, "log") || *line == '#';
}

/* Where the name of a dump has a date that does not come again; NULL: none has. */
static const char *dated_name(const char *text)
{
	static const char *const starts[] = {"$(date", "`date"};
	for (size_t i = 0; i < COUNT_OF(starts); i++)
		for (const char *at = text; (at = strstr(at, starts[i])) != NULL && at - text < DATES_WITHIN; at++)
			if (is_new_each_time(at + strlen(starts[i])) && !is_told(text, at))
				return at;
	return NULL;
}

/* Something that deletes, or takes the dump elsewhere, where others count. */
static bool deletes(const char *text)
{
	static const char *const words[] = {"rm", "find", "unlink", "prune", "forget", "tmpreaper", "logrotate", "rotate", "expire", "aws", "s3cmd", "rclone",
		"restic", "borg", "mc", "gsutil", "gcloud", "az", "b2", "rsync", "scp", "sftp", "curl", "retain", "cleanup"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (word_in(text, words[i]) != NULL)
			return true;
	return strstr(text, "-delete") != NULL || strstr(text, "tail -n +") != NULL;
}

static void judge_retention(struct check *check, const struct dump *dump, const struct loop *loop)
{
	const char *dated = loop->endless != NULL && !deletes(dump->text) ? dated_name(dump->text) : NULL;
	if (dated == NULL)
		return;
	check_against(check, dump->file, line_of(dump, dated), "each round of %s leaves a dump of a new name, and none is ever deleted: the disk fills",
		dump->name);
	check_mend(check, "Delete old dumps after each new one, as find /backups -mtime +14 -delete");
}

/* ---- can it be gone back to? ---- */

/* The user of "postgres://app:…@db/shop"; NULL: none is there. The caller frees. */
static char *user_of_address(const char *text)
{
	const char *at = text != NULL ? strstr(text, "://") : NULL;
	size_t len = at != NULL ? strcspn(at + 3, ":@/?") : 0;
	return len > 0 && (at[3 + len] == ':' || at[3 + len] == '@') ? mem_copy_bytes(at + 3, len) : NULL;
}

/* Whom pg_restore logs in as, where it says so. NULL: it cannot be told. The caller frees. */
static char *restoring_user(const struct dump *dump, const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];
		const char *value = strcmp(word, "-U") == 0 && i + 1 < words->count ? words->items[i + 1] :
			text_starts_with(word, "--username=") ? word + strlen("--username=") : NULL;
		if (value != NULL)
			return strchr(value, '$') == NULL ? mem_copy_string(value) : NULL;
	}
	return mem_copy_string(service_env(dump->service, "PGUSER"));
}

/* What is restored without its owners belongs to whoever restores. */
static void judge_restore(struct check *check, const struct dump *dump, const struct strings *words, unsigned line)
{
	const char *name;
	void *iter = NULL;
	auto_free char *user = restoring_user(dump, words);
	for (const json_t *service; user != NULL && (service = service_each(check->sources, &iter, &name)) != NULL;) {
		auto_free char *own = service_is_rust(check->sources, name, service) ? user_of_address(service_env(service, "DATABASE_URL")) : NULL;
		if (own == NULL || strchr(own, '$') != NULL || strcmp(own, user) == 0)
			continue;
		check_against(check, dump->file, line, "what is restored without owners belongs to %s, and %s logs in as %s: its tables are closed to it",
			user, name, own);
		check_mend(check, "Leave --no-owner out, or restore with --role=%s", own);
		return;
	}
}

/* Into a database that is made for a trial of the dump. */
static bool is_drill(const struct strings *words)
{
	static const char *const parts[] = {"test", "drill", "verify", "tmp", "temp", "check"};
	for (size_t i = 1; i < words->count; i++) {
		bool is_name = strcmp(words->items[i - 1], "-d") == 0 || text_starts_with(words->items[i], "--dbname=");
		for (size_t k = 0; is_name && k < COUNT_OF(parts); k++)
			if (strcasestr(words->items[i], parts[k]) != NULL)
				return true;
	}
	return false;
}

/* Does the script hand the tables over by itself? */
static bool hands_over(const char *text)
{
	return strcasestr(text, "grant ") != NULL || strcasestr(text, "owner to ") != NULL || strcasestr(text, "reassign owned") != NULL;
}

static void judge_restores(struct check *check, const struct dump *dump)
{
	struct shell_commands commands = {0};
	if (hands_over(dump->text))
		return;
	shell_split(dump->text, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words);
		bool is_bare = strings_have(words, "--no-owner") || strings_have(words, "-O"), has_role = false;
		for (size_t k = 0; k < words->count; k++)
			has_role = has_role || text_starts_with(words->items[k], "--role");
		if (at < words->count && strcmp(path_name(words->items[at]), "pg_restore") == 0 && is_bare && !has_role && !is_drill(words))
			judge_restore(check, dump, words, line_of(dump, commands.items[i].start + strspn(commands.items[i].start, " \t\n")));
	}
	shell_commands_finish(&commands);
}

/* What a shell is given behind -c; NULL: it is a script, or no shell. */
static const char *shell_body(const struct dump *dump)
{
	static const char *const members[] = {"entrypoint", "command"};
	bool is_body = false;
	for (size_t i = 0; dump->line > 0 && i < COUNT_OF(members); i++) {
		const json_t *words = json_object_get(dump->service, members[i]);
		for (size_t k = 0; k < json_array_size(words); k++) {
			const char *word = json_string_value(json_array_get(words, k));
			if (is_body && word != NULL)
				return word;
			is_body = word != NULL && word[0] == '-' && word[1] != '-' && strchr(word, 'c') != NULL;
		}
	}
	return NULL;
}

void dump_judge_service(struct check *check, const struct dump *dump)
{
	const char *body = shell_body(dump);
	struct loop loop = read_loop(body != NULL ? body : dump->text);
	judge_loop(check, dump, &loop);
	judge_retention(check, dump, &loop);
	judge_restores(check, dump);
}
