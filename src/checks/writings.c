/* What people have written down to be typed: scripts, make and just files, package
 * scripts, READMEs. Found by name, read once. */
#include "writings.h"

#include <ctype.h>

enum { MOST_FILES = 300, MOST_PROSE = 60, MOST_BYTES = 4 << 20, MOST_NAMELESS = 64 << 10 };

static const char *const script_names[] = {"[Mm]akefile", "GNUmakefile", "*.mk", "[Jj]ustfile", ".justfile", "JUSTFILE", "*.just",
	"*.sh", "*.bash", "*.zsh", "*.fish", "*.ps1", "Taskfile.y*ml", "package.json", "Procfile*", "Makefile.toml", "bacon.toml", "Tiltfile",
	"mise.toml", ".mise.toml", "mprocs.yaml", "tasks.json", "devcontainer.json", "process-compose.y*ml", "devenv.nix", "flake.nix"};
static const char *const prose_names[] = {"*.md", "*.mdx", "*.adoc", "*.rst", "README.txt", "README"};

static bool is_changelog(const char *path)
{
	return strcasestr(path_name(path), "change") != NULL || strcasestr(path_name(path), "history") != NULL;
}

/* A text that tells how to work here: near the root, and no list of changes. */
static bool is_guide(const char *path)
{
	const char *slash = strchr(path, '/');
	return !is_changelog(path) && !text_starts_with(path, ".github/") && (slash == NULL || strchr(slash + 1, '/') == NULL);
}

static void add_named(const struct sources *sources, const char *pattern, bool is_prose, size_t *bytes, struct writings *writings)
{
	const struct tree_file *file;
	size_t count = 0;
	for (size_t at = 0; (file = tree_each(&sources->tree, &at, pattern)) != NULL;) {
		if (writings->items.count >= MOST_FILES || *bytes + file->size > MOST_BYTES ||
			(is_prose && (!is_guide(file->path) || ++count > MOST_PROSE)))
			continue;
		char *text = tree_read(&sources->tree, file->path, NULL);
		if (text == NULL)
			continue;
		*bytes += file->size;
		*array_add(&writings->items) = (struct written){.path = file->path, .text = text, .is_prose = is_prose,
			.is_harness = file->is_harness};
	}
}

/* "script/seed-db": a program of no ending that is text. */
static void add_nameless(const struct sources *sources, size_t *bytes, struct writings *writings)
{
	for (size_t i = 0; i < sources->tree.files.count && writings->items.count < MOST_FILES; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		if (!file->is_executable || file->is_link || strchr(path_name(file->path), '.') != NULL || file->size > MOST_NAMELESS ||
			file->size < 3)
			continue;
		char *text = tree_read(&sources->tree, file->path, NULL);
		if (text != NULL && text_starts_with(text, "#!")) {
			*bytes += file->size;
			*array_add(&writings->items) = (struct written){.path = file->path, .text = text, .is_harness = file->is_harness};
		} else {
			free(text);
		}
	}
}

struct writings *writings_open(const struct sources *sources)
{
	struct writings *writings = mem_alloc(sizeof *writings);
	size_t bytes = 0;
	for (size_t i = 0; i < COUNT_OF(script_names); i++)
		add_named(sources, script_names[i], false, &bytes, writings);
	add_nameless(sources, &bytes, writings);
	for (size_t i = 0; i < COUNT_OF(prose_names); i++)
		add_named(sources, prose_names[i], true, &bytes, writings);
	return writings;
}

void writings_close(struct writings *writings)
{
	if (writings == NULL)
		return;
	for (size_t i = 0; i < writings->items.count; i++)
		free(writings->items.items[i].text);
	array_finish(&writings->items);
	free(writings);
}

/* "# like this" in a script; in prose a # begins a heading, and headings count. */
static bool is_comment(const struct written *written, const char *line)
{
	line += strspn(line, " \t");
	return !written->is_prose && (line[0] == '#' || text_starts_with(line, "//"));
}

bool writings_find(const struct writings *writings, const char *word, struct written_line *at)
{
	free(at->text);
	at->text = NULL;
	for (; at->file < writings->items.count; at->file++, at->offset = 0, at->last = 0) {
		const struct written *written = &writings->items.items[at->file];
		const char *found;
		while ((found = strstr(written->text + at->offset, word)) != NULL) {
			const char *start = found;
			while (start > written->text && start[-1] != '\n')
				start--;
			size_t len = strcspn(start, "\r\n");
			/* lines are counted on from where the last one ended */
			const char *from = written->text + at->offset;
			at->last += start > from ? text_line_at(from, (size_t)(start - from)) - (at->offset > 0) : at->offset == 0;
			at->offset = (size_t)(start - written->text) + len;
			if (is_comment(written, start))
				continue;
			at->written = written;
			at->line = at->last;
			at->text = mem_copy_bytes(start, len < 4000 ? len : 4000);
			return true;
		}
	}
	return false;
}

void written_line_finish(struct written_line *at)
{
	free(at->text);
	*at = (struct written_line){0};
}

static bool runs_image(const struct strings *words, const char *const *images)
{
	size_t at = command_at(words);
	bool runs = false;
	for (size_t i = at; i < words->count; i++) {
		const char *word = words->items[i], *name = path_name(word);
		runs = runs || (i > at && strcmp(word, "run") == 0 && (strcmp(words->items[at], "docker") == 0 || strcmp(words->items[at], "podman") == 0));
		size_t len = strcspn(name, ":@");
		for (const char *const *image = images; runs && *image != NULL; image++)
			if (strlen(*image) == len && strncmp(name, *image, len) == 0)
				return true;
	}
	return false;
}

const char *writings_run(const struct writings *writings, const char *const *images, unsigned *line)
{
	const char *file = NULL;
	for (size_t i = 0; i < writings->items.count && file == NULL; i++) {
		const struct written *written = &writings->items.items[i];
		if (written->is_prose || written->is_harness || strstr(written->text, " run ") == NULL)
			continue;
		struct shell_commands commands = {0};
		shell_split(written->text, &commands);
		for (size_t k = 0; k < commands.count && file == NULL; k++)
			if (runs_image(&commands.items[k].words, images)) {
				file = written->path;
				*line = text_line_at(written->text, (size_t)(commands.items[k].start - written->text));
			}
		shell_commands_finish(&commands);
	}
	return file;
}

static bool is_word_letter(char letter)
{
	return isalnum((unsigned char)letter) || letter == '_' || letter == '-';
}

const char *word_in(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		if ((at == text || !is_word_letter(at[-1])) && !is_word_letter(at[len]))
			return at;
	return NULL;
}

const char *watcher_in(const char *text)
{
	static const char *const names[] = {"cargo watch", "cargo-watch", "cargo bacon", "bacon", "watchexec", "cargo leptos watch", "dx serve",
		"trunk serve", "cargo shuttle run", "cargo lambda watch", "cargodeck"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *found = word_in(text, names[i]);
		/* a tool that is installed or called by its file is none that runs */
		if (found != NULL && found[strlen(names[i])] != '.' && found[strlen(names[i])] != '/')
			return names[i];
	}
	return NULL;
}

bool builds_sources(const char *command)
{
	static const char *const verbs[] = {"run", "build", "watch", "check", "test", "nextest", "r", "b", "leptos", "clippy"};
	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		auto_free char *words = mem_print("cargo %s", verbs[i]);
		if (word_in(command, words) != NULL)
			return true;
	}
	return watcher_in(command) != NULL;
}
