/* Topic 8: what a service needs to be run in earnest. Here what the image holds;
 * signals are in signals.c, what compose sets in running.c, scanning in scan.c. */
#include "production.h"

#include "probes.h"

#include <ctype.h>
#include <stdio.h>

/* ---- 8.1: nothing for developers in it ---- */

/* Does the text of a script among these words name the program? */
static bool script_names(const struct sources *sources, const struct shipped *shipped, const struct strings *words,
	const char *name)
{
	const char *file;
	unsigned before;
	for (size_t i = 0; i < words->count && i < 6; i++) {
		auto_free char *script = words->items[i][0] != '-' ? image_script(sources, shipped, words->items[i], &file, &before) :
			NULL;
		if (strcmp(path_name(words->items[i]), name) == 0 || (script != NULL && strstr(script, name) != NULL))
			return true;
	}
	return false;
}

/* Is the program called by something that stays in the image? */
static bool is_used(const struct sources *sources, const struct shipped *shipped, const char *name)
{
	auto_probe own = {0}, said = {0};
	struct rust_place place = {0};
	struct image_start start;
	probe_of_image(shipped, &own);
	probe_of_service(sources, shipped->service != NULL ? shipped->service : "", image_service(sources, shipped), &said);
	auto_free char *own_text = probe_text(&own), *text = probe_text(&said);
	bool used = strstr(own_text, name) != NULL || strstr(text, name) != NULL || rust_find_string(&sources->rust, name, true, &place);
	auto_strings words = {0};
	strings_split(&words, own_text, ' ');
	used = used || script_names(sources, shipped, &words, name);
	image_start(sources, shipped, &start);
	used = used || script_names(sources, shipped, &start.words, name);
	used = used || (start.body != NULL && strstr(start.body, name) != NULL);
	image_start_finish(&start);
	return used;
}

/* Some probe of the image, whoever asks for it: by a compose file that was not merged. */
static bool is_named_elsewhere(const struct sources *sources, const char *name)
{
	for (size_t i = 0; i < sources->other_composes.count; i++)
		if (strstr(sources->other_composes.items[i].text, name) != NULL)
			return true;
	return false;
}

static bool check_tools(struct check *check, const struct shipped *shipped)
{
	static const char *const compilers[] = {"build-essential", "gcc", "gcc-[0-9]*", "g++", "clang", "clang-[0-9]*", "llvm*",
		"make", "cmake", "pkg-config", "pkgconf", "build-base", "musl-dev", "rustc", "cargo", "rustup", "protobuf-compiler",
		"binutils", NULL};
	static const char *const tools[] = {"git", "curl", "wget", "gdb", "lldb*", "strace", "vim*", "nano", "htop", "tmux",
		"openssh-server", "less", "neovim", "emacs*", "linux-perf", "valgrind", NULL};
	const struct dockerfile *file = &shipped->source->file;
	auto_strings names = {0};
	stage_packages(file, shipped->stage, &names);
	bool good = true;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		bool develops = name_in(name, compilers) || text_ends_with(name, "-dev") || text_ends_with(name, "-devel");
		bool tool = name_in(name, tools) && !is_used(check->sources, shipped, name) && !is_named_elsewhere(check->sources, name);
		if (develops && is_used(check->sources, shipped, name))
			develops = false;
		if (!develops && !tool)
			continue;
		size_t at = 0;
		int index, last = -1;
		while ((index = stage_next(file, shipped->stage, "RUN", &at)) >= 0)
			if (strstr(file->lines.items[index].raw, name) != NULL)
				last = index;
		unsigned line = last >= 0 ? line_with(&file->lines.items[last], name) : file->stages.items[shipped->stage].line;
		if (develops)
			check_against(check, shipped->source->path, line, "%s is installed in the shipped stage: it serves to build", name);
		else
			check_against(check, shipped->source->path, line, "%s is installed in the shipped stage, and nothing there calls it",
				name);
		good = false;
	}
	return good;
}

/* Tests, watchers and debuggers that the shipped stage runs or starts. */
static bool check_commands(struct check *check, const struct shipped *shipped)
{
	static const char *const watchers[] = {"cargo", "cargo-watch", "bacon", "watchexec", "systemfd", "gdbserver", "lldb-server",
		NULL};
	const struct dockerfile *file = &shipped->source->file;
	size_t at = 0;
	for (int index; (index = stage_next(file, shipped->stage, "RUN", &at)) >= 0;) {
		struct cargo_calls calls = {0};
		auto_free char *body = run_body(file, (size_t)index);
		bool tests = false;
		run_find_cargo(body, &calls);
		for (size_t i = 0; i < calls.count; i++)
			tests = tests || strcmp(calls.items[i].verb, "test") == 0 || strcmp(calls.items[i].verb, "nextest") == 0 ||
				strcmp(calls.items[i].verb, "clippy") == 0;
		cargo_calls_finish(&calls);
		if (!tests)
			continue;
		check_against(check, shipped->source->path, line_with(&file->lines.items[index], "cargo"),
			"the shipped stage runs tests: dev-dependencies are compiled into it");
		return false;
	}
	struct image_start start;
	image_start(check->sources, shipped, &start);
	const char *head = start.words.count > 0 ? path_name(start.words.items[0]) : "";
	bool watches = name_in(head, watchers) || (start.body != NULL &&
		(strstr(start.body, "cargo ") != NULL || strstr(start.body, "bacon") != NULL));
	if (watches)
		check_against(check, start.file, start.line, "what starts is a tool for development: %s", start.body != NULL ?
			start.body : head);
	image_start_finish(&start);
	return !watches;
}

static bool is_fetcher(const struct strings *words, size_t at)
{
	return at < words->count && (strcmp(path_name(words->items[at]), "curl") == 0 || strcmp(path_name(words->items[at]), "wget") == 0);
}

/* curl … | sh: in one pipe, the shell at its end. */
static bool pipes_into_shell(const char *body)
{
	struct shell_commands commands = {0};
	bool found = false;
	shell_split(body, &commands);
	for (size_t i = 0; i + 1 < commands.count && !found; i++) {
		const struct strings *words = &commands.items[i].words, *next = &commands.items[i + 1].words;
		const char *end = commands.items[i + 1].start;
		size_t at = command_at(next);
		if (!is_fetcher(words, command_at(words)))
			continue;
		while (end > commands.items[i].start && isspace((unsigned char)end[-1]))
			end--;
		bool is_pipe = end > body + 1 && end[-1] == '|' && end[-2] != '|';
		at += at < next->count && strcmp(next->items[at], "sudo") == 0;
		found = is_pipe && at < next->count && is_shell(next->items[at]);
	}
	shell_commands_finish(&commands);
	return found;
}

/* What comes from the network into the shipped stage, and nobody knows what it is. */
static bool check_fetches(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	bool good = true;
	size_t at = 0;
	for (int index; (index = stage_next(file, shipped->stage, "", &at)) >= 0;) {
		const struct docker_line *line = &file->lines.items[index];
		struct copy_line copy;
		if (strcmp(line->word, "RUN") == 0) {
			auto_free char *body = run_body(file, (size_t)index);
			if (!pipes_into_shell(body))
				continue;
			if (good)
				check_mend(check, "Run it in the builder and copy what it makes, or install a package whose version is named");
			check_against(check, shipped->source->path, line->first,
				"a script from the network runs in the shipped stage: whatever its server sends that day is in the image");
			good = false;
		} else if (strcmp(line->word, "ADD") == 0 && copy_line_read(file, (size_t)index, &copy)) {
			for (size_t i = 0; i < copy.sources.count; i++) {
				const char *source = copy.sources.items[i];
				bool is_web = text_starts_with(source, "http://") || text_starts_with(source, "https://");
				if (!is_web || strstr(source, ".git") != NULL || strstr(line->rest, "--checksum=") != NULL)
					continue;
				if (good)
					check_mend(check, "Write ADD --checksum=sha256:…, or fetch it in the builder and look at what came");
				check_against(check, shipped->source->path, line->first, "ADD takes %s without --checksum: what it brings may change unseen",
					source);
				good = false;
			}
			copy_line_finish(&copy);
		}
	}
	return good;
}

/* A setting of apt for all of its calls. */
static bool recommends_are_off(const struct dockerfile *file)
{
	for (size_t i = 0; i < file->lines.count; i++)
		if (strcmp(file->lines.items[i].word, "RUN") == 0 && strstr(file->lines.items[i].raw, "Install-Recommends") != NULL &&
			strstr(file->lines.items[i].raw, "apt.conf") != NULL)
			return true;
	return false;
}

/* What a package manager leaves in the layer beside the packages: its lists are out of date by the time of the next
 * build. Mounts of RUN keep them out. */
static const char *left_lists(const struct docker_line *line, const struct package_call *call)
{
	if (strstr(line->raw, "--mount=type=cache") != NULL || strstr(line->raw, "--mount=type=tmpfs") != NULL)
		return NULL;
	if (strcmp(call->tool, "apt-get") == 0 || strcmp(call->tool, "apt") == 0)
		return strstr(line->raw, "/var/lib/apt") == NULL ? "rm -rf /var/lib/apt/lists/*" : NULL;
	bool is_apk = strcmp(call->tool, "apk") == 0 && strstr(line->raw, "--no-cache") == NULL && strstr(line->raw, "/var/cache/apk") == NULL;
	return is_apk ? "apk add --no-cache" : NULL;
}

/* What the package manager brings into the shipped stage beside what was asked for: weight and no more, a remark. */
static void check_installs(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	size_t at = 0;
	for (int index; (index = stage_next(file, shipped->stage, "RUN", &at)) >= 0;) {
		struct package_calls calls = {0};
		const struct docker_line *line = image_line(shipped, (size_t)index);
		const char *mend = NULL;
		package_calls_read(file, (size_t)index, &calls);
		for (size_t i = 0; i < calls.count; i++) {
			const struct package_call *call = &calls.items[i];
			if (call->removes || call->names.count == 0)
				continue;
			auto_free char *words = mem_print("%s %s", call->tool, strcmp(call->tool, "apk") == 0 ? "add" : "install");
			if (call->takes_recommended && !recommends_are_off(file))
				check_for(check, shipped->source->path, line_with(line, words),
					"%s may bring into the shipped image what is merely recommended: --no-install-recommends keeps it out", call->tool);
			mend = mend != NULL ? mend : left_lists(line, call);
		}
		if (mend != NULL)
			check_for(check, shipped->source->path, line->first, "lists of packages stay in the shipped image, a few megabytes: %s leaves none",
				mend);
		package_calls_finish(&calls);
	}
}

static void look_at_contents(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	const struct docker_stage *stage = &file->stages.items[shipped->stage];
	struct image_name base;
	image_name_read(shipped_base(shipped), &base);
	bool toolchain = base_kind(&base) == BASE_TOOLCHAIN || shipped_builder(shipped) == shipped->stage;
	image_name_finish(&base);
	bool is_known = check_fetches(check, shipped);
	if (!toolchain)
		check_installs(check, shipped);
	if (toolchain)
		check_against(check, shipped->source->path, stage->line, "the compiler and cargo are part of the shipped stage (%s)",
			shipped_base(shipped));
	else if (check_tools(check, shipped) && check_commands(check, shipped) && is_known)
		check_for(check, shipped->source->path, stage->line, "the shipped stage holds nothing that serves development");
}

/* A second Dockerfile for production that drifts away from the first. */
static void check_drift(struct check *check)
{
	static const char *const words[] = {"Dockerfile.prod*", "prod*.Dockerfile", "Dockerfile-prod*", "Dockerfile.release*", NULL};
	const struct sources *sources = check->sources;
	const struct docker_source *plain = NULL, *second = NULL;
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct docker_source *one = sources->shipped.items[i].source;
		if (image_kind(sources, &sources->shipped.items[i]) != IMAGE_BUILDS)
			continue;
		if (strcmp(path_name(one->path), "Dockerfile") == 0)
			plain = one;
		else if (name_in(path_name(one->path), words))
			second = one;
	}
	if (plain == NULL || second == NULL)
		return;
	unsigned versions[2][2] = {{0}};
	for (int i = 0; i < 2; i++) {
		struct image_name name;
		image_name_read((i == 0 ? plain : second)->file.stages.items[0].base, &name);
		rust_tag_version(&name, &versions[i][0], &versions[i][1]);
		image_name_finish(&name);
	}
	if (versions[0][1] != 0 && versions[1][1] != 0 && versions[0][1] != versions[1][1])
		check_against(check, second->path, second->file.stages.items[0].line,
			"builds with Rust %u.%u, and %s with %u.%u: what is tested is not what is shipped", versions[1][0], versions[1][1],
			plain->path, versions[0][0], versions[0][1]);
}

static void minimal_files(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, true)) != NULL; any = true)
		look_at_contents(check, shipped);
	if (!any)
		image_none(check, true);
	else
		check_drift(check);
}

/* The first layer of the image that installs a compiler, runs cargo, or a
 * variable of the toolchain's image. NULL: none. */
static const char *live_compiler(const json_t *container)
{
	static const char *const words[] = {"cargo build", "cargo install", "rustup", "build-essential", " gcc",
		"CARGO_HOME=/usr/local/cargo", "RUSTUP_HOME="};
	static const char *const lists[] = {"image.Config.Env", "history"};
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		size_t j;
		const json_t *item;
		EACH_ITEM(live_at(container, lists[i]), j, item) {
			const char *text = json_is_string(item) ? json_string_value(item) :
				json_string_value(json_object_get(item, "CreatedBy"));
			for (size_t k = 0; k < COUNT_OF(words) && text != NULL; k++)
				if (strstr(text, words[k]) != NULL && strstr(text, "purge") == NULL)
					return text;
		}
	}
	return NULL;
}

static void minimal_live(struct check *check)
{
	size_t at = 0;
	bool is_bad = false;
	for (size_t i = 0; i < check->result->evidence.count; i++)
		is_bad = is_bad || check->result->evidence.items[i].is_against;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		if (!live_is_own(check->sources, container) || live_at(container, "image.Config") == NULL)
			continue;
		const char *trace = live_compiler(container);
		char size[16];
		int64_t bytes = live_number(container, "image.Size", 0);
		format_bytes(bytes > 0 ? (uint64_t)bytes : 0, size, sizeof size);
		if (trace != NULL)
			check_live_against(check, live_service(container), "the image of %s holds tools for building: %.100s", size, trace);
		else if (!is_bad)
			check_live_for(check, live_service(container),
				"the image of %s shows no tools for building: in no layer, in no variable", size);
	}
}

/* ---- 8.3: distroless or scratch ---- */

/* Programs that ask for a distribution around them; what a program merely links
 * or is started through does not. */
static bool needs_distribution(const struct shipped *shipped, char **which)
{
	static const char *const light[] = {"ca-certificates*", "tzdata*", "openssl", "libssl*", "libgcc*", "libstdc++*", "libc6*",
		"musl*", "zlib*", "libpq*", "libsqlite3*", "sqlite-libs", "libmariadb*", "libmysqlclient*", "default-libmysqlclient*",
		"libcurl*", "curl", "wget", "tini", "dumb-init", "procps", "netbase", "gosu", "su-exec", "bash", "iputils*", "netcat*",
		"dnsutils", "bind-tools", "vim*", "nano", "less", "jq", "net-tools", "libc-utils", "gcompat", "libc6-compat", "adduser",
		"passwd", "shadow", "locales", "libcap*", "media-types", "lib*", "*-dev", "gcc*", "g++", "make", "cmake", "pkg-config",
		"pkgconf", "build-essential", "clang*", "apt-transport-https", "gnupg*", "lsb-release", "software-properties-common",
		"apt-utils", "strace", "gdb", "htop", "sudo", "git", "xz-utils", "unzip", "zip", NULL};
	static const char *const others[] = {"python", "node", "nginx", "postgres", "nvidia/cuda", "*playwright*", "*chrome*",
		"*ffmpeg*", "*texlive*", "*openjdk*", "eclipse-temurin", "docker", "*puppeteer*", NULL};
	auto_strings names = {0};
	stage_packages(&shipped->source->file, shipped->stage, &names);
	for (size_t i = 0; i < names.count; i++)
		if (!name_in(names.items[i], light)) {
			*which = mem_copy_string(names.items[i]);
			return true;
		}
	struct image_name base;
	image_name_read(shipped_base(shipped), &base);
	if (name_in(base.name, others))
		*which = mem_copy_string(base.name);
	image_name_finish(&base);
	return *which != NULL;
}

/* A loader or libraries that are copied along. */
static bool copies_libraries(const struct dockerfile *file, int stage)
{
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "", &at)) >= 0;) {
		const struct docker_line *line = &file->lines.items[index];
		bool copies = strcmp(line->word, "COPY") == 0 || strcmp(line->word, "ADD") == 0;
		if (copies && (strstr(line->raw, "/lib") != NULL || strstr(line->raw, "ld-linux") != NULL ||
			strstr(line->raw, ".so") != NULL || strstr(line->raw, " / /") != NULL || strstr(line->raw, "rootfs") != NULL ||
			strstr(line->raw, "deps") != NULL || strstr(line->raw, "/nix") != NULL))
			return true;
	}
	return false;
}

static bool check_loader(struct check *check, const struct shipped *shipped, const struct image_name *base)
{
	const struct dockerfile *file = &shipped->source->file;
	enum linkage linkage = image_linkage(check->sources, shipped);
	bool dynamic = linkage == LINK_GNU || linkage == LINK_MUSL;
	bool foreign = linkage == LINK_MUSL && base_kind(base) == BASE_DISTROLESS;
	if (!dynamic || (base_kind(base) != BASE_EMPTY && !foreign) || copies_libraries(file, shipped->stage))
		return true;
	int builder = shipped_builder(shipped);
	check_against(check, shipped->source->path, file->stages.items[shipped->stage].line,
		"the program is linked dynamically on %s, and %s has no loader for it: it does not start (no such file or directory)",
		builder >= 0 ? stage_root_base(file, builder) : "", shipped_base(shipped));
	check_mend(check,
		"Build for x86_64-unknown-linux-musl or with -C target-feature=+crt-static, or take gcr.io/distroless/cc-debian13");
	return false;
}

/* Lines that ask for a shell where there is none. */
static bool check_shell(struct check *check, const struct shipped *shipped, const struct image_name *base)
{
	static const char *const words[] = {"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"};
	const struct dockerfile *file = &shipped->source->file;
	bool good = true, has_shell = base->tag != NULL && strstr(base->tag, "debug") != NULL;
	size_t copy = 0;
	for (int index; (index = stage_next(file, shipped->stage, "COPY", &copy)) >= 0;)
		has_shell = has_shell || strstr(file->lines.items[index].raw, "busybox") != NULL ||
			strstr(file->lines.items[index].raw, "/bin/sh") != NULL || strstr(file->lines.items[index].raw, " / /") != NULL;
	for (size_t i = 0; i < COUNT_OF(words) && !has_shell; i++) {
		int index = i == 0 ? -1 : dockerfile_last(file, shipped->stage, words[i]);
		size_t at = 0;
		if (i == 0)
			index = stage_next(file, shipped->stage, "RUN", &at);
		if (index < 0)
			continue;
		const char *rest = after_flags(file->lines.items[index].rest);
		if (i == 3 && (text_equal_fold(rest, "NONE") || !text_starts_with(rest, "CMD")))
			continue;
		auto_strings parts = {0};
		bool json;
		dockerfile_words(i == 3 ? rest + 3 : rest, &parts, &json);
		if (json && parts.count > 0 && !is_shell(parts.items[0]))
			continue;
		check_against(check, shipped->source->path, file->lines.items[index].first, "%s asks for a shell, and %s has none",
			words[i], shipped_base(shipped));
		check_mend(check, "Write it as a JSON array that names the program itself");
		good = false;
	}
	return good;
}

static bool is_bare(enum image_base kind)
{
	return kind == BASE_EMPTY || kind == BASE_DISTROLESS;
}

/* Another image of the same project, made for that, where no service picks one. */
static bool has_bare_variant(const struct sources *sources)
{
	bool found = false;
	for (size_t i = 0; i < sources->shipped.count; i++) {
		struct image_name base;
		image_name_read(shipped_base(&sources->shipped.items[i]), &base);
		found = found || is_bare(base_kind(&base));
		image_name_finish(&base);
	}
	return found;
}

/* The last day of mends of distroless images, as YYYYMMDD, by the number of their Debian. */
static const unsigned distroless_ends[] = {[9] = 20220630, [10] = 20240630, [11] = 20250331, [12] = 20260930};

static bool is_past_its_end(unsigned suite)
{
	char today[32];
	clock_format_rfc3339(clock_wall_ms(), today, sizeof today);
	unsigned day = (unsigned)atoi(today) * 10000 + (unsigned)atoi(today + 5) * 100 + (unsigned)atoi(today + 8);
	return suite > 0 && (suite < 9 || (suite < COUNT_OF(distroless_ends) && distroless_ends[suite] < day));
}

/* By how the program is linked, and by the release that it is built on. */
static void mend_base(struct check *check, const struct shipped *shipped)
{
	enum linkage linkage = image_linkage(check->sources, shipped);
	int builder = shipped_builder(shipped);
	struct image_name base;
	image_name_read(builder >= 0 ? stage_root_base(&shipped->source->file, builder) : "", &base);
	unsigned suite = suite_number(base.suite);
	if (linkage == LINK_STATIC)
		check_mend(check, "Let the last stage stand on gcr.io/distroless/static-debian13:nonroot: the program is linked statically");
	else if (suite > 0 && is_past_its_end(suite))
		check_mend(check, "Build on trixie in place of %s, and let the last stage stand on gcr.io/distroless/cc-debian13:nonroot", base.suite);
	else if (suite > 0)
		check_mend(check, "Let the last stage stand on gcr.io/distroless/cc-debian%u:nonroot, of the same release as the builder (%s)", suite,
			base.suite);
	image_name_finish(&base);
}

static void look_at_bareness(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	const char *path = shipped->source->path, *text = shipped_base(shipped);
	unsigned line = file->stages.items[shipped->stage].line;
	auto_free char *needed = NULL;
	struct image_name base;
	image_name_read(text, &base);
	unsigned suite = suite_number(base.suite);
	bool bare = is_bare(base_kind(&base));
	if (bare && is_past_its_end(suite)) {
		unsigned end = suite < COUNT_OF(distroless_ends) ? distroless_ends[suite] : 0;
		if (end > 0)
			check_against(check, path, line, "%s gets no more updates: the support of distroless images of Debian %u ended in %u-%02u", text,
				suite, end / 10000, end / 100 % 100);
		else
			check_against(check, path, line, "%s gets no more updates: its Debian is out of support", text);
		check_mend(check, "Take gcr.io/distroless/cc-debian13:nonroot, and a builder of the same release");
	} else if (bare) {
		bool starts = check_loader(check, shipped, &base), speaks = check_shell(check, shipped, &base);
		if (strcmp(base.name, "scratch") == 0)
			empty_image_judge(check, shipped);
		if (starts && speaks && suite == 12)
			check_for(check, path, line,
				"the shipped stage stands on %s (of Debian 12, whose distroless images are supported until September 2026)",
				text);
		else if (starts && speaks)
			check_for(check, path, line, "the shipped stage stands on %s: no shell, no package manager", text);
	} else if (base.is_variable && base.name[0] == '\0') {
		check_missing(check, "%s:%u takes the image of the runtime from a variable that has no value here", path, line);
	} else if (needs_distribution(shipped, &needed)) {
		check_none(check, path, "the image holds %s, which asks for a distribution around it", needed);
	} else if (shipped->service == NULL && has_bare_variant(check->sources)) {
		check_none(check, path, "there is a variant of this image on distroless or scratch");
	} else {
		check_against(check, path, line, "the shipped stage stands on %s, with a shell and a package manager", text);
		mend_base(check, shipped);
	}
	image_name_finish(&base);
}

static void bare_files(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, true)) != NULL; any = true)
		look_at_bareness(check, shipped);
	if (!any)
		image_none(check, true);
}

/* Did somebody ask for a shell, and what came? */
static void bare_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		size_t i;
		const json_t *exec;
		if (!live_is_own(check->sources, container))
			continue;
		EACH_ITEM(live_at(container, "execs"), i, exec) {
			const char *program = json_string_value(json_array_get(json_object_get(exec, "argv"), 0)),
				*said = json_string_value(json_object_get(exec, "said"));
			int64_t code = live_number(exec, "exit_code", -1);
			if (program == NULL || !is_shell(program))
				continue;
			if (code == 0)
				check_live_against(check, live_service(container), "it has a shell: %s answers", program);
			else if (code == 126 || code == 127 || (said != NULL && strstr(said, "not found") != NULL))
				check_live_for(check, live_service(container), "it has no shell: %s ends with %lld", program, (long long)code);
		}
	}
}

/* ---- the table ---- */

static const struct practice practices[] = {
	{"8.1", N_("The shipped image holds nothing that serves development"), CHECK_MEDIUM,
		N_("Compilers, debuggers, git and test programs in an image are weight to pull, findings of every scan, and tools for "
			"whoever breaks in."),
		N_("The base, packages and commands of the shipped stage, and whether a probe, a script or the program calls them; "
			"scripts and files that it takes from the network."),
		N_("Layers and variables of the images of running containers."),
		N_("Install and run such things in the builder or in a stage of their own, and ship a stage without them"), false,
		minimal_files, minimal_live},
	{"8.2", N_("The program ends by itself when it is told to: SIGTERM is handled"), CHECK_HIGH,
		N_("The kernel gives SIGTERM to the first process alone, and that ignores it unless it has a handler. A shell before the "
			"program passes nothing on: each stop then waits ten seconds and ends with a kill."),
		N_("The form of ENTRYPOINT and CMD, scripts that they name, init and tini, and signal handlers in the Rust sources."),
		N_("Whether the first process catches the stop signal (SigCgt of /proc), and how a throw-away copy ended."),
		N_("Handle SIGTERM (tokio::signal::unix) before anything else starts, and begin the program by ENTRYPOINT [\"/app\"]"),
		true, signal_files, signal_live},
	{"8.3", N_("The shipped stage stands on distroless or scratch"), CHECK_MEDIUM,
		N_("Without a shell and a package manager there is little to attack and little to keep up to date. What is linked "
			"dynamically needs its loader, though: scratch and distroless/static have none."),
		N_("The base of the shipped stage, how the program is linked, and lines that ask for a shell."),
		N_("Whether a shell can be run in the container."),
		N_("Let the last stage stand on gcr.io/distroless/cc-debian13:nonroot, with a builder of the same Debian release"),
		false, bare_files, bare_live},
	{"8.4", N_("CI scans the image before it is pushed, and fails on what it finds"), CHECK_HIGH,
		N_("A hole in the base is found by a scanner, not by a review. A scan behind the push, one of the repository alone or "
			"one that never fails keeps nothing back."),
		N_("Steps of workflows and composite actions: what they run on which target, whether they can fail, and whether the push "
			"comes before."), NULL,
		N_("Put trivy (docker scan is no more) between build and push: scan the image, exit-code: 1"), false, scan_files, NULL},
	{"8.5", N_("Services have a restart policy that suits them"), CHECK_MEDIUM,
		N_("Without one a service that ends stays down, also after the machine starts anew. A job that is over must not be "
			"started again and again."),
		N_("restart and deploy.restart_policy of the services as compose merged them."),
		N_("HostConfig.RestartPolicy and RestartCount of the containers."),
		N_("Give services restart: unless-stopped, and jobs restart: \"no\""), false, restart_files, restart_live},
	{"8.6", N_("Services have a read-only root, unless a reason is written beside them"), CHECK_HIGH,
		N_("What cannot be written to cannot be changed by whoever breaks in. What a program must write goes to a volume or a "
			"tmpfs."),
		N_("read_only of the services that run the project's programs, and mounts of configuration that can be written to."),
		N_("HostConfig.ReadonlyRootfs, and the kernel's own list of mounts."),
		N_("Set read_only: true, and tmpfs: [/tmp] for what it writes"), false, read_only_files, read_only_live},
	{"8.7", N_("Memory and CPU of every service have a limit"), CHECK_HIGH,
		N_("One service that leaks or spins takes the whole machine along. With a limit it is the only one that ends."),
		N_("deploy.resources.limits, mem_limit and cpus of all services as compose merged them."),
		N_("HostConfig.Memory, NanoCpus and CpuQuota, and State.OOMKilled."),
		N_("Set deploy.resources.limits: { cpus: \"1\", memory: 256M } by what the service needs"), false, limits_files,
		limits_live},
	{"8.8", N_("A stop lets requests that run come to their end"), CHECK_HIGH,
		N_("With each deployment a server is stopped. One that drops what it is working on shows its users errors; one that "
			"waits without end is killed."),
		N_("Graceful shutdown of the server's framework, process::exit in handlers, and deadlines held against "
			"stop_grace_period."),
		N_("How a throw-away copy ended after SIGTERM, and how long it took."),
		N_("Give the server a shutdown signal (axum: with_graceful_shutdown), a deadline, and compose a longer "
			"stop_grace_period"), true, shutdown_files, shutdown_live},
};

const struct practice_topic topic_production = {.title = N_("Production readiness"), .practices = practices,
	.count = COUNT_OF(practices)};
