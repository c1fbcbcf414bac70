/* Topic 2: rights that a container and its image have. Here: the user that the
 * program runs as, and what it may write of the image and of this machine. */
#include "security.h"

#include "compose-files.h"

/* ---- 2.1 the user ---- */

static const char *service_user(const struct service *service)
{
	return json_string_value(json_object_get(service->json, "user"));
}

/* What the image says; a service that names a user of its own is judged by that. */
static void look_at_user(struct check *check, const struct shipped *shipped)
{
	const char *path = shipped->source->path, *script = NULL;
	unsigned line = 0, script_line = 0;
	auto_free char *user = shipped_user(shipped, &line);
	struct image_name base;
	image_name_read(shipped_base(shipped), &base);
	if (user != NULL && strchr(user, '$') != NULL)
		check_missing(check, "a variable without a value says the user of %s", path);
	else if (user != NULL && user[0] == '\0')
		check_missing(check, "line %u of %s leaves the user to a variable that has no value", line, path);
	else if (user != NULL && !user_is_root(user) && line == 0)
		check_for(check, path, shipped_line(shipped), "the base image runs as the user %s", user);
	else if (user != NULL && !user_is_root(user))
		check_for(check, path, line, "runs as the user %s", user);
	else if (image_drops_root(check->sources, shipped, &script, &script_line))
		check_missing(check, "%s starts as root and gives it up by itself: only what runs can tell (line %u of %s)", path, script_line, script);
	else if (user != NULL)
		check_against(check, path, line, "the last USER is root");
	else if (base.is_variable || !base_is_known(shipped))
		check_missing(check, "%s has no USER, and what user its base image has is not known here", path);
	else
		check_against(check, path, shipped_line(shipped), "the final stage has no USER: the program runs as root");
	image_name_finish(&base);
}

/* Does a service of this image settle it by `user:`? */
static bool services_settle_user(struct check *check, const struct shipped *shipped)
{
	struct service service;
	unsigned settled = 0, others = 0;
	for (size_t at = 0; service_next(check->sources, &at, &service);) {
		if (!shipped_is_same(service.shipped, shipped))
			continue;
		const char *user = service_user(&service);
		/* ":" is left of variables that have no value here */
		if (user == NULL || user[strspn(user, ":")] == '\0' || service.is_development) {
			others++;
			continue;
		}
		unsigned line;
		const char *file = compose_place(check->sources, service.name, "user", &line);
		settled++;
		bool is_first = !has_against(check);
		if (user_is_root(user))
			check_against(check, file, line, "the service %s runs as root", service.name);
		else
			check_for(check, file, line, "the service %s runs as the user %s", service.name, user);
		if (is_first && user_is_root(user))
			check_mend(check, "Write user: \"10001:10001\" in place of user: %s, or take it away where the image has a USER", user);
	}
	return settled > 0 && others == 0;
}

static void judge_user(struct check *check)
{
	const struct shipped *shipped;
	if (!has_own_image(check->sources)) {
		own_image_none(check);
		return;
	}
	for (size_t at = 0; (shipped = own_image(check->sources, &at)) != NULL;)
		if (!services_settle_user(check, shipped))
			look_at_user(check, shipped);
}

static void check_user(struct check *check)
{
	judge_deployed(check, false, judge_user);
}

static void live_user(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container), *user = live_text(container, "inspect.Config.User");
		int64_t uid = live_number(container, "kernel.uid", -1);
		if (!live_is_own(check->sources, container))
			continue;
		if (uid == 0)
			check_live_against(check, service, "its first process has the uid 0");
		else if (uid > 0)
			check_live_for(check, service, "its first process has the uid %lld", (long long)uid);
		else if (user != NULL && !user_is_root(user))
			check_live_for(check, service, "Config.User is %s", user);
		/* without the kernel's word an empty user may yet be given up */
	}
}

/* ---- 2.2 permissions ---- */

/* "777", "a+rwx", "o=rw": may everybody write? A sticky folder is shared on purpose. */
static bool mode_opens(const char *mode)
{
	size_t len = strlen(mode);
	if (len >= 3 && len <= 5 && strspn(mode, "01234567") == len) {
		unsigned long bits = strtoul(mode, NULL, 8);
		return (bits & 02) != 0 && (bits & 01000) == 0;
	}
	for (const char *part = mode; *part != '\0'; part += *part == ',') {
		size_t whole = strcspn(part, ","), who = strspn(part, "ugoa"), what = strcspn(part, ",");
		bool others = memchr(part, 'o', who) != NULL || memchr(part, 'a', who) != NULL;
		if (others && who < whole && (part[who] == '+' || part[who] == '=') && memchr(part + who, 'w', what - who) != NULL)
			return true;
		part += whole;
	}
	return false;
}

static bool mode_sets_id(const char *mode)
{
	size_t len = strlen(mode);
	if (len >= 4 && len <= 5 && strspn(mode, "01234567") == len)
		return (strtoul(mode, NULL, 8) & 06000) != 0;
	const char *sign = strpbrk(mode, "+=");
	return sign != NULL && strspn(mode, "ugoa") == (size_t)(sign - mode) && strchr(sign, 's') != NULL;
}

/* The first word behind options. */
static size_t after_options(const struct strings *words, size_t at)
{
	while (at < words->count && words->items[at][0] == '-')
		at++;
	return at;
}

static void look_at_chmod(struct check *check, const struct shipped *shipped, size_t index)
{
	const struct dockerfile *file = &shipped->source->file;
	struct shell_commands commands = {0};
	auto_free char *body = run_body(file, index);
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words), mode = after_options(words, at + 1);
		if (at >= words->count || strcmp(path_name(words->items[at]), "chmod") != 0 || mode + 1 >= words->count)
			continue;
		if (mode_opens(words->items[mode]))
			check_against(check, shipped->source->path, file->lines.items[index].first, "chmod %s lets everybody write to %s",
				words->items[mode], words->items[mode + 1]);
		else if (mode_sets_id(words->items[mode]) && strcmp(words->items[mode + 1], "/tmp") != 0)
			check_against(check, shipped->source->path, file->lines.items[index].first,
				"chmod %s: whoever runs %s gets its owner's rights", words->items[mode], words->items[mode + 1]);
	}
	shell_commands_finish(&commands);
}

static bool comes_from_compile(const struct dockerfile *file, const struct copy_line *copy)
{
	if (copy->from_stage >= 0)
		return stage_compiles(file, copy->from_stage, true);
	for (size_t i = 0; copy->from == NULL && i < copy->sources.count; i++)
		if (strstr(copy->sources.items[i], "target/") != NULL)
			return true;
	return false;
}

/* Is that owner the user whom the program runs as? A name and a number may be the same. */
static bool is_same_user(const char *owner, const char *user)
{
	size_t owner_len = strcspn(owner, ":"), user_len = strcspn(user, ":");
	bool owner_number = strspn(owner, "0123456789") >= owner_len, user_number = strspn(user, "0123456789") >= user_len;
	return owner_number != user_number || (owner_len == user_len && strncmp(owner, user, owner_len) == 0);
}

/* A later `chown -R app /app` that takes the program along. */
static char *chown_over(const struct dockerfile *file, int stage, size_t from, const char *target, const char *user, unsigned *line)
{
	for (size_t i = from + 1; i < file->lines.count; i++) {
		if (!stage_has_line(file, stage, i) || strcmp(file->lines.items[i].word, "RUN") != 0)
			continue;
		struct shell_commands commands = {0};
		auto_free char *body = run_body(file, i), *folder = dockerfile_workdir(file, i);
		char *found = NULL;
		shell_split(body, &commands);
		for (size_t j = 0; j < commands.count && found == NULL; j++) {
			const struct strings *words = &commands.items[j].words;
			size_t at = command_at(words), owner = after_options(words, at + 1);
			bool changes = at < words->count && strcmp(path_name(words->items[at]), "chown") == 0 && owner + 1 < words->count;
			for (size_t k = owner + 1; changes && k < words->count && found == NULL; k++) {
				auto_free char *joined = path_join(folder, words->items[k]), *clean = path_clean(joined);
				bool all = owner > at + 1 && strchr(words->items[at + 1], 'R') != NULL;
				if (!user_is_root(words->items[owner]) && is_same_user(words->items[owner], user) && strcmp(clean, "/") != 0 &&
					(strcmp(clean, target) == 0 || (all && path_is_below(target, clean))))
					found = mem_copy_string(words->items[k]);
			}
		}
		shell_commands_finish(&commands);
		*line = file->lines.items[i].first;
		if (found != NULL)
			return found;
	}
	return NULL;
}

static bool mode_is_closed(const char *mode)
{
	return mode != NULL && strspn(mode, "01234567") == strlen(mode) && (strtoul(mode, NULL, 8) & 0222) == 0;
}

/* Who may change what a COPY line brings. True: it is the program, and root's:
 * what is good of it is said once. */
static bool look_at_copy(struct check *check, const struct shipped *shipped, size_t index, const char *user, bool is_said)
{
	const struct dockerfile *file = &shipped->source->file;
	const struct docker_line *line = &file->lines.items[index];
	const char *path = shipped->source->path;
	struct copy_line copy;
	if (!copy_line_read(file, index, &copy))
		return false;
	auto_free char *mode = flag_value(line->rest, "chmod"), *written = flag_value(line->rest, "chown");
	auto_free char *owner = written != NULL ? dockerfile_expand(file, index, written) : NULL;
	bool is_program = comes_from_compile(file, &copy), is_good = false;
	if (mode != NULL && mode_opens(mode))
		check_against(check, path, line->first, "--chmod=%s lets everybody write to what is copied", mode);
	if (is_program && user != NULL && !user_is_root(user) && !mode_is_closed(mode)) {
		unsigned later = 0;
		auto_free char *target = copy.sources.count > 0 ? copy_line_target(&copy, 0) : mem_copy_string(copy.to);
		auto_free char *over = chown_over(file, shipped->stage, index, target, user, &later);
		if (owner != NULL && !user_is_root(owner) && is_same_user(owner, user))
			check_against(check, path, line->first, "the program belongs to the user that runs it (--chown=%s), who may overwrite it", owner);
		else if (over != NULL)
			check_against(check, path, later, "chown gives the program below %s to the user that runs it, who may overwrite it", over);
		else
			is_good = true;
	}
	if (is_said)
		is_good = false;
	else if (is_program && mode_is_closed(mode))
		check_for(check, path, line->first, "nobody may write to the program (--chmod=%s)", mode);
	else if (is_good)
		check_for(check, path, line->first, "the program belongs to root, and the user %s cannot change it", user);
	copy_line_finish(&copy);
	return is_good;
}

static bool is_read_only(const struct service *service)
{
	return json_is_true(json_object_get(service->json, "read_only"));
}

static bool gains_nothing(const struct service *service)
{
	const json_t *options = json_object_get(service->json, "security_opt");
	for (size_t i = 0; i < json_array_size(options); i++) {
		const char *text = json_string_value(json_array_get(options, i));
		if (text != NULL && text_starts_with(text, "no-new-privileges") && strstr(text, "false") == NULL)
			return true;
	}
	return false;
}

/* Is it so for all services of the image, of which there is one? */
static bool all_services(const struct sources *sources, const struct shipped *shipped, bool (*is_so)(const struct service *service))
{
	struct service service;
	bool any = false, all = true;
	for (size_t at = 0; service_next(sources, &at, &service);)
		if (shipped_is_same(service.shipped, shipped) && !service.is_development) {
			any = true;
			all = all && is_so(&service);
		}
	return any && all;
}

/* The user that every service of the image takes, root where one takes it; NULL:
 * the image's counts. */
static const char *user_of_services(const struct sources *sources, const struct shipped *shipped)
{
	struct service service;
	const char *found = NULL, *root = NULL;
	bool all = true;
	for (size_t at = 0; service_next(sources, &at, &service);) {
		if (!shipped_is_same(service.shipped, shipped) || service.is_development)
			continue;
		found = service_user(&service);
		all = all && found != NULL;
		root = found != NULL && user_is_root(found) ? found : root;
	}
	return root != NULL ? root : all ? found : NULL;
}

/* find / -perm /6000 … chmod a-s: takes the bit from all of them. */
static bool takes_ids_away(const struct dockerfile *file, int stage)
{
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;) {
		const char *raw = file->lines.items[index].raw;
		if (strstr(raw, "-perm") != NULL && (strstr(raw, "a-s") != NULL || strstr(raw, "u-s") != NULL || strstr(raw, "-delete") != NULL ||
			strstr(raw, " rm ") != NULL))
			return true;
	}
	return false;
}

static unsigned package_line(const struct dockerfile *file, int stage, const char *name)
{
	unsigned line = 0;
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;) {
		struct package_calls calls = {0};
		package_calls_read(file, (size_t)index, &calls);
		for (size_t i = 0; i < calls.count; i++)
			if (strings_have(&calls.items[i].names, name))
				line = line_with(&file->lines.items[index], name);
		package_calls_finish(&calls);
	}
	return line;
}

/* Packages whose programs give root to whoever runs them. */
static void look_at_packages(struct check *check, const struct shipped *shipped)
{
	static const char *const names[] = {"sudo", "doas", "opendoas", "policykit-1", "polkit", "pkexec", "fuse", "fuse3"};
	const struct dockerfile *file = &shipped->source->file;
	auto_strings packages = {0};
	stage_packages(file, shipped->stage, &packages);
	if (takes_ids_away(file, shipped->stage) || all_services(check->sources, shipped, gains_nothing))
		return;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strings_have(&packages, names[i]))
			check_against(check, shipped->source->path, package_line(file, shipped->stage, names[i]),
				"%s brings programs that are setuid root: whoever breaks into the program may become root by them", names[i]);
}

static void look_at_image_files(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	unsigned user_line, script_line = 0;
	const char *script = NULL, *taken = user_of_services(check->sources, shipped);
	auto_free char *user = shipped_user(shipped, &user_line);
	if (taken != NULL) {
		free(user);
		user = mem_copy_string(taken);
	}
	bool is_locked = all_services(check->sources, shipped, is_read_only), said = false;
	bool is_root = user == NULL || user_is_root(user);
	if (is_root && image_drops_root(check->sources, shipped, &script, &script_line))
		is_root = false;
	if (!is_root)
		look_at_packages(check, shipped);
	for (size_t i = 0; i < file->lines.count; i++) {
		if (!stage_has_line(file, shipped->stage, i))
			continue;
		const char *word = file->lines.items[i].word;
		if (strcmp(word, "RUN") == 0)
			look_at_chmod(check, shipped, i);
		else if (strcmp(word, "COPY") == 0 || strcmp(word, "ADD") == 0)
			said = look_at_copy(check, shipped, i, is_locked ? NULL : user, said) || said;
	}
	if (is_locked)
		check_for(check, shipped->source->path, shipped_line(shipped), "its containers cannot write to the image at all: they are read-only");
	else if (is_root && user == NULL && !base_is_known(shipped))
		check_missing(check, "whether the program of %s runs as root is not known here", shipped->source->path);
	else if (is_root)
		check_for(check, shipped->source->path, user_line > 0 ? user_line : shipped_line(shipped),
			"no file is opened to others; that the program runs as root, whom no mode binds, is said by 2.1");
	else if (!said)
		check_for(check, shipped->source->path, user_line > 0 ? user_line : shipped_line(shipped),
			"the program runs without root's rights, and no mode is opened for it");
}

/* ---- 2.2 mounts ---- */

static bool is_system_folder(const char *source)
{
	static const char *const folders[] = {"/", "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/dev", "/proc", "/sys",
		"/var", "/var/lib", "/var/run", "/run", "/root", "/home", "/var/lib/docker", "/etc/passwd", "/etc/shadow", "/usr/bin",
		"/usr/local/bin", "/root/.ssh"};
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		if (strcmp(source, folders[i]) == 0)
			return true;
	return false;
}

static bool is_engine_socket(const char *source)
{
	static const char *const sockets[] = {"docker.sock", "podman.sock", "containerd.sock", "crio.sock"};
	for (size_t i = 0; i < COUNT_OF(sockets); i++)
		if (strcmp(path_name(source), sockets[i]) == 0)
			return true;
	return false;
}

/* Whose work is the engine itself. */
static bool needs_engine(const struct sources *sources, const struct service *service)
{
	static const char *const crates[] = {"bollard", "shiplift", "docker-api", "podman-api", "dockworker", "rs-docker", NULL};
	static const char *const images[] = {"traefik", "portainer", "watchtower", "dozzle", "cadvisor", "promtail", "autoheal",
		"socket-proxy", "nginx-proxy", "docker-gen", "acme-companion", "diun", "timberio/vector", "alloy", "runner", "homepage",
		"netdata", "filebeat", "fluent", "lazydocker", "beszel", "datadog"};
	if (service->is_own)
		return rust_has_any(&sources->rust, crates, NULL);
	const char *image = compose_image(service->json);
	for (size_t i = 0; image != NULL && i < COUNT_OF(images); i++)
		if (strstr(image, images[i]) != NULL)
			return true;
	return false;
}

/* A file of settings that lies in the project. */
static bool is_config(const struct sources *sources, const char *source)
{
	static const char *const ends[] = {".toml", ".yaml", ".yml", ".conf", ".ini", ".sql", ".pem", ".crt", ".key", ".cfg", ".env",
		".hjson", ".ron", ".kdl"};
	const char *below = tree_relative(&sources->tree, source);
	bool found = false;
	for (size_t i = 0; below != NULL && i < COUNT_OF(ends); i++)
		found = found || text_ends_with(below, ends[i]);
	return found && tree_find(&sources->tree, below) != NULL;
}

/* The line of a service's volume that names this source; else that of `volumes`. */
static unsigned mount_line(const struct sources *sources, const char *service, const char *target, const char **file)
{
	unsigned line;
	*file = compose_place(sources, service, "volumes", &line);
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_source *source = &sources->compose_files.items[i];
		const struct yaml_node *services = compose_written(source);
		const struct yaml_node *list = services != NULL ? yaml_at(yaml_get(services, service), "volumes") : NULL;
		for (size_t j = 0; list != NULL && list->kind == YAML_LIST && j < list->items.count; j++) {
			const struct yaml_node *item = list->items.items[j];
			const char *text = yaml_text(item) != NULL ? yaml_text(item) : yaml_text(yaml_get(item, "target"));
			if (text == NULL || strstr(text, target) == NULL)
				continue;
			*file = source->path;
			return item->line;
		}
	}
	return line;
}

static void look_at_mount(struct check *check, const struct service *service, const json_t *mount)
{
	const char *source = json_string_value(json_object_get(mount, "source")), *target = json_string_value(json_object_get(mount, "target"));
	bool is_read_only = json_is_true(json_object_get(mount, "read_only"));
	if (source == NULL || target == NULL || !text_equal(json_string_value(json_object_get(mount, "type")), "bind"))
		return;
	const char *file;
	unsigned line = mount_line(check->sources, service->name, target, &file);
	bool had_against = has_against(check);
	if (is_engine_socket(source) && !(needs_engine(check->sources, service) && (is_read_only || service->is_own)))
		check_against(check, file, line, "the service %s gets the engine's socket, and with it root on this machine", service->name);
	else if (is_system_folder(source) && !is_read_only)
		check_against(check, file, line, "the service %s may write to %s of this machine", service->name, source);
	else if (service->is_own && !is_read_only && is_config(check->sources, source))
		check_against(check, file, line, "the service %s may write to its own settings %s", service->name, path_name(source));
	else if (service->is_own && is_read_only)
		check_for(check, file, line, "the service %s may only read %s", service->name, target);
	if (had_against || !has_against(check))
		return;
	if (is_engine_socket(source))
		check_mend(check, "Take the socket's mount away, or let a proxy of the socket stand between that passes on only what %s asks", service->name);
	else
		check_mend(check, "Mount %s with :ro, or a folder of its own in its place", target);
}

static void judge_permissions(struct check *check)
{
	struct service service;
	const struct shipped *shipped;
	for (size_t at = 0; (shipped = own_image(check->sources, &at)) != NULL;)
		look_at_image_files(check, shipped);
	for (size_t at = 0; service_next(check->sources, &at, &service);) {
		size_t i;
		json_t *mount;
		if (service.is_development)
			continue;
		json_array_foreach((json_t *)(uintptr_t)json_object_get(service.json, "volumes"), i, mount)
			look_at_mount(check, &service, mount);
	}
	own_image_none(check); /* counts where nothing else was said */
}

static void check_permissions(struct check *check)
{
	judge_deployed(check, false, judge_permissions);
}

/* Those of every distribution are old and well looked at; others come by somebody's will. */
static bool is_usual_setuid(const char *path)
{
	static const char *const names[] = {"su", "mount", "umount", "passwd", "chsh", "chfn", "newgrp", "gpasswd", "chage", "expiry", "unix_chkpwd",
		"wall", "write", "ssh-agent", "bbsuid", NULL};
	return name_in(path_name(path), names);
}

static void live_setuid(struct check *check, const json_t *container)
{
	const json_t *found = live_at(container, "kernel.setuid");
	if (!live_is_own(check->sources, container) || live_number(container, "kernel.uid", 0) == 0 || live_number(container, "kernel.no_new_privs", 1) != 0)
		return;
	for (size_t i = 0; i < json_array_size(found); i++) {
		const char *path = json_string_value(json_array_get(found, i));
		if (path != NULL && !is_usual_setuid(path))
			check_live_against(check, live_service(container), "%s is setuid and NoNewPrivs is 0: the program may become its owner", path);
	}
}

/* Only what is wrong: modes inside the image cannot be seen from outside. */
static void live_permissions(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		size_t i;
		json_t *mount;
		live_setuid(check, container);
		json_array_foreach((json_t *)(uintptr_t)live_at(container, "inspect.Mounts"), i, mount) {
			const char *source = json_string_value(json_object_get(mount, "Source"));
			bool is_bind = text_equal(json_string_value(json_object_get(mount, "Type")), "bind");
			if (is_bind && source != NULL && json_is_true(json_object_get(mount, "RW")) && is_system_folder(source))
				check_live_against(check, live_service(container), "Mounts: %s of this machine is mounted with RW true", source);
		}
	}
}

/* ---- the table ---- */

static const struct practice practices[] = {
	{
		.id = "2.1",
		.title = N_("The final stage has a USER that is not root"),
		.severity = CHECK_HIGH,
		.says = N_("A program that runs as root owns every file of its container, and a way out of the container is a way to root on the host. A service needs none of that."),
		.looks = N_("The USER in force at the end of the stage that is shipped, its variables filled in, and user: of the services that run it."),
		.looks_live = N_("The uid of the container's first process as the kernel shows it, and Config.User."),
		.mends = N_("Make a user in the final stage and end it with USER 10001:10001"),
		.files = check_user,
		.live = live_user,
	},
	{
		.id = "2.2",
		.title = N_("Least privilege holds for the permissions of files"),
		.severity = CHECK_MEDIUM,
		.says = N_("Whoever takes over a process can change all that its user may write: the program itself, its settings, folders of the host. What it only reads should belong to root and be mounted read-only."),
		.looks = N_("chmod, --chmod, chown and --chown in the final stage, who owns the program, and which folders of the host services may write to."),
		.looks_live = N_("Mounts of the containers: folders of the host's system that are mounted with RW true; programs that are setuid where NoNewPrivs is 0."),
		.mends = N_("Copy the program without --chown (root owns it, mode 0555), and mount settings with :ro"),
		.files = check_permissions,
		.live = live_permissions,
	},
	{
		.id = "2.3",
		.title = N_("The container starts with a read-only root (--read-only)"),
		.severity = CHECK_HIGH,
		.says = N_("With a root that nobody can write to, an intruder cannot leave tools behind or change the program. What the program does write then lies in volumes and tmpfs mounts that are named."),
		.looks = N_("read_only: of the services that run this project's program, and --read-only of docker run in scripts."),
		.looks_live = N_("The mount of / as the kernel shows it, and HostConfig.ReadonlyRootfs."),
		.mends = N_("Add read_only: true to the service, and a tmpfs or a volume for what it writes"),
		.files = check_read_only,
		.live = live_read_only,
	},
	{
		.id = "2.4",
		.title = N_("Temporary files go to a tmpfs (--tmpfs /tmp)"),
		.severity = CHECK_LOW,
		.says = N_("Temporary files in memory vanish with the container, fill no disk and can be kept from being run. Under a read-only root /tmp cannot be written to at all without one."),
		.looks = N_("tmpfs: and volumes of type tmpfs at /tmp (or where TMPDIR points) of the services that run this project's program."),
		.looks_live = N_("HostConfig.Tmpfs and Mounts of type tmpfs."),
		.mends = N_("Add tmpfs: [\"/tmp:rw,noexec,nosuid,nodev,size=64m,mode=1777\"] to the service"),
		.files = check_tmpfs,
		.live = live_tmpfs,
	},
	{
		.id = "2.5",
		.title = N_("Capabilities are limited (--cap-drop ALL --cap-add NEEDED_CAP)"),
		.severity = CHECK_HIGH,
		.says = N_("Docker gives each container fourteen capabilities, of which a service mostly needs none. Drop all and add by name the few that are needed; privileged containers have them all, and the host's devices."),
		.looks = N_("cap_drop, cap_add, privileged and security_opt of all services, and the same options of docker run in scripts."),
		.looks_live = N_("The effective capabilities and NoNewPrivs as the kernel shows them, and CapDrop, CapAdd, Privileged and SecurityOpt."),
		.mends = N_("Add cap_drop: [ALL] to the service, and cap_add only with what it cannot do without"),
		.files = check_capabilities,
		.live = live_capabilities,
	},
	{
		.id = "2.6",
		.title = N_("Memory and CPU are limited (--memory, --cpus)"),
		.severity = CHECK_HIGH,
		.says = N_("Without limits one leak or one busy loop starves everything else on the machine, and the kernel then kills whichever process it likes. A limit keeps the damage within the container."),
		.looks = N_("deploy.resources.limits, mem_limit and cpus of the services that run this project's program, and --memory and --cpus of docker run in scripts."),
		.looks_live = N_("HostConfig.Memory, NanoCpus, CpuQuota and PidsLimit."),
		.mends = N_("Add deploy: {resources: {limits: {memory: 256m, cpus: \"1\"}}} to the service"),
		.files = check_limits,
		.live = live_limits,
	},
	{
		.id = "2.7",
		.title = N_("The image is scanned for vulnerabilities (docker scan)"),
		.severity = CHECK_HIGH,
		.says = N_("Packages in the image get known holes after it was built, and nothing in the build says so. The command docker scan was removed in 2023; docker scout, trivy and grype do its work."),
		.looks = N_("Steps of workflows, other CI and scripts: what they really run on the image, whether a finding stops them or is reported, and whether they come before the push."),
		.mends = N_("Scan the built image before it is pushed, for example: trivy image --exit-code 1 --severity HIGH,CRITICAL --ignore-unfixed IMAGE"),
		.files = check_scan,
	},
	{
		.id = "2.8",
		.title = N_(".dockerignore leaves sensitive files out"),
		.severity = CHECK_HIGH,
		.says = N_("What enters the build context can end up in a layer, and stays there for whoever pulls the image, even if a later line deletes it. .dockerignore is not .gitignore: its patterns begin at the context's root."),
		.looks = N_("The .dockerignore that counts for each image, by Docker's own rules, against the files that lie in its context: .env, private keys, credentials, dumps, .git."),
		.mends = N_("Add the patterns with **/ in front, for example **/.env, **/*.pem and **/.git, to the .dockerignore that counts"),
		.files = check_context,
	},
	{
		.id = "2.9",
		.title = N_("Production uses signed images (content trust)"),
		.severity = CHECK_MEDIUM,
		.says = N_("A signature says who built an image and that nobody changed it since. Docker Content Trust is being shut down and Docker 29 no longer knows it; cosign and Notation sign and verify today."),
		.looks = N_("Workflows that push: whether they sign with cosign or Notation or attest the provenance; DOCKER_CONTENT_TRUST; tags and digests in compose files for production."),
		.looks_live = N_("The signature that the engine found at the image (Identity, Engine API 1.53)."),
		.mends = N_("Sign the digest after the push with cosign sign --yes IMAGE@DIGEST, and verify it before it is deployed"),
		.files = check_signed,
		.live = live_signed,
	},
};

const struct practice_topic topic_security = {.title = N_("Container security"), .practices = practices, .count = COUNT_OF(practices)};
