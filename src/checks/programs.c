/* Tells the programs of a workspace apart by its manifests, and finds the one that
 * an image starts by the name of its binary. The view of one borrows all of the
 * facts that it is cut out of. */
#include "programs.h"

#include "compose-files.h"
#include "rust-asks.h"
#include "toml.h"
#include "writings.h"

enum { MOST_MEMBERS = 500, MOST_BINARIES = 500, MOST_NEEDS = 2000, MOST_WORDS = 8, MOST_RENAMED = 100, MOST_MANIFEST = 512 << 10 };

struct binary {
	char *name, *path; /* path: of its main file, relative to the tree; NULL: not known */
	struct strings features; /* that it needs */
	size_t member;
};
struct member {
	char *name, *folder; /* folder: "" is the root */
	char *default_run; /* or NULL */
	struct strings needs; /* names of the crates that it asks for */
	size_t manifest; /* its index in the facts */
};
struct programs {
	const struct sources *sources;
	struct { struct member *items; size_t count, cap; } members;
	struct { struct binary *items; size_t count, cap; } binaries;
	struct strings renamed; /* "key=package" of the workspace's dependencies */
	struct program made[PROGRAMS_MOST];
	size_t made_count;
};

/* Cargo takes - and _ for the same. The caller frees. */
static char *plain_name(const char *name)
{
	char *plain = mem_copy_string(name);
	for (char *at = plain; *at != '\0'; at++)
		*at = *at == '-' ? '_' : *at;
	return plain;
}

/* ---- manifests ---- */

struct reading {
	struct programs *programs;
	size_t member;
	bool is_binary; /* within [[bin]] */
	bool is_again; /* the root's manifest, for what others inherit of it: its programs are known */
};

static void add_need(struct member *member, const char *name)
{
	if (member->needs.count < MOST_NEEDS)
		strings_add(&member->needs, name);
}

/* [dependencies], [target.….dependencies]: at which key its names stand; 0: another table. */
static size_t needs_at(const struct toml_leaf *leaf)
{
	if (leaf->depth >= 2 && strcmp(leaf->path[0], "dependencies") == 0)
		return 1;
	return leaf->depth >= 4 && strcmp(leaf->path[0], "target") == 0 && strcmp(leaf->path[2], "dependencies") == 0 ? 3 : 0;
}

static void visit(void *context, const struct toml_leaf *leaf)
{
	struct reading *reading = context;
	struct programs *programs = reading->programs;
	struct member *member = &programs->members.items[reading->member];
	size_t at = needs_at(leaf);
	const char *last = leaf->depth > 0 ? leaf->path[leaf->depth - 1] : "";
	if (leaf->depth >= 1 && leaf->is_table)
		reading->is_binary = !reading->is_again && leaf->depth == 1 && strcmp(leaf->path[0], "bin") == 0 && programs->binaries.count < MOST_BINARIES;
	if (reading->is_binary && leaf->is_table)
		*array_add(&programs->binaries) = (struct binary){.member = reading->member};
	if (at > 0) {
		add_need(member, leaf->path[at]);
		if (leaf->depth == at + 2 && leaf->is_string && strcmp(last, "package") == 0)
			add_need(member, leaf->text);
	}
	if (!leaf->is_string || leaf->depth < 2)
		return;
	if (leaf->depth == 2 && strcmp(leaf->path[0], "package") == 0 && strcmp(last, "default-run") == 0 && member->default_run == NULL)
		member->default_run = mem_copy_string(leaf->text);
	if (leaf->depth == 2 && strcmp(leaf->path[0], "package") == 0 && strcmp(last, "name") == 0 && member->name == NULL)
		member->name = mem_copy_string(leaf->text);
	if (leaf->depth == 4 && strcmp(leaf->path[0], "workspace") == 0 && strcmp(leaf->path[1], "dependencies") == 0 &&
		strcmp(last, "package") == 0 && programs->renamed.count < MOST_RENAMED)
		strings_print(&programs->renamed, "%s=%s", leaf->path[2], leaf->text);
	struct binary *binary = reading->is_binary && strcmp(leaf->path[0], "bin") == 0 ?
		&programs->binaries.items[programs->binaries.count - 1] : NULL;
	if (binary != NULL && strcmp(last, "name") == 0 && binary->name == NULL)
		binary->name = mem_copy_string(leaf->text);
	if (binary != NULL && leaf->is_item && strcmp(last, "required-features") == 0 && binary->features.count < MOST_WORDS)
		strings_add(&binary->features, leaf->text);
	if (binary != NULL && strcmp(last, "path") == 0 && binary->path == NULL) {
		auto_free char *joined = path_join(member->folder, leaf->text);
		binary->path = path_clean(joined);
	}
}

static bool has_binary(const struct programs *programs, size_t member, const char *path)
{
	for (size_t i = 0; i < programs->binaries.count; i++)
		if (programs->binaries.items[i].member == member && text_equal(programs->binaries.items[i].path, path))
			return true;
	return false;
}

static void add_binary(struct programs *programs, size_t member, const char *name, const char *path)
{
	if (has_binary(programs, member, path) || programs->binaries.count >= MOST_BINARIES)
		return;
	for (size_t i = 0; i < programs->binaries.count; i++) {
		struct binary *binary = &programs->binaries.items[i];
		if (binary->member != member || binary->path != NULL || !text_equal(binary->name, name))
			continue;
		binary->path = mem_copy_string(path);
		return;
	}
	*array_add(&programs->binaries) = (struct binary){.name = mem_copy_string(name), .path = mem_copy_string(path), .member = member};
}

/* src/main.rs, src/bin/NAME.rs and src/bin/NAME/main.rs are programs without a word in the manifest. */
static void find_usual(struct programs *programs, size_t member)
{
	const struct rust_facts *facts = &programs->sources->rust;
	const struct member *own = &programs->members.items[member];
	for (size_t i = 0; i < facts->sources.count; i++) {
		const char *path = facts->sources.items[i].path;
		const char *below = own->folder[0] == '\0' ? path : path_relative(path, own->folder);
		if (below == NULL || facts->sources.items[i].is_test)
			continue;
		if (strcmp(below, "src/main.rs") == 0) {
			add_binary(programs, member, own->name, path);
		} else if (text_starts_with(below, "src/bin/")) {
			const char *name = below + 8, *rest = name + strcspn(name, "/.");
			auto_free char *plain = mem_copy_bytes(name, (size_t)(rest - name));
			if (strcmp(rest, ".rs") == 0 || strcmp(rest, "/main.rs") == 0)
				add_binary(programs, member, plain, path);
		}
	}
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? mem_copy_bytes(path, (size_t)(slash - path)) : mem_copy_string("");
}

struct programs *programs_open(const struct sources *sources)
{
	struct programs *programs = mem_alloc(sizeof *programs);
	const struct rust_facts *facts = &sources->rust;
	programs->sources = sources;
	/* a workspace's own manifest names no package, and yet what others inherit */
	const struct tree_file *root = tree_find(&sources->tree, "Cargo.toml");
	for (size_t i = 0; i <= facts->manifests.count && programs->members.count < MOST_MEMBERS; i++) {
		const char *path = i < facts->manifests.count ? facts->manifests.items[i] : root != NULL ? root->path : NULL;
		size_t len = 0;
		auto_free char *text = path != NULL ? tree_read(&sources->tree, path, &len) : NULL;
		if (text == NULL || len > MOST_MANIFEST)
			continue;
		struct reading reading = {.programs = programs, .member = programs->members.count, .is_again = i == facts->manifests.count};
		*array_add(&programs->members) = (struct member){.folder = folder_of(path), .manifest = i};
		toml_read(text, len, visit, &reading);
		if (programs->members.items[reading.member].name == NULL || i == facts->manifests.count) {
			free(programs->members.items[reading.member].name);
			programs->members.items[reading.member].name = mem_copy_string("");
			continue;
		}
		find_usual(programs, reading.member);
	}
	return programs;
}

void programs_close(struct programs *programs)
{
	if (programs == NULL)
		return;
	for (size_t i = 0; i < programs->members.count; i++) {
		free(programs->members.items[i].name);
		free(programs->members.items[i].folder);
		free(programs->members.items[i].default_run);
		strings_finish(&programs->members.items[i].needs);
	}
	for (size_t i = 0; i < programs->binaries.count; i++) {
		free(programs->binaries.items[i].name);
		free(programs->binaries.items[i].path);
		strings_finish(&programs->binaries.items[i].features);
	}
	for (size_t i = 0; i < programs->made_count; i++) {
		array_finish(&programs->made[i].facts.sources);
		array_finish(&programs->made[i].facts.crates);
	}
	array_finish(&programs->members);
	array_finish(&programs->binaries);
	strings_finish(&programs->renamed);
	free(programs);
}

/* ---- one program ---- */

/* Another name that the workspace gives the crate: what a member asks for by the key. */
static void add_asked(const struct programs *programs, struct map *asked, const char *key)
{
	auto_free char *plain = plain_name(key);
	map_put(asked, plain, NULL);
	for (size_t i = 0; i < programs->renamed.count; i++) {
		const char *equals = strchr(programs->renamed.items[i], '=');
		if (strncmp(programs->renamed.items[i], key, strlen(key)) != 0 || equals != programs->renamed.items[i] + strlen(key))
			continue;
		auto_free char *package = plain_name(equals + 1);
		map_put(asked, package, NULL);
	}
}

/* Marks the member and those that it stands on; `asked` gets the names of all crates that these ask for. */
static void mark(const struct programs *programs, size_t from, bool *marked, struct map *asked)
{
	size_t count = programs->members.count, done = 0, open = 0;
	auto_free size_t *queue = mem_alloc(count * sizeof *queue);
	queue[open++] = from;
	marked[from] = true;
	while (done < open) {
		const struct member *member = &programs->members.items[queue[done++]];
		for (size_t i = 0; i < member->needs.count; i++)
			add_asked(programs, asked, member->needs.items[i]);
		for (size_t i = 0; i < count; i++) {
			auto_free char *plain = plain_name(programs->members.items[i].name);
			if (marked[i] || plain[0] == '\0' || !map_has(asked, plain))
				continue;
			marked[i] = true;
			queue[open++] = i;
		}
	}
}

/* The member that the file belongs to; -1: none. */
static int owner_of(const struct programs *programs, const char *path)
{
	int manifest = manifest_of(&programs->sources->rust, path);
	for (size_t i = 0; manifest >= 0 && i < programs->members.count; i++)
		if (programs->members.items[i].manifest == (size_t)manifest && programs->members.items[i].name[0] != '\0')
			return (int)i;
	return -1;
}

/* Is it the main file of another program, or one of its own modules in src/bin? */
static bool is_of_another(const struct programs *programs, const struct binary *binary, const char *path)
{
	for (size_t i = 0; i < programs->binaries.count; i++) {
		const struct binary *other = &programs->binaries.items[i];
		if (other == binary || other->path == NULL || text_equal(other->path, binary->path))
			continue;
		bool is_folder = text_ends_with(other->path, "/main.rs") && strstr(other->path, "src/bin/") != NULL;
		auto_free char *folder = is_folder ? folder_of(other->path) : NULL;
		if (strcmp(path, other->path) == 0 || (folder != NULL && path_is_below(path, folder)))
			return true;
	}
	return false;
}

static const struct program *make(struct programs *programs, size_t index)
{
	const struct binary *binary = &programs->binaries.items[index];
	const struct rust_facts *facts = &programs->sources->rust;
	for (size_t i = 0; i < programs->made_count; i++)
		if (strcmp(programs->made[i].name, binary->name) == 0)
			return &programs->made[i];
	if (programs->made_count >= PROGRAMS_MOST || binary->path == NULL || facts->is_cut)
		return NULL;
	auto_free bool *marked = mem_alloc(programs->members.count * sizeof *marked);
	struct map *asked = map_open(NULL);
	mark(programs, binary->member, marked, asked);
	struct program *program = &programs->made[programs->made_count];
	const struct member *own = &programs->members.items[binary->member];
	*program = (struct program){.name = binary->name, .package = own->name, .folder = own->folder, .path = binary->path,
		.features = &binary->features, .is_default = text_equal(own->default_run, binary->name), .index = programs->made_count++,
		.facts = *facts};
	program->facts.sources.items = NULL;
	program->facts.sources.count = program->facts.sources.cap = 0;
	program->facts.crates.items = NULL;
	program->facts.crates.count = program->facts.crates.cap = 0;
	for (size_t i = 0; i < facts->sources.count; i++) {
		int owner = owner_of(programs, facts->sources.items[i].path);
		if (owner >= 0 && marked[owner] && !is_of_another(programs, binary, facts->sources.items[i].path))
			*array_add(&program->facts.sources) = facts->sources.items[i];
	}
	for (size_t i = 0; i < facts->crates.count; i++) {
		struct rust_crate *crate = array_add(&program->facts.crates);
		*crate = facts->crates.items[i];
		auto_free char *plain = plain_name(crate->name);
		bool is_asked = map_has(asked, plain) || text_equal(crate->name, programs->members.items[binary->member].name);
		crate->is_direct = crate->is_direct && is_asked;
		crate->is_member = crate->is_member && is_asked;
	}
	map_close(asked);
	return program;
}

size_t programs_count(const struct programs *programs)
{
	return programs->binaries.count;
}

const struct program *programs_at(struct programs *programs, size_t index)
{
	return programs->binaries.items[index].name != NULL ? make(programs, index) : NULL;
}

bool programs_package(const struct programs *programs, size_t index, const char **name, const char **folder)
{
	size_t seen = 0;
	for (size_t i = 0; i < programs->members.count; i++) {
		const struct member *member = &programs->members.items[i];
		if (member->name[0] == '\0' || seen++ != index)
			continue;
		*name = member->name;
		*folder = member->folder;
		return true;
	}
	return false;
}

/* ---- images ---- */

/* -1: none, or two are called so. */
static int named(const struct programs *programs, const char *name)
{
	int found = -1;
	for (size_t i = 0; i < programs->binaries.count; i++) {
		if (programs->binaries.items[i].name == NULL || strcmp(programs->binaries.items[i].name, name) != 0)
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found;
}

/* The one that a text of a shell names, if it names no other. */
static int named_in(const struct programs *programs, const char *text)
{
	int found = -1;
	for (size_t i = 0; text != NULL && i < programs->binaries.count; i++) {
		const char *name = programs->binaries.items[i].name;
		if (name == NULL || word_in(text, name) == NULL)
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found;
}

/* What a COPY line of the stage puts at that path under another name. */
static int copied_to(const struct programs *programs, const struct shipped *shipped, const char *path)
{
	const struct dockerfile *file = &shipped->source->file;
	int found = -1;
	size_t at = 0;
	for (int index; (index = stage_next(file, shipped->stage, "COPY", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		for (size_t i = 0; i < copy.sources.count; i++) {
			auto_free char *to = copy_line_target(&copy, i), *source = dockerfile_expand(file, (size_t)index, copy.sources.items[i]);
			bool is_it = to != NULL && (strcmp(to, path) == 0 || (strchr(path, '/') == NULL && strcmp(path_name(to), path) == 0));
			found = is_it ? named(programs, path_name(source)) : found;
		}
		copy_line_finish(&copy);
	}
	return found;
}

const struct program *programs_of_image(struct programs *programs, const struct shipped *shipped)
{
	struct image_start start;
	int found = -1;
	if (programs->binaries.count < 2)
		return NULL;
	image_start(programs->sources, shipped, &start);
	if (start.body != NULL)
		found = named_in(programs, start.body);
	for (size_t i = 0; i < start.words.count && i < MOST_WORDS && found < 0 && start.body == NULL; i++) {
		const char *word = start.words.items[i], *file;
		unsigned before;
		if (word[0] == '-')
			continue;
		found = copied_to(programs, shipped, word);
		if (found < 0)
			found = named(programs, path_name(word));
		auto_free char *script = found < 0 ? image_script(programs->sources, shipped, word, &file, &before) : NULL;
		if (script != NULL)
			found = named_in(programs, script);
	}
	image_start_finish(&start);
	return found >= 0 ? make(programs, (size_t)found) : NULL;
}
