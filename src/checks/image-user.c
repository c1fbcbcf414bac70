/* Topic 1, practice 1.9: which user the program runs as, and where that one comes
 * from. */
#include "image.h"

#include <stdio.h>

static int line_that_adds_user(const struct dockerfile *file, int stage, char **name)
{
	static const char *const tools[] = {"useradd", "adduser", NULL};
	static const char *const values[] = {"-u", "--uid", "-g", "--gid", "-G", "--groups", "--ingroup", "-d", "--home",
		"--home-dir", "-h", "-s", "--shell", "-c", "--comment", "--gecos", "-k", "-b", "--base-dir", NULL};
	size_t at = 0;
	int found = -1;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;) {
		struct shell_commands commands = {0};
		auto_free char *body = run_body(file, (size_t)index);
		shell_split(body, &commands);
		for (size_t i = 0; i < commands.count; i++) {
			const struct strings *words = &commands.items[i].words;
			size_t verb = command_at(words);
			if (verb >= words->count || !name_in(path_name(words->items[verb]), tools))
				continue;
			found = index;
			for (size_t j = verb + 1; j < words->count; j++) {
				if (name_in(words->items[j], values)) {
					j++;
				} else if (words->items[j][0] != '-') {
					free(*name);
					*name = mem_copy_string(words->items[j]);
					break;
				}
			}
		}
		shell_commands_finish(&commands);
	}
	return found;
}

/* /etc/passwd from another stage, or written by hand. */
static int line_with_passwd(const struct dockerfile *file, int stage)
{
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "", &at)) >= 0;) {
		const struct docker_line *line = &file->lines.items[index];
		bool copies = strcmp(line->word, "COPY") == 0 || strcmp(line->word, "ADD") == 0 || strcmp(line->word, "RUN") == 0;
		if (copies && (strstr(line->raw, "/passwd") != NULL || strstr(line->raw, "/etc ") != NULL ||
			strstr(line->raw, "/etc/ ") != NULL))
			return index;
	}
	return -1;
}

/* Users that images bring along. */
static bool base_has_user(const struct image_name *base, const char *user)
{
	static const char *const usual[] = {"nobody", "www-data", "daemon", "guest", "bin", "mail", "games", "backup", "man", "sync",
		"operator", "proxy", "news", NULL};
	static const char *const bare[] = {"nonroot", "nobody", NULL};
	enum image_base kind = base_kind(base);
	if (kind == BASE_EMPTY || kind == BASE_DISTROLESS)
		return strcmp(base->name, "scratch") != 0 && name_in(user, bare);
	bool known = strcmp(base->name, "debian") == 0 || strcmp(base->name, "alpine") == 0 || strcmp(base->name, "ubuntu") == 0;
	return !known || name_in(user, usual) || (strcmp(base->name, "ubuntu") == 0 && strcmp(user, "ubuntu") == 0);
}

static bool runs_a_script(const struct dockerfile *file, int stage)
{
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;)
		if (strstr(file->lines.items[index].raw, ".sh") != NULL ||
			strstr(file->lines.items[index].raw, "--mount=type=bind") != NULL)
			return true;
	return false;
}

/* A start command that drops to a user by itself: the word, or NULL. */
static const char *drops_user(const struct sources *sources, const struct shipped *shipped)
{
	static const char *const tools[] = {"gosu", "su-exec", "setpriv", "runuser", "s6-setuidgid", "chpst", "suexec"};
	const char *found = NULL, *file;
	unsigned before;
	struct image_start start;
	image_start(sources, shipped, &start);
	for (size_t i = 0; i < start.words.count && found == NULL; i++) {
		auto_free char *script = start.words.items[i][0] != '-' && i < 4 ?
			image_script(sources, shipped, start.words.items[i], &file, &before) : NULL;
		for (size_t j = 0; j < COUNT_OF(tools) && found == NULL; j++)
			if (strcmp(path_name(start.words.items[i]), tools[j]) == 0 || (script != NULL && strstr(script, tools[j]) != NULL) ||
				(start.body != NULL && strstr(start.body, tools[j]) != NULL))
				found = tools[j];
	}
	image_start_finish(&start);
	return found;
}

static void look_at_named_user(struct check *check, const struct shipped *shipped, const char *user, unsigned line, int adds,
	int passwd)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *path = shipped->source->path;
	auto_free char *name = mem_copy_bytes(user, strcspn(user, ": \t"));
	struct image_name base;
	image_name_read(shipped_base(shipped), &base);
	bool is_number = name[0] != '\0' && strspn(name, "0123456789") == strlen(name);
	if (is_number || strchr(name, '$') != NULL)
		check_for(check, path, line, "the user %s is no root; a number needs no entry in /etc/passwd", name);
	else if (adds >= 0)
		check_for(check, path, file->lines.items[adds].first, "the user %s is created, and USER names it", name);
	else if (passwd >= 0)
		check_for(check, path, file->lines.items[passwd].first, "the user %s comes with a file of users", name);
	else if (base_has_user(&base, name))
		check_for(check, path, line, "the user %s is one of the base image", name);
	else if (runs_a_script(file, shipped->stage))
		check_for(check, path, line, "USER names %s", name);
	else
		check_against(check, path, line, "USER names %s, which nothing in this stage creates: the container does not start",
			name);
	image_name_finish(&base);
}

static void look_at_user(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *path = shipped->source->path;
	unsigned line;
	auto_free char *user = shipped_user(shipped, &line), *created = NULL;
	int adds = line_that_adds_user(file, shipped->stage, &created), passwd = line_with_passwd(file, shipped->stage);
	const json_t *service = image_service(check->sources, shipped);
	const char *asked = json_string_value(compose_member(service, "user")), *drops;
	unsigned from = file->stages.items[shipped->stage].line;
	if (user != NULL && !user_is_root(user) && line == 0)
		check_for(check, path, from, "the base image %s has a user that is no root", shipped_base(shipped));
	else if (user != NULL && !user_is_root(user))
		look_at_named_user(check, shipped, user, line, adds, passwd);
	else if (asked != NULL && !user_is_root(asked)) {
		const char *place = compose_place(check->sources, shipped->service, "user", &line);
		check_for(check, place, line, "%s runs as the user %s", shipped->service, asked);
	} else if ((drops = drops_user(check->sources, shipped)) != NULL)
		check_for(check, path, adds >= 0 ? file->lines.items[adds].first : from, "the start command gives up root with %s",
			drops);
	else if (adds >= 0)
		check_against(check, path, file->lines.items[adds].first, "the user %s is created and never used: no USER line names it",
			created != NULL ? created : "");
	else
		check_against(check, path, user != NULL ? line : from, "what is shipped has no user but root");
}

void image_user(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, true)) != NULL; any = true)
		look_at_user(check, shipped);
	if (!any)
		image_none(check, true);
}

void image_user_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		if (!live_is_own(check->sources, container))
			continue;
		const char *user = live_text(container, "inspect.Config.User");
		int64_t uid = live_number(container, "kernel.uid", -1);
		if (uid > 0)
			check_live_for(check, live_service(container), "its first process has the uid %lld", (long long)uid);
		else if (uid == 0)
			check_live_against(check, live_service(container), "its first process has the uid 0, Config.User is \"%s\"",
				user != NULL ? user : "");
		else if (user != NULL && !user_is_root(user))
			check_live_for(check, live_service(container), "Config.User is %s", user);
		else if (live_at(container, "inspect.Config") != NULL && live_at(container, "inspect.State.Running") != NULL)
			check_live_against(check, live_service(container), "Config.User is \"%s\": it runs as root", user != NULL ? user :
				"");
	}
}
