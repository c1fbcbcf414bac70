/* Generations: an artifact is kept as <state>/gen/<number>/<program>, a symbolic
 * link names the one that new containers start with, old ones go. */
#include "agent.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	KEPT = 3, /* generations of a program */
	DROP_NS = 1000000000, /* old ones go when nothing was kept for that long */
};

static bool good_name(const char *name)
{
	return name != NULL && name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) < 128;
}

static bool same_bytes(const char *a, const char *b)
{
	struct stat sa, sb;
	int fa = open(a, O_RDONLY | O_CLOEXEC), fb = open(b, O_RDONLY | O_CLOEXEC);
	bool same = fa >= 0 && fb >= 0 && fstat(fa, &sa) == 0 && fstat(fb, &sb) == 0 && sa.st_size == sb.st_size && sa.st_size > 0;
	if (same && !(sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino)) {
		size_t size = (size_t)sa.st_size;
		void *ma = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fa, 0);
		void *mb = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fb, 0);
		same = ma != MAP_FAILED && mb != MAP_FAILED && memcmp(ma, mb, size) == 0;
		if (ma != MAP_FAILED)
			munmap(ma, size);
		if (mb != MAP_FAILED)
			munmap(mb, size);
	}
	if (fa >= 0)
		close(fa);
	if (fb >= 0)
		close(fb);
	return same;
}

/* Turns <state>/bin/<bin> to a generation, in one step. */
static bool turn_link(const struct agent *agent, const char *bin, long long generation)
{
	char link[512], beside[530], target[256];
	print_to(link, sizeof link, "%s/bin/%s", agent->state, bin);
	print_to(beside, sizeof beside, "%s.new", link);
	print_to(target, sizeof target, "../gen/%lld/%s", generation, bin);
	unlink(beside);
	return symlink(target, beside) == 0 && rename(beside, link) == 0;
}

static long long current_generation(const struct agent *agent, const char *bin)
{
	char link[512], target[256];
	print_to(link, sizeof link, "%s/bin/%s", agent->state, bin);
	ssize_t len = readlink(link, target, sizeof target - 1);
	if (len < 0)
		return 0;
	target[len] = '\0';
	return strncmp(target, "../gen/", 7) == 0 ? atoll(target + 7) : 0;
}

/* The generations of a program that are kept, smallest first. */
static int kept_generations(const struct agent *agent, const char *bin, long long *out, int limit)
{
	char folder[400], path[700];
	int count = 0;
	print_to(folder, sizeof folder, "%s/gen", agent->state);
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && count < limit;) {
		long long generation = atoll(entry->d_name);
		print_to(path, sizeof path, "%s/%s/%s", folder, entry->d_name, bin);
		if (generation <= 0 || access(path, F_OK) != 0)
			continue;
		int at = count++;
		for (; at > 0 && out[at - 1] > generation; at--)
			out[at] = out[at - 1];
		out[at] = generation;
	}
	if (dir != NULL)
		closedir(dir);
	return count;
}

static bool is_to_keep(const struct drop *drop, long long generation)
{
	for (int i = 0; i < KEEPS; i++)
		if (drop->keep[i] == generation)
			return true;
	return false;
}

static void drop_old(const struct agent *agent, const struct drop *drop)
{
	const char *bin = drop->bin;
	long long kept[64], current = current_generation(agent, bin);
	int count = kept_generations(agent, bin, kept, 64);
	for (int i = 0; i + KEPT < count; i++) {
		char path[600];
		if (kept[i] == current || is_to_keep(drop, kept[i]))
			continue;
		print_to(path, sizeof path, "%s/gen/%lld/%s", agent->state, kept[i], bin);
		unlink(path);
		*strrchr(path, '/') = '\0';
		rmdir(path); /* goes when its last program is gone */
	}
}

/* `number` is the frame's own, and becomes that of the same bytes. */
static const char *publish(struct agent *agent, const struct wire_frame *frame, bool *same, long long *number)
{
	const char *bin = wire_get(frame, "bin"), *artifact = wire_get(frame, "path");
	long long generation = *number;
	char path[600], before[600];
	if (!good_name(bin) || artifact == NULL || generation <= 0)
		return "a generation needs a program, a path and a number";
	print_to(before, sizeof before, "%s/bin/%s", agent->state, bin);
	*same = wire_get_number(frame, "compare", 0) != 0 && same_bytes(before, artifact);
	if (*same) {
		*number = current_generation(agent, bin);
		return NULL;
	}
	print_to(path, sizeof path, "%s/gen/%lld", agent->state, generation);
	if (!make_folders(path, 0755))
		return "the target volume cannot be written: is the disk full?";
	print_to(path, sizeof path, "%s/gen/%lld/%s", agent->state, generation, bin);
	unlink(path);
	if (link(artifact, path) != 0 && !copy_file(artifact, path, 0755)) {
		unlink(path);
		return errno == ENOSPC ? "no space is left for the program in the target volume" : "the artifact cannot be kept";
	}
	if (!turn_link(agent, bin, generation))
		return "the link to the program cannot be turned";
	return NULL;
}

/* The swaps that the order brought along. */
static void obey_along(struct agent *agent, const struct wire_frame *frame)
{
	struct wire_buffer inner = {0};
	struct wire_frame order;
	size_t len = 0;
	const char *bytes = wire_get_data(frame, &len);
	if (bytes == NULL)
		return;
	wire_feed(&inner, bytes, len);
	while (wire_next(&inner, &order) == 1)
		if (order.type == WIRE_TO_LAUNCHER)
			hub_pass(agent, &order);
	wire_buffer_finish(&inner);
}

/* Removing a program of tens of megabytes takes milliseconds: it is done when
 * nothing else has been asked for a while. */
static void drop_later(struct agent *agent, const char *bin, const struct wire_frame *frame)
{
	struct drop *drop = &agent->drops[0];
	for (int i = 0; i < DROPS; i++) {
		if (agent->drops[i].bin[0] == '\0' || strcmp(agent->drops[i].bin, bin) == 0) {
			drop = &agent->drops[i];
			break;
		}
	}
	size_t at = 0, count = 0;
	const char *keep;
	print_to(drop->bin, sizeof drop->bin, "%s", bin);
	memset(drop->keep, 0, sizeof drop->keep);
	while (count < KEEPS && (keep = wire_each(frame, "keep", &at)) != NULL)
		drop->keep[count++] = atoll(keep);
	agent->drop_at = now_ns() + DROP_NS;
}

void kept_drop_due(struct agent *agent)
{
	if (agent->drop_at == 0 || now_ns() < agent->drop_at)
		return;
	agent->drop_at = 0;
	for (int i = 0; i < DROPS; i++) {
		if (agent->drops[i].bin[0] != '\0')
			drop_old(agent, &agent->drops[i]);
		agent->drops[i].bin[0] = '\0';
	}
}

void kept_answer(struct agent *agent, const struct wire_frame *frame)
{
	bool same = false;
	const char *bin = wire_get(frame, "bin");
	long long generation = wire_get_number(frame, "generation", 0);
	const char *error = NULL;
	if (frame->type == WIRE_PUBLISH) {
		error = publish(agent, frame, &same, &generation);
		if (error == NULL && !same) {
			obey_along(agent, frame);
			drop_later(agent, bin, frame);
		}
	} else {
		char path[600];
		print_to(path, sizeof path, "%s/gen/%lld/%s", agent->state, generation, good_name(bin) ? bin : "-");
		if (access(path, F_OK) != 0)
			error = "that generation is not kept any more";
		else if (!turn_link(agent, bin, generation))
			error = "the link to the program cannot be turned";
	}
	agent_begin_timed(agent, WIRE_PUBLISHED, wire_get_number(frame, "id", 0), now_ns());
	wire_add_number(&agent->out, "generation", generation);
	wire_add(&agent->out, "bin", bin);
	if (same)
		wire_add_number(&agent->out, "same", 1);
	wire_add(&agent->out, "error", error);
	wire_end(&agent->out);
}

void kept_list(struct agent *agent, const struct wire_frame *frame)
{
	char folder[400], text[400];
	print_to(folder, sizeof folder, "%s/bin", agent->state);
	DIR *dir = opendir(folder);
	agent_begin(agent, WIRE_DONE, wire_get_number(frame, "id", 0));
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		long long kept[64];
		if (!good_name(entry->d_name))
			continue;
		int count = kept_generations(agent, entry->d_name, kept, 64);
		for (int i = 0; i < count; i++) {
			struct stat status = {0};
			char path[700];
			print_to(path, sizeof path, "%s/gen/%lld/%s", agent->state, kept[i], entry->d_name);
			stat(path, &status);
			print_to(text, sizeof text, "%s %lld %lld %lld %d", entry->d_name, kept[i], (long long)status.st_size,
				(long long)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec,
				kept[i] == current_generation(agent, entry->d_name));
			wire_add(&agent->out, "kept", text);
		}
	}
	if (dir != NULL)
		closedir(dir);
	wire_end(&agent->out);
}
