/* What the builder's container is made of: mounts, volumes, environment. Sources
 * stand at the path that they have on the host, so that paths in diagnostics and
 * debuggers are those that the person knows. */
#include "deck.h"

#include <unistd.h>

#define CA_INSIDE "/.cargodeck/ca.pem"

extern char **environ;

char *builder_cargo_volume(void)
{
	return mem_print("cargodeck_cargo_%u", (unsigned)getuid());
}

static void add_env(json_t *env, const char *name, const char *value)
{
	auto_free char *text = mem_print("%s=%s", name, value);
	json_t *json = json_string(text);
	if (json != NULL)
		json_array_append_new(env, json);
}

/* The machine's own settings for cargo and the network. */
static void add_machine_env(json_t *env)
{
	static const char *const own[] = {"CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_MANIFEST_DIR", "CARGO_HTTP_CAINFO"};
	static const char *const passed[] = {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "RUSTUP_DIST_SERVER", "TERM"};
	for (char **each = environ; *each != NULL; each++) {
		bool wanted = text_starts_with(*each, "CARGO_");
		for (size_t i = 0; i < COUNT_OF(own); i++)
			wanted = wanted && !(text_starts_with(*each, own[i]) && (*each)[strlen(own[i])] == '=');
		for (size_t i = 0; i < COUNT_OF(passed); i++)
			wanted = wanted || (text_starts_with(*each, passed[i]) && (*each)[strlen(passed[i])] == '=');
		json_t *text = wanted ? json_string(*each) : NULL;
		if (text != NULL)
			json_array_append_new(env, text);
	}
}

static json_t *builder_env(const struct family *family)
{
	json_t *env = json_array();
	auto_free char *sqlx = path_join(family->deck->project->cargo.root, ".sqlx");
	add_env(env, "HOME", BUILDER_HOME);
	add_env(env, "CARGO_HOME", BUILDER_CARGO);
	add_env(env, "CARGO_TARGET_DIR", DECKHAND_TARGET);
	if (dir_exists(sqlx))
		add_env(env, "SQLX_OFFLINE", "true"); /* DATABASE_URL of a .env must not make it dial */
	if (machine_ca_bundle() != NULL) {
		add_env(env, "CARGO_HTTP_CAINFO", CA_INSIDE);
		add_env(env, "SSL_CERT_FILE", CA_INSIDE);
	}
	add_machine_env(env);
	return env;
}

static void add_bind(json_t *binds, const char *from, const char *to, bool read_only)
{
	json_array_append_new(binds, json_pack("{s:s, s:s, s:s, s:b}", "Type", "bind", "Source", from, "Target", to, "ReadOnly", read_only));
}

static void add_volume(json_t *mounts, const char *name, const char *to)
{
	json_array_append_new(mounts, json_pack("{s:s, s:s, s:s, s:{s:{s:s}}}", "Type", "volume", "Source", name, "Target", to,
		"VolumeOptions", "Labels", "dev.cargodeck.role", "cache"));
}

/* The nearest folder above that holds .git. */
static char *git_folder(const char *folder)
{
	auto_free char *at = mem_copy_string(folder);
	for (;;) {
		char *git = path_join(at, ".git");
		if (dir_exists(git))
			return git;
		free(git);
		if (strcmp(at, "/") == 0)
			return NULL;
		char *parent = path_parent(at);
		free(at);
		at = parent;
	}
}

static json_t *builder_mounts(const struct family *family)
{
	const struct deck *deck = family->deck;
	const struct cargo_graph *cargo = &deck->project->cargo;
	json_t *mounts = json_array();
	auto_free char *cargo_cache = builder_cargo_volume();
	auto_free char *home = mem_print("%s_home", cargo_cache);
	auto_free char *git = git_folder(cargo->root);
	const char *cargo_home = getenv("CARGO_HOME"), *user_home = getenv("HOME");
	auto_free char *settings = cargo_home != NULL ? mem_print("%s/config.toml", cargo_home) : mem_print("%s/.cargo/config.toml", user_home != NULL ? user_home : "");
	add_volume(mounts, family->volume, DECKHAND_TARGET);
	add_volume(mounts, cargo_cache, BUILDER_CARGO);
	add_volume(mounts, home, BUILDER_HOME);
	add_bind(mounts, cargo->root, cargo->root, false);
	for (size_t i = 0; i < cargo->packages.count; i++)
		if (!path_is_below(cargo->packages.items[i].folder, cargo->root))
			add_bind(mounts, cargo->packages.items[i].folder, cargo->packages.items[i].folder, false);
	if (git != NULL && !path_is_below(git, cargo->root))
		add_bind(mounts, git, git, true); /* build scripts ask it for the revision */
	if (file_exists(settings))
		add_bind(mounts, settings, BUILDER_CARGO "/config.toml", true);
	if (machine_ca_bundle() != NULL)
		add_bind(mounts, machine_ca_bundle(), CA_INSIDE, true);
	return mounts;
}

char *builder_body(const struct family *family)
{
	const struct deck *deck = family->deck;
	auto_free char *user = mem_print("%u:%u", (unsigned)getuid(), (unsigned)getgid());
	json_t *body = json_pack("{s:s, s:[s], s:[s], s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:o, s:s, s:{s:s, s:s}, s:{s:o, s:b, s:s, s:i, s:{s:s}}}",
		"Image", family->image, "Entrypoint", "/.cargodeck/deckhand", "Cmd", "agent", "User", user,
		"OpenStdin", 1, "StdinOnce", 1, "AttachStdin", 1, "AttachStdout", 1, "AttachStderr", 1, "Tty", 0,
		"Env", builder_env(family), "WorkingDir", deck->project->families.items[family->index].cwd,
		"Labels", "dev.cargodeck.project", deck->name, "dev.cargodeck.role", "builder",
		"HostConfig", "Mounts", builder_mounts(family), "AutoRemove", 1, "NetworkMode", "default",
		/* where both want the processor, what answers goes before what builds */
		"CpuShares", 512,
		/* the agent's frames are for us alone: the engine need not write them down */
		"LogConfig", "Type", "none");
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}
