/* Themes: how they are read, and whether the ones that come with the program
 * can be read by people: contrast by WCAG 2.1, 1.4.3 (4.5 to 1 for text). */
#include "../unit.h"
#include "cargodeck/config.h"

#include <math.h>
#include <stdio.h>

static void paints_are_read(void **state)
{
	(void)state;
	struct theme theme;
	struct fault fault = {0};
	assert_true(theme_read(&theme, "t", "[theme]\nsentence = s\n[16]\nok = bright-red on 4 bold underline\nmuted = default dim\n"
		"[true]\nok = #0a0b0C reverse\n", "t.ini", &fault));
	assert_string_equal(theme.name, "t");
	const struct theme_paint *ok = &theme.paint[THEME_16][THEME_OK];
	assert_int_equal(ok->colour, 1 + 9);
	assert_int_equal(ok->background, 1 + 4);
	assert_true(ok->bold && ok->underline && !ok->dim && !ok->reverse);
	assert_true(theme.paint[THEME_16][THEME_MUTED].dim);
	/* 256 was not given: as 16 */
	assert_int_equal(theme.paint[THEME_256][THEME_OK].colour, 1 + 9);
	assert_int_equal(theme.paint[THEME_TRUE][THEME_OK].colour, 0x10a0b0c);
	assert_true(theme.paint[THEME_TRUE][THEME_OK].reverse);
}

static void mistakes_are_told(void **state)
{
	(void)state;
	static const struct {
		const char *text, *mistake;
	} cases[] = {
		{"[16]\nok = pink\n", "t.ini:2: \"pink\" is no colour here"},
		{"[16]\nok = 16\n", "t.ini:2: \"16\" is no colour here"},
		{"[16]\nok = #ff0000\n", "t.ini:2: \"#ff0000\" is no colour here"},
		{"[true]\nok = #ff00\n", "t.ini:2: \"#ff00\" is no colour here"},
		{"[256]\nok = 256\n", "t.ini:2: \"256\" is no colour here: take default, a name as red or bright-red, 0 to 255"},
		{"[256]\nok = 9999999999\n", "t.ini:2: \"9999999999\" is no colour here"},
		{"[16]\nok = red on\n", "t.ini:2: a colour is missing behind \"on\""},
		{"[16]\nok =\n", "t.ini:2: a colour is missing"},
		{"[16]\nok = red blinking\n", "t.ini:2: \"blinking\" is no style"},
		{"[16]\nfine = red\n", "t.ini:2: \"fine\" is no role"},
		{"[8]\nok = red\n", "t.ini:2: [8] ok is not known"},
		{"[16]\nok\n", "t.ini:2: this is neither"},
		{"[true]\nok = red\n", "t.ini: the section [16] is missing"},
		{"", "t.ini: the section [16] is missing"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct theme theme;
		struct fault fault = {0};
		assert_false(theme_read(&theme, "t", cases[i].text, "t.ini", &fault));
		if (!text_starts_with(fault.text, cases[i].mistake))
			assert_string_equal(fault.text, cases[i].mistake);
	}
}

/* xterm's sixteen, its cube and its greys (XTerm-col.ad, 256colres.h). */
static uint32_t index_rgb(unsigned index)
{
	static const uint32_t sixteen[] = {
		0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
		0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
	};
	static const unsigned steps[] = {0, 95, 135, 175, 215, 255};
	if (index < 16)
		return sixteen[index];
	if (index >= 232)
		return (8 + (index - 232) * 10) * 0x10101u;
	index -= 16;
	return steps[index / 36] << 16 | steps[index / 6 % 6] << 8 | steps[index % 6];
}

static uint32_t colour_rgb(uint32_t colour, uint32_t own)
{
	if (colour == 0)
		return own;
	return colour & 0x1000000u ? colour & 0xffffffu : index_rgb(colour - 1);
}

static double luminance(uint32_t rgb)
{
	static const double weights[] = {0.2126, 0.7152, 0.0722};
	double sum = 0;
	for (int i = 0; i < 3; i++) {
		double part = (rgb >> (16 - 8 * i) & 255) / 255.0;
		sum += weights[i] * (part <= 0.03928 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4));
	}
	return sum;
}

static double contrast(uint32_t a, uint32_t b)
{
	double la = luminance(a), lb = luminance(b);
	return (fmax(la, lb) + 0.05) / (fmin(la, lb) + 0.05);
}

static void read_installed(const char *name, struct theme *theme)
{
	struct fault fault = {0};
	auto_free char *path = mem_print("%s/themes/%s.ini", getenv("TEST_SRCDIR"), name);
	auto_free char *text = file_read(path, 65536, NULL, &fault);
	if (text == NULL || !theme_read(theme, name, text, path, &fault))
		fail_msg("%s", fault.text);
	assert_true(theme->sentence[0] != '\0');
}

static void installed_themes_are_readable(void **state)
{
	(void)state;
	/* grounds and inks that terminals are usually set to */
	static const struct {
		const char *name;
		uint32_t ground, ink;
	} cases[] = {
		{"dark", 0x000000, 0xe5e5e5}, {"dark", 0x1e1e1e, 0xd4d4d4},
		{"light", 0xffffff, 0x000000}, {"light", 0xf7f7f2, 0x303030},
		{"high-contrast", 0x000000, 0xffffff},
		{"colour-blind-dark", 0x000000, 0xe5e5e5}, {"colour-blind-dark", 0x1e1e1e, 0xd4d4d4},
		{"colour-blind-light", 0xffffff, 0x000000}, {"colour-blind-light", 0xf7f7f2, 0x303030},
		{"mono", 0x000000, 0xe5e5e5}, {"mono", 0xffffff, 0x000000},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct theme theme;
		read_installed(cases[i].name, &theme);
		for (int depth = 0; depth < THEME_DEPTHS; depth++)
			for (int role = 0; role < THEME_ROLES; role++) {
				const struct theme_paint *paint = &theme.paint[depth][role];
				/* Of sixteen colours one is a grey, bright-black: 4.2 to 1 on 1e1e1e, 3.7 on
				 * f7f7f2. Whatever has more is a hue that means something, or the ink itself,
				 * and what is muted would not be told from the rest. */
				double wanted = depth == THEME_16 && role == THEME_MUTED ? 3.7 : 4.5;
				double is = contrast(colour_rgb(paint->colour, cases[i].ink), colour_rgb(paint->background, cases[i].ground));
				if (strcmp(cases[i].name, "high-contrast") == 0)
					wanted = role == THEME_BAD ? 4.5 : 7;
				if (is < wanted)
					fail_msg("%s depth %d: %s has contrast %.1f on %06x", cases[i].name, depth, theme_role_name(role), is, cases[i].ground);
			}
	}
}

static void roles_differ(void **state)
{
	(void)state;
	static const char *const names[] = {"dark", "light", "high-contrast", "colour-blind-dark", "colour-blind-light"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct theme theme;
		read_installed(names[i], &theme);
		for (int depth = 0; depth < THEME_DEPTHS; depth++)
			for (int a = 0; a < THEME_MUTED; a++)
				for (int b = 0; b < a; b++)
					assert_true(memcmp(&theme.paint[depth][a], &theme.paint[depth][b], sizeof theme.paint[depth][a]) != 0);
	}
}

/* ---- eyes that see fewer colours ---- */

/* How a colour looks without one kind of cones: Machado, Oliveira, Fernandes,
 * "A Physiologically-based Model for Simulation of Color Vision Deficiency",
 * 2009, at its full strength; the first row of three is for usual eyes. */
static const struct {
	const char *name;
	double matrix[3][3];
} eyes[] = {
	{"usual eyes", {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
	{"protanopia", {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
	{"deuteranopia", {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
	{"tritanopia", {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
};

static double lab_part(double t)
{
	return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

/* CIE L*a*b* under D65, of what these eyes see of the colour. */
static void seen_lab(const double matrix[3][3], uint32_t rgb, double lab[3])
{
	static const double xyz_of[3][3] = {
		{0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047},
		{0.2126729, 0.7151522, 0.0721750},
		{0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883},
	};
	double linear[3], seen[3] = {0}, xyz[3] = {0};
	for (int i = 0; i < 3; i++) {
		double part = (rgb >> (16 - 8 * i) & 255) / 255.0;
		linear[i] = part <= 0.03928 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
	}
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 3; j++)
			seen[i] += matrix[i][j] * linear[j];
		seen[i] = fmin(1, fmax(0, seen[i]));
	}
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 3; j++)
			xyz[i] += xyz_of[i][j] * seen[j];
		xyz[i] = lab_part(xyz[i]);
	}
	lab[0] = 116 * xyz[1] - 16;
	lab[1] = 500 * (xyz[0] - xyz[1]);
	lab[2] = 200 * (xyz[1] - xyz[2]);
}

static double seen_distance(const double matrix[3][3], uint32_t a, uint32_t b)
{
	double la[3], lb[3];
	seen_lab(matrix, a, la);
	seen_lab(matrix, b, lb);
	return sqrt(pow(la[0] - lb[0], 2) + pow(la[1] - lb[1], 2) + pow(la[2] - lb[2], 2));
}

/* Delta E of 1976: 2.3 is just to be seen side by side, 20 at a glance. */
static void states_stay_apart(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t eyes; /* how many kinds of `eyes` it is made for */
	} cases[] = {{"dark", 1}, {"light", 1}, {"colour-blind-dark", COUNT_OF(eyes)}, {"colour-blind-light", COUNT_OF(eyes)}};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct theme theme;
		read_installed(cases[i].name, &theme);
		for (size_t eye = 0; eye < cases[i].eyes; eye++)
			for (int depth = THEME_256; depth < THEME_DEPTHS; depth++)
				for (int a = THEME_OK; a <= THEME_BAD; a++)
					for (int b = THEME_OK; b < a; b++) {
						double is = seen_distance(eyes[eye].matrix, colour_rgb(theme.paint[depth][a].colour, 0),
							colour_rgb(theme.paint[depth][b].colour, 0));
						if (is < 20)
							fail_msg("%s depth %d: %s and %s are %.0f apart for %s", cases[i].name, depth, theme_role_name(a),
								theme_role_name(b), is, eyes[eye].name);
					}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paints_are_read),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(installed_themes_are_readable),
		cmocka_unit_test(roles_differ),
		cmocka_unit_test(states_stay_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
