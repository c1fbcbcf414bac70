/* The floor under the bench of the screen: the least that curses and curl need
 * to show containers by name, state, CPU and memory, and the log of the chosen
 * one. One list at the start, cgroup files for the figures, one event loop; no
 * faults are told, nothing is refreshed that nobody asked for.
 *   screen-floor SOCKET PROJECT      j, k: choose; q: end */
#include <curl/curl.h>
#include <jansson.h>
#include <locale.h>
#include <ncurses.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROWS_MOST = 256, FIGURES_MS = 1000, FRAME_MS = 16 };

struct row {
	char *id, *name, *state;
	double cpu_s, at_s, percent;
	unsigned long long memory;
};

struct buffer {
	char *data;
	size_t len, cap;
};

static struct row rows[ROWS_MOST];
static int count, chosen;
static struct buffer lines; /* the log, frames taken out */
static unsigned char frame_head[8];
static size_t head_len, frame_left;
static bool dirty = true;

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add(struct buffer *to, const char *bytes, size_t len)
{
	if (to->len + len + 1 > to->cap)
		to->data = realloc(to->data, to->cap = (to->len + len + 1) * 2);
	if (to->data == NULL)
		exit(1);
	memcpy(to->data + to->len, bytes, len);
	to->len += len;
	to->data[to->len] = '\0';
}

static size_t on_list(char *bytes, size_t size, size_t number, void *data)
{
	add(data, bytes, size * number);
	return size * number;
}

/* 8 bytes before each frame: stream, 0, 0, 0, length (Engine API, attach). */
static size_t on_log(char *bytes, size_t size, size_t number, void *data)
{
	size_t len = size * number;
	for (size_t at = 0; at < len;) {
		if (frame_left == 0) {
			frame_head[head_len++] = (unsigned char)bytes[at++];
			if (head_len < 8)
				continue;
			head_len = 0;
			frame_left = (size_t)frame_head[4] << 24 | (size_t)frame_head[5] << 16 | (size_t)frame_head[6] << 8 | frame_head[7];
			continue;
		}
		size_t part = len - at < frame_left ? len - at : frame_left;
		add(data, bytes + at, part);
		at += part;
		frame_left -= part;
	}
	dirty = true;
	return len;
}

static CURL *ask(const char *socket, const char *path, curl_write_callback write, struct buffer *to)
{
	CURL *curl = curl_easy_init();
	char url[1024];
	snprintf(url, sizeof url, "http://localhost/%s", path + 1);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, to);
	return curl;
}

static void list(const char *socket, const char *project)
{
	struct buffer text = {0};
	char path[512];
	size_t i;
	json_t *item;
	snprintf(path, sizeof path, "/containers/json?filters=%%7B%%22label%%22:%%5B%%22com.docker.compose.project=%s%%22%%5D%%7D", project);
	CURL *curl = ask(socket, path, on_list, &text);
	curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	json_t *json = json_loads(text.data != NULL ? text.data : "[]", 0, NULL);
	json_array_foreach(json, i, item) {
		if (count == ROWS_MOST)
			break;
		const char *service = json_string_value(json_object_get(json_object_get(item, "Labels"), "com.docker.compose.service"));
		rows[count++] = (struct row){.id = strdup(json_string_value(json_object_get(item, "Id"))), .name = strdup(service),
			.state = strdup(json_string_value(json_object_get(item, "State"))), .percent = -1};
	}
	json_decref(json);
	free(text.data);
}

static unsigned long long number_in(const char *format, const char *id, const char *word)
{
	char path[512], line[256];
	unsigned long long value = 0;
	snprintf(path, sizeof path, format, id);
	FILE *file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, word, strlen(word)) == 0)
			value = strtoull(line + strlen(word), NULL, 10);
	if (file != NULL)
		fclose(file);
	return value;
}

static void read_figures(void)
{
	for (int i = 0; i < count; i++) {
		struct row *row = &rows[i];
		double cpu = (double)number_in("/sys/fs/cgroup/cpuacct/docker/%s/cpuacct.usage", row->id, "") / 1e9, at = now_s();
		row->memory = number_in("/sys/fs/cgroup/memory/docker/%s/memory.usage_in_bytes", row->id, "");
		if (row->memory == 0) {
			cpu = (double)number_in("/sys/fs/cgroup/system.slice/docker-%s.scope/cpu.stat", row->id, "usage_usec ") / 1e6;
			row->memory = number_in("/sys/fs/cgroup/system.slice/docker-%s.scope/memory.current", row->id, "");
		}
		if (row->at_s > 0)
			row->percent = (cpu - row->cpu_s) / (at - row->at_s) * 100;
		row->cpu_s = cpu;
		row->at_s = at;
	}
	dirty = true;
}

static void draw(void)
{
	int shown = count < LINES - 8 ? count : LINES - 8;
	const char *end = lines.data != NULL ? lines.data + lines.len : NULL;
	erase();
	for (int i = 0; i < shown; i++) {
		char cpu[32] = "-";
		if (rows[i].percent >= 0)
			snprintf(cpu, sizeof cpu, "%.1f%%", rows[i].percent);
		attrset(i == chosen ? A_REVERSE : A_NORMAL);
		mvprintw(i, 0, "%-24s %-10s %8s %8.1fM", rows[i].name, rows[i].state, cpu, (double)rows[i].memory / 1048576);
	}
	attrset(A_NORMAL);
	for (int y = LINES - 1; y >= shown + 1 && end != NULL && end > lines.data; y--) {
		const char *from = memrchr(lines.data, '\n', (size_t)(end - 1 - lines.data));
		from = from != NULL ? from + 1 : lines.data;
		mvaddnstr(y, 0, from, (int)(end - from) - 1 < COLS ? (int)(end - from) - 1 : COLS);
		end = from;
	}
	refresh();
}

static CURL *follow(CURLM *multi, CURL *before, const char *socket)
{
	char path[256];
	if (before != NULL) {
		curl_multi_remove_handle(multi, before);
		curl_easy_cleanup(before);
	}
	head_len = frame_left = lines.len = 0;
	if (count == 0)
		return NULL;
	snprintf(path, sizeof path, "/containers/%s/logs?stdout=1&stderr=1&timestamps=1&follow=1&tail=300", rows[chosen].id);
	CURL *log = ask(socket, path, on_log, &lines);
	curl_multi_add_handle(multi, log);
	return log;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	setlocale(LC_ALL, "");
	list(argv[1], argv[2]);
	initscr();
	raw();
	noecho();
	curs_set(0);
	nodelay(stdscr, TRUE);
	CURLM *multi = curl_multi_init();
	CURL *log = follow(multi, NULL, argv[1]);
	double figures_at = now_s(), drawn_at = 0;
	bool by_key = false;
	read_figures();
	draw();
	figures_at += 0.005; /* a share needs two readings */
	for (bool running = true; running;) {
		struct curl_waitfd in = {.fd = STDIN_FILENO, .events = CURL_WAIT_POLLIN};
		double next = dirty && drawn_at + FRAME_MS / 1e3 < figures_at ? drawn_at + FRAME_MS / 1e3 : figures_at;
		double left = next - now_s();
		int going;
		curl_multi_poll(multi, &in, 1, left > 0 ? (int)(left * 1000) + 1 : 0, NULL);
		for (int key; (key = getch()) != ERR;) {
			int was = chosen;
			running = running && key != 'q';
			chosen += key == 'j' && chosen + 1 < count ? 1 : key == 'k' && chosen > 0 ? -1 : 0;
			if (chosen != was)
				log = follow(multi, log, argv[1]);
			by_key = dirty = true;
		}
		curl_multi_perform(multi, &going);
		if (now_s() >= figures_at) {
			read_figures();
			figures_at = now_s() + FIGURES_MS / 1e3;
		}
		if (dirty && (by_key || now_s() - drawn_at >= FRAME_MS / 1e3)) {
			draw();
			drawn_at = now_s();
			dirty = by_key = false;
		}
	}
	endwin();
	return 0;
}
